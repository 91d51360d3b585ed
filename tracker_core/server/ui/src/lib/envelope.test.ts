import { expect, test } from "vitest";
import { type Frame, columns } from "./envelope";

const frame = (more: Partial<Frame> = {}): Frame => ({
  left: 0,
  width: 10,
  from: 0,
  to: 1,
  x: (value) => value,
  y: (value) => 100 - value,
  ...more,
});

test("between two points the area goes straight", () => {
  const { top, bottom } = columns([0, 10], [20, 40], [0, 10], frame());
  expect(Array.from(top, Math.round)).toEqual([80, 77, 75, 73, 71, 69, 67, 65, 63, 61]);
  expect(Array.from(bottom, Math.round)).toEqual([100, 99, 98, 97, 96, 95, 94, 93, 92, 91]);
});

test("of many points in one column the extremes are seen", () => {
  const { top, bottom } = columns([5, 1, 5], [6, 6, 50], [4.1, 4.5, 4.9], frame({ to: 2 }));
  expect([top[4], bottom[4]]).toEqual([50, 99]);
  expect(top[3]).toBe(Infinity);
});

test("what lies outside of the window is left out, gaps are closed", () => {
  const { top } = columns([0, null, 0], [10, null, 10], [-5, 3, 20], frame({ to: 2 }));
  expect(top.every((value) => value === 90)).toBe(true);
});
