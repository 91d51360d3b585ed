import { describe, expect, it } from "vitest";
import { type Item, bars, draw, room } from "./bar";

const item = (key: string, value: number, group: string | null): Item => ({
  key,
  name: key,
  color: "#000000",
  value,
  group,
});

describe("bar", () => {
  it("shows a run each, and leaves out what is no number", () => {
    const found = bars([item("a", 1, null), item("b", NaN, null)], "range");
    expect(found.map((it) => [it.key, it.value])).toEqual([["a", 1]]);
  });

  it("shows groups as their mean with the spread of their members", () => {
    const items = [item("a", 1, "x"), item("b", 3, "x"), item("c", 7, "y")];
    const [x, y] = bars(items, "range");
    expect([x!.key, x!.value, x!.low, x!.high, x!.count]).toEqual(["group:x", 2, 1, 3, 2]);
    expect([y!.key, y!.count]).toEqual(["c", 1]);
    expect(bars(items, "deviation")[0]!.high).toBe(3);
  });

  it("begins at zero, below it too, and shows as many as there is room for", () => {
    const found = bars([item("a", -2, null), item("b", 4, null)], "range");
    const boxes = draw(found, 400, 200, { name: "v", log: false }).filter((it) => it.kind === "box");
    expect(boxes[0]!.x + boxes[0]!.width).toBeCloseTo(boxes[1]!.x);
    const many = bars(
      Array.from({ length: 500 }, (_, i) => item(`r${i}`, i, null)),
      "range",
    );
    expect(draw(many, 400, 200, { name: "v", log: false }).filter((it) => it.kind === "box").length).toBe(room(200));
  });
});
