import { expect, test } from "vitest";
import { FilterError, compile } from "./filter";

const run: Record<string, unknown> = {
  name: "bright-river-3",
  id: "a1b2",
  state: "finished",
  tags: ["baseline", "v2"],
  "config.lr": 0.001,
  "config.model.name": "ResNet",
  "summary.val/loss": 0.25,
};

const passes = (expression: string) => compile(expression).test((key) => run[key]);

test.each([
  "",
  "state = finished",
  "state = FINISHED and config.lr <= 1e-3",
  "config.lr < .01 summary.val/loss > 0.2",
  "state = running or config.lr > 0",
  "not state = running",
  "not (state = running or state = crashed)",
  'config.model.name ~ "^res"',
  "config.model.name !~ vit",
  "tags = baseline",
  'tags has "v2"',
  "state in [running, finished]",
  "config.lr exists",
  "not config.depth exists",
  "`config.lr` = 0.001",
  "river",
  "bright v2",
  "config.depth = null",
  "config.depth != 3",
])("passes: %s", (expression) => expect(passes(expression)).toBe(true));

test.each([
  "state = running",
  "config.depth > 0",
  "config.model.name > 3",
  "tags has v3",
  "state in []",
  "ocean",
  "state = finished and not river",
])("fails: %s", (expression) => expect(passes(expression)).toBe(false));

test.each([
  ["state =", 7],
  ["= 3", 0],
  ["(state = a", 10],
  ["state in 3", 9],
  ["state = a)", 9],
  ["name ~ [", 7],
  ['name ~ "("', 7],
])("says where the mistake is: %s", (expression, at) => {
  try {
    compile(expression);
  } catch (error) {
    expect(error).toBeInstanceOf(FilterError);
    expect((error as FilterError).at).toBe(at);
    return;
  }
  throw new Error("no mistake found");
});

test("tells which columns it needs", () => {
  expect(compile("config.lr > 1 and (state = a or tags has b) word").keys).toEqual(["config.lr", "state", "tags"]);
});
