import { expect, test } from "vitest";
import type { Drawn } from "./drawn";
import type { Frame } from "./envelope";
import { nonfinite } from "./nonfinite";
import { single } from "./points";

const frame: Frame = {
  left: 0,
  width: 100,
  top: 0,
  height: 100,
  x: (value) => 20 * value,
  y: (value) => 100 - value,
};
function marks(values: number[], more: Partial<Frame> = {}): string[] {
  const x = Float64Array.from(values, (_, i) => i);
  const value = Float64Array.from(values);
  const line = { points: single(x, x, value), line: value } as unknown as Drawn;
  return nonfinite(line, [0, values.length - 1], { ...frame, ...more }).map(({ kind, x, y }) => `${kind} ${x} ${y}`);
}

test("NaN is marked at the height of the line, infinities at the edges", () => {
  expect(marks([10, NaN, 30])).toEqual(["nan 20 90"]);
  expect(marks([10, Infinity, -Infinity, 30])).toEqual(["over 20 4.5", "under 40 95.5"]);
  expect(marks([1, 2, 3])).toEqual([]);
});

test("a long stretch has a mark here and there", () => {
  const many = marks(new Array<number>(100).fill(NaN), { x: (value) => value });
  expect(many.length).toBe(12);
});

test("what is not positive has no place on a logarithmic axis", () => {
  const log = (value: number) => (value > 0 ? 50 - 10 * Math.log10(value) : NaN);
  expect(marks([1, 0, -5], { y: log })).toEqual(["under 20 95.5", "under 40 95.5"]);
});
