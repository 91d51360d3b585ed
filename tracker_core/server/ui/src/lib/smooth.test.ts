import { expect, test } from "vitest";
import { smooth } from "./smooth";

test("an average of a constant is the constant from the first point on", () => {
  for (const kind of ["ema", "gaussian", "mean"] as const) {
    for (const constant of [3, 0.9, 1e-12, -1.1e12]) {
      const drawn = smooth(new Array<number>(500).fill(constant), { kind, amount: kind === "ema" ? 0.97 : 7 });
      expect(new Set(drawn), kind).toEqual(new Set([constant]));
    }
  }
});

test("a running mean is that of its window, whatever came before", () => {
  const values = Array.from({ length: 100 }, (_, i) => (i === 50 ? 1e15 : Math.sin(i)));
  const drawn = smooth(values, { kind: "mean", amount: 7 });
  values.forEach((_, i) => {
    const window = values.slice(Math.max(0, i - 6), i + 1);
    const mean = window.reduce((sum, it) => sum + it, 0) / window.length;
    expect(Math.abs(drawn[i]! - mean)).toBeLessThanOrEqual(Math.max(...window) * 1e-12);
  });
});

test("values that are not finite stay and count for nothing", () => {
  for (const kind of ["ema", "gaussian", "mean"] as const) {
    const drawn = smooth([2, NaN, 2, Infinity, 2], { kind, amount: kind === "ema" ? 0.9 : 3 });
    expect(drawn).toEqual([2, NaN, 2, Infinity, 2]);
  }
});

test("ema weighs the past and is debiased", () => {
  // 0.5: (0.5*0 + 0.5*4) / 0.75 at the second point
  expect(smooth([0, 4], { kind: "ema", amount: 0.5 })).toEqual([0, 2 / 0.75]);
});

test("gaps stay gaps and pull nothing", () => {
  expect(smooth([1, null, 1], { kind: "gaussian", amount: 1 })).toEqual([1, null, 1]);
  expect(smooth([1, null, 3], { kind: "mean", amount: 2 })).toEqual([1, null, 2]);
});

test("gaussian is symmetric", () => {
  const drawn = smooth([0, 0, 1, 0, 0], { kind: "gaussian", amount: 1 });
  expect(drawn[1]).toBeCloseTo(drawn[3]!, 12);
  expect(drawn[2]).toBeGreaterThan(drawn[1]!);
});

test("no amount leaves the line alone", () => {
  expect(smooth([1, 5], { kind: "ema", amount: 0 })).toEqual([1, 5]);
  expect(smooth([1, 5], { kind: "none", amount: 9 })).toEqual([1, 5]);
});
