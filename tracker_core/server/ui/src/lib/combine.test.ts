import { expect, test } from "vitest";
import { combine, fill } from "./combine";
import { single } from "./points";

const line = (x: number[], y: number[]) => single(Float64Array.from(x), Float64Array.from(x), Float64Array.from(y));

test("gaps are closed between points, never beyond them or beside NaN", () => {
  expect(fill([null, 1, null, 3, null], [0, 1, 2, 3, 4])).toEqual([null, 1, 2, 3, null]);
  expect(fill([1, null, NaN, null, 3], [0, 1, 2, 3, 4])).toEqual([1, null, NaN, null, 3]);
});

test("a group is its mean and its band", () => {
  const members = [line([0, 2], [0, 2]), line([0, 1, 2], [2, 3, 4])];
  const range = combine(members, "range", 10);
  expect([...range.points.value]).toEqual([1, 2, 3]);
  expect([range.points.low[1], range.points.high[1]]).toEqual([1, 3]);
  const deviation = combine(members, "deviation", 10).points;
  expect([deviation.low[0], deviation.high[0]]).toEqual([0, 2]);
});

test("the mean of equal values is that value, and has no spread", () => {
  for (const constant of [0.9, 0.1, 1e-12, 1.1e12]) {
    const members = [3, 4, 7].map((count) =>
      line(
        Array.from({ length: count }, (_, i) => i),
        new Array<number>(count).fill(constant),
      ),
    );
    const { value, low, high } = combine(members, "deviation", 100).points;
    for (const column of [value, low, high]) expect(new Set(column)).toEqual(new Set([constant]));
  }
});

test("a member that ended, or is NaN, does not count", () => {
  const { points, runs } = combine([line([0, 1], [1, 1]), line([0, 1, 2, 3], [3, NaN, 3, 3])], "range", 10);
  expect([...points.value]).toEqual([2, 1, 3, 3]);
  expect([...runs]).toEqual([2, 1, 1, 1]);
  expect([...points.nans!]).toEqual([0, 1, 0, 0]);
});

test("members with few x in common stand at logged x, and keep their extremes", () => {
  const members = [0, 1, 2, 3, 4].map((k) =>
    line(
      Array.from({ length: 100 }, (_, i) => 7 * i + k),
      Array.from({ length: 100 }, (_, i) => (i === 50 ? 99 : k)),
    ),
  );
  const { points } = combine(members, "range", 20);
  expect(points.x.length).toBeLessThanOrEqual(20);
  expect(points.x.every(Number.isInteger)).toBe(true);
  expect(Math.max(...points.high)).toBe(99);
});
