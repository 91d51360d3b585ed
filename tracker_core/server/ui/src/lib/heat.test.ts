import { expect, test } from "vitest";
import { map, matrix, ridge } from "./heat";

const slices = [0, 10, 20].map((step) => ({
  step,
  bars: [
    { from: 0, to: 1, count: step },
    { from: 1, to: 2, count: 5 },
  ],
}));

test("a map has a cell for each step and bin that holds something", () => {
  const cells = map(slices, 400, 300, "run").filter((it) => it.kind === "box");
  expect(cells.length).toBe(5);
  expect(cells[0]!.tip).toEqual(["run", "step 0", "1 to 2: 5"]);
});

test("ridges have an outline a step", () => {
  const outlines = ridge(slices, 400, 300, "run", "#336699").filter((it) => it.kind === "line" && it.tip);
  expect(outlines.length).toBe(3);
});

test("one step and nothing at all are drawn, too", () => {
  expect(map(slices.slice(0, 1), 400, 300, "run").length).toBeGreaterThan(0);
  expect(ridge([], 400, 300, "run", "#336699")).toEqual([]);
});

test("a matrix keeps the order of its names, and tells values where there is room", () => {
  const cells = [
    { x: "b", y: "r", value: 1 },
    { x: "a", y: "r", value: 2 },
  ];
  const marks = matrix(cells, 400, 300, { x: "column", y: "row", told: true });
  const boxes = marks.filter((it) => it.kind === "box");
  expect(boxes[0]!.x).toBeLessThan(boxes[1]!.x);
  expect(boxes[0]!.color).not.toBe(boxes[1]!.color);
  expect(marks.some((it) => it.kind === "text" && it.text === "2")).toBe(true);
});
