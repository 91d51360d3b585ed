import { expect, test } from "vitest";
import { at, bars, steps } from "./media";

const series = (key: string, given: number[]) => ({
  key,
  logged: given.length,
  steps: given,
  values: given.map((step) => ({ _type: "image-file", path: `${key}${step}` })),
});

test("one slider for keys with steps of their own", () => {
  const [left, right] = [series("a", [0, 10]), series("b", [5])];
  expect(steps([left, right])).toEqual([0, 5, 10]);
  expect(at(right, 4)).toBeNull();
  expect(at(right, 99)!.value.path).toBe("b5");
  expect([at(left, 0)!.step, at(left, 9)!.step, at(left, 10)!.step]).toEqual([0, 0, 10]);
});

test("histograms with equal and with given bins", () => {
  expect(bars({ _type: "histogram", values: [1, 2], packedBins: { min: -1, size: 0.5, count: 2 } })).toEqual([
    { from: -1, to: -0.5, count: 1 },
    { from: -0.5, to: 0, count: 2 },
  ]);
  expect(bars({ _type: "histogram", values: [4], bins: [0, 3] })).toEqual([{ from: 0, to: 3, count: 4 }]);
  expect(bars({ _type: "histogram", values: [4], bins: [0, "x"] })).toEqual([]);
  expect(bars({ _type: "histogram" })).toEqual([]);
});
