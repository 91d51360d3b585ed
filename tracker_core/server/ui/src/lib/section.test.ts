import { expect, test } from "vitest";
import { LOOSE, matcher, sections } from "./section";

const metrics = ["val/loss", "loss", "train/layer10", "train/layer2", "/odd"].map((name) => ({
  name,
  stream: "metrics",
}));

test("loose metrics first, system last, numbers in natural order", () => {
  const found = sections([...metrics, { name: "cpu", stream: "system" }]);
  expect(found.map((it) => it.name)).toEqual([LOOSE, "train", "val", "System"]);
  expect(found[1]!.items.map((it) => it.name)).toEqual(["train/layer2", "train/layer10"]);
  expect(found[0]!.items.map((it) => it.name)).toEqual(["/odd", "loss"]);
});

test("a pattern chooses, also one that is half typed", () => {
  expect(sections(metrics, "loss$").map((it) => it.name)).toEqual([LOOSE, "val"]);
  expect(matcher("a(")("x A( y")).toBe(true);
  expect(matcher("a(")("a")).toBe(false);
});
