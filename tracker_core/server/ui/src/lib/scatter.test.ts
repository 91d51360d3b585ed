import { expect, test } from "vitest";
import { draw } from "./scatter";

const options = { x: "x", y: "y", logx: false, logy: false };
const point = (x: unknown, y: unknown) => ({ key: "k", name: "n", x, y, color: "#000000" });
const dots = (points: ReturnType<typeof point>[], more = {}) =>
  draw(points, 400, 300, { ...options, ...more }).filter((it) => it.kind === "dot");

test("points without a value are left out", () => {
  expect(dots([point(1, 2), point(null, 2), point(1, NaN), point(undefined, 1)]).length).toBe(1);
});

test("names get a place each", () => {
  const found = dots([point("b", 1), point("a", 2), point("b", 3)]);
  expect(found[0]!.x).toBe(found[2]!.x);
  expect(found[1]!.x).toBeLessThan(found[0]!.x);
});

test("on a logarithmic axis only what is positive is drawn", () => {
  expect(dots([point(0, 1), point(10, 1), point(1000, 1)], { logx: true }).length).toBe(2);
});
