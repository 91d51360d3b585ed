import { describe, expect, it, test } from "vitest";
import { durationLabels, durationTicks, linearTicks, logTicks, tickLabels } from "./ticks";

test.each([
  [
    [0, 0.05, 0.1],
    ["0", "0.05", "0.1"],
  ],
  [
    [0, 5000, 10000],
    ["0", "5k", "10k"],
  ],
  [
    [0, 2500, 5000],
    ["0", "2.5k", "5k"],
  ],
  [
    [999990, 1000000, 1000010],
    ["999,990", "1,000,000", "1,000,010"],
  ],
  [
    [500000, 1000000, 1500000],
    ["500k", "1M", "1.5M"],
  ],
  [
    [1e12, 1e12 + 1],
    ["1,000,000,000,000", "1,000,000,000,001"],
  ],
  [
    [0.9, 0.9000001],
    ["0.9", "0.9000001"],
  ],
  [
    [-2e-9, 0, 2e-9],
    ["−2e−9", "0", "2e−9"],
  ],
  [
    [1e-3, 1e-2, 0.1, 1, 10, 1000, 1e6],
    ["0.001", "0.01", "0.1", "1", "10", "1k", "1M"],
  ],
  [
    [1e-30, 1e-10, 1e10, 1e20],
    ["1e−30", "1e−10", "10G", "1e20"],
  ],
])("labels of %j", (ticks, labels) => {
  expect(tickLabels(ticks)).toEqual(labels);
});

/** Numbers that are the same in every run of the tests. */
function random(seed: number): () => number {
  return () => (seed = (seed * 48271) % 2147483647) / 2147483647;
}

describe("whatever the range", () => {
  const next = random(7);
  const ranges = Array.from({ length: 600 }, (): [number, number] => {
    const size = 10 ** (next() * 40 - 20);
    const low = (next() - 0.5) * size;
    const span = Math.max(Math.abs(low) * 1e-12, 10 ** (next() * 20 - 12) * size);
    return [low, low + span];
  });

  it("a linear axis has several ticks, all inside and with labels that differ", () => {
    for (const [low, high] of ranges) {
      const ticks = linearTicks(low, high, 5);
      const air = (high - low) * 1e-3;
      expect(ticks.length, `${low} ${high}`).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(7);
      expect(ticks.every((tick) => tick >= low - air && tick <= high + air)).toBe(true);
      expect(new Set(tickLabels(ticks)).size, `${low} ${high} ${tickLabels(ticks).join()}`).toBe(ticks.length);
    }
  });

  it("a logarithmic axis too", () => {
    for (const [low, high] of ranges) {
      const bottom = Math.abs(low) + 1e-25;
      const ticks = logTicks(bottom, bottom + (high - low), 5);
      expect(ticks.length, `${bottom} ${high - low}`).toBeGreaterThanOrEqual(2);
      expect(new Set(tickLabels(ticks)).size, tickLabels(ticks).join()).toBe(ticks.length);
    }
  });

  it("and an axis of durations", () => {
    for (const [low, high] of ranges) {
      const size = Math.abs(low);
      if (size > 1e7 || high - low < 1e-3 || high - low > 1e8) continue;
      const ticks = durationTicks(size, size + (high - low), 6);
      expect(new Set(durationLabels(ticks)).size, durationLabels(ticks).join()).toBe(ticks.length);
    }
  });
});

test("a label is its tick", () => {
  for (const tick of [0.30000000000000004, 12.5, 987654321, 1.25e-7, 4e15]) {
    const [text] = tickLabels([tick, tick * (1 + 1e-9)]);
    const units: Record<string, string> = { k: "e3", M: "e6", G: "e9" };
    const plain = text!.replace(/[kMG]$/, (unit) => units[unit]!);
    expect(Number(plain.replace(/,/g, "").replace(/−/g, "-"))).toBeCloseTo(tick, -Math.log10(tick) + 10);
  }
});

test("an axis of steps has whole steps only", () => {
  expect(linearTicks(3, 5, 8, true)).toEqual([3, 4, 5]);
  expect(logTicks(3, 5, 8, true)).toEqual([3, 4, 5]);
});

test("ticks of one decade, and of less", () => {
  expect(logTicks(0.52, 0.58, 4)).toEqual([0.52, 0.54, 0.56, 0.58]);
  expect(logTicks(30, 80, 8).length).toBeGreaterThanOrEqual(3);
});

test("durations say what makes them differ", () => {
  const ticks = durationTicks(7200, 7260, 6);
  expect(durationLabels(ticks)).toEqual([
    "2h",
    "2h 0m 10s",
    "2h 0m 20s",
    "2h 0m 30s",
    "2h 0m 40s",
    "2h 0m 50s",
    "2h 1m",
  ]);
  expect(durationLabels(durationTicks(0, 0.5, 5))).toEqual(["0", "0.1s", "0.2s", "0.3s", "0.4s", "0.5s"]);
  expect(durationLabels(durationTicks(0, 7200, 4))).toEqual(["0", "30m", "1h", "1h 30m", "2h"]);
});
