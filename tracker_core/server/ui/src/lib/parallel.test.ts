import { expect, test } from "vitest";
import { draw } from "./parallel";

const rows = [
  { key: "a", name: "a", cells: [1, "x"] },
  { key: "b", name: "b", cells: [2, "y"] },
  { key: "c", name: "c", cells: [3, "y"] },
  { key: "d", name: "d", cells: [null, "y"] },
];
const of = (brushes: Record<string, [number, number]> = {}) =>
  draw(["n", "name"], rows, 600, 300, () => "#123456", brushes);

test("a line a run that has all columns", () => {
  expect(of().kept).toEqual(["a", "b", "c"]);
  expect(of().places.map((it) => it.column)).toEqual(["n", "name"]);
});

test("stretches of axes choose runs, together", () => {
  expect(of({ n: [0.4, 1] }).kept).toEqual(["b", "c"]);
  expect(of({ n: [0, 0.6], name: [0.6, 1] }).kept).toEqual(["b"]);
});
