import { expect, test } from "vitest";
import { type Frame, columns, trace } from "./envelope";

const frame: Frame = { left: 0, width: 10, top: 0, height: 100, x: (value) => value, y: (value) => 100 - value };
const area = (low: number[], high: number[], x: number[], lastX = x) => {
  const [from, to] = [Float64Array.from(x), Float64Array.from(lastX)];
  const edges = { x: from, lastX: to, low: Float64Array.from(low), high: Float64Array.from(high) };
  return columns(edges, [0, x.length - 1], frame);
};

test("between two points the area goes straight", () => {
  const { top, bottom } = area([0, 10], [20, 40], [0, 10]);
  expect(Array.from(top, Math.round)).toEqual([80, 77, 75, 73, 71, 69, 67, 65, 63, 61]);
  expect(Array.from(bottom, Math.round)).toEqual([100, 99, 98, 97, 96, 95, 94, 93, 92, 91]);
});

test("of many points in one column the extremes are seen", () => {
  const { top, bottom } = area([5, 1, 5], [6, 6, 50], [4.1, 4.5, 4.9]);
  expect([top[4], bottom[4]]).toEqual([50, 99]);
  expect(top[3]).toBe(Infinity);
});

test("a bucket has its extremes from its first point to its last one", () => {
  const { top } = area([0, 0], [10, 20], [1, 6], [4, 6]);
  expect(Array.from(top, Math.round)).toEqual([Infinity, 90, 90, 90, 90, 83, 80, Infinity, Infinity, Infinity]);
});

test("what lies outside of the window is left out, and where nothing is known is no area", () => {
  expect(area([0, 0], [10, 10], [-5, 20]).top.every((value) => value === 90)).toBe(true);
  const { top } = area([0, NaN, 0], [10, NaN, 10], [0, 4, 8]);
  expect(top[0]).toBe(90);
  expect(top[4]).toBe(Infinity);
});

test("infinite extremes reach to the edges", () => {
  const { top, bottom } = area([-Infinity], [Infinity], [3]);
  expect([top[3], bottom[3]]).toEqual([-1, 101]);
});

function drawn(x: number[], y: number[]): string {
  const steps: string[] = [];
  const pencil = {
    moveTo: (...at: number[]) => void steps.push(`M${at.join()}`),
    lineTo: (...at: number[]) => void steps.push(`L${at.join()}`),
    rect: (...at: number[]) => void steps.push(`R${at.join()}`),
  };
  trace(pencil, x, y, [0, x.length - 1], frame);
  return steps.join(" ");
}

test("a line has gaps where a value is not finite", () => {
  expect(drawn([0, 1, 2, 3, 4], [10, 20, NaN, 30, 40])).toBe("M0,90 L1,80 M3,70 L4,60");
  expect(drawn([0, 1, 2, 3], [10, 20, Infinity, -Infinity])).toBe("M0,90 L1,80");
});

test("a point between two gaps is seen", () => {
  expect(drawn([0, 5, 9], [NaN, 50, NaN])).toBe("M5,50 R3,48,4,4");
  expect(drawn([5], [50])).toBe("M5,50 R3,48,4,4");
});
