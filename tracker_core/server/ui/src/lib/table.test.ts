import { expect, test } from "vitest";
import { compile } from "./filter";
import { filter, group, heading, parse, sort, spell, toggle } from "./table";

const table = {
  keys: ["a", "b", "c", "d"],
  columns: new Map<string, unknown[]>([
    ["name", ["run-10", "run-9", "run-1", "x"]],
    ["config.lr", [0.1, null, 0.1, 0.01]],
    ["config.model", ["cnn", "vit", "cnn", undefined]],
  ]),
};
const all = [0, 1, 2, 3];

test("filters by expression", () => {
  expect(filter(table, compile("config.lr >= 0.1").test)).toEqual([0, 2]);
});

test("sorts by several columns, natural order, empty cells last either way", () => {
  const ascending = sort(table, all, parse(["config.lr", "name"]));
  expect(ascending).toEqual([3, 2, 0, 1]);
  expect(sort(table, all, parse(["-config.lr", "-name"]))).toEqual([0, 2, 3, 1]);
  expect(sort(table, all, parse(["no.such.column"]))).toEqual(all);
});

test("groups by nested columns", () => {
  const groups = group(table, all, ["config.model", "config.lr"]);
  expect(groups.map((it) => [it.label, it.rows])).toEqual([
    ["cnn", [0, 2]],
    ["vit", [1]],
    ["none", [3]],
  ]);
  expect(groups[0]!.groups.map((it) => it.path)).toEqual(['["cnn","0.1"]']);
});

test("a group that is called like a path is another group", () => {
  const odd = {
    keys: ["a", "b"],
    columns: new Map([
      ["x", ["p / q", "p"]],
      ["y", ["r", "q"]],
    ]),
  };
  const paths = group(odd, [0, 1], ["x", "y"]).flatMap((it) => [it.path, ...it.groups.map((inner) => inner.path)]);
  expect(new Set(paths).size).toBe(4);
});

test("a head is clicked through ascending, descending, none", () => {
  let orders = toggle([], "name", false);
  expect(spell(orders)).toEqual(["name"]);
  orders = toggle(orders, "name", false);
  expect(spell(orders)).toEqual(["-name"]);
  expect(toggle(orders, "name", false)).toEqual([]);
  expect(spell(toggle(orders, "state", true))).toEqual(["-name", "state"]);
  expect(spell(toggle(orders, "state", false))).toEqual(["state"]);
});

test("a column is headed by its name alone", () => {
  expect(["config.model.lr", "summary.loss", "min.val/loss", "state"].map(heading)).toEqual([
    "model.lr",
    "loss",
    "val/loss (min)",
    "state",
  ]);
});
