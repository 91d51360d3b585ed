import { describe, expect, it } from "vitest";
import { axes, extent, fit, inside, linear, logarithmic, names } from "./scale";

describe("scale", () => {
  it("goes from values to places and back", () => {
    const scale = linear(0, 10, 100, 0);
    expect([scale.at(0), scale.at(5), scale.value(50)]).toEqual([100, 50, 5]);
    expect(scale.ticks.map((it) => it.label)).toEqual(["0", "2", "4", "6", "8", "10"]);
  });

  it("has decades where it is logarithmic", () => {
    const scale = logarithmic(0.001, 1000, 0, 60);
    expect(scale.at(1)).toBeCloseTo(30);
    expect(scale.value(30)).toBeCloseTo(1);
    expect(scale.at(0)).toBeNaN();
    expect(scale.ticks.map((it) => it.label)).toContain("0.01");
  });

  it("stands values that are all the same in the middle", () => {
    expect(linear(3, 3, 0, 100).at(3)).toBeCloseTo(50);
    expect(logarithmic(3, 3, 0, 100).at(3)).toBeCloseTo(50);
    expect(fit([], 0, 100).ticks.length).toBeGreaterThan(0);
  });

  it("does not stretch rounding errors over the axis", () => {
    const nearly = [0.9, 0.9 + 1.1e-16, 0.9 - 1.1e-16];
    const scale = fit(nearly, 0, 100);
    for (const value of nearly) expect(scale.at(value)).toBeCloseTo(50, 6);
    expect(fit([1e12, 1e12 + 5], 0, 100).at(1e12 + 5)).toBeGreaterThan(90);
  });

  it("holds the largest numbers", () => {
    const scale = fit([-1.7e308, 1.7e308], 0, 100);
    expect(scale.at(0)).toBeCloseTo(50);
    expect(scale.ticks.length).toBeGreaterThan(1);
  });

  it("keeps zero in sight for bars", () => {
    expect(fit([5, 6], 0, 100, false, true).at(0)).toBe(0);
    expect(fit([-5, 6], 0, 100, false, true).at(0)).toBeGreaterThan(0);
  });

  it("leaves names out where they would run into each other", () => {
    const many = Array.from({ length: 50 }, (_, i) => `n${i}`);
    expect(names(many, 0, 100).ticks.length).toBeLessThan(12);
    expect(names(["a", "b"], 0, 100).at(1)).toBe(75);
  });

  it("does not count what is not finite", () => {
    expect(extent([1, NaN, Infinity, -2])).toEqual([-2, 1]);
  });

  it("draws axes inside the frame", () => {
    const frame = inside(300, 200, ["0.25"]);
    const [x, y] = [linear(0, 1000, frame.left, frame.right), linear(0, 1, frame.bottom, frame.top)];
    const marks = axes(frame, x, y, "x", "y");
    expect(marks.filter((it) => it.kind === "line").length).toBe(x.ticks.length + y.ticks.length);
  });
});
