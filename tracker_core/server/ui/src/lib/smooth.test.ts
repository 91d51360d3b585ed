import { expect, test } from "vitest";
import { smooth } from "./smooth";

test("an average of a constant is the constant from the first point on", () => {
  for (const kind of ["ema", "gaussian", "mean"] as const) {
    const drawn = smooth([3, 3, 3, 3], { kind, amount: kind === "ema" ? 0.9 : 2 });
    for (const value of drawn) expect(value).toBeCloseTo(3, 12);
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
