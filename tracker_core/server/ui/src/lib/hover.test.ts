import { describe, expect, it } from "vitest";
import type { Drawn } from "./drawn";
import { type Hit, hit, nearest, told } from "./hover";
import { type Points, single } from "./points";
import { tip } from "./tip";

function line(points: Points, more: Partial<Drawn> = {}): Drawn {
  const common = { key: "run", name: "run", color: "#000000", smoothed: false, behind: "none", runs: null } as const;
  return { ...common, points, line: points.value, width: 1, faint: false, dashed: false, ...more };
}
const logged = (step: number[], value: number[]) =>
  single(Float64Array.from(step), Float64Array.from(step), Float64Array.from(value));
const buckets: Points = {
  x: Float64Array.of(0, 10, 20),
  lastX: Float64Array.of(9, 19, 29),
  step: Float64Array.of(0, 10, 20),
  lastStep: Float64Array.of(9, 19, 29),
  value: Float64Array.of(3, 4, NaN),
  low: Float64Array.of(1, 2, NaN),
  high: Float64Array.of(5, 6, NaN),
  count: Float64Array.of(10, 10, 10),
  nans: Float64Array.of(0, 2, 10),
};
/** Ten pixels a step, from the bottom up. */
const positions = {
  x: (value: number) => 10 * value,
  y: (value: number) => (Number.isFinite(value) ? 100 - value : NaN),
};
const at = (drawn: Drawn, step: number): Hit | null => hit(drawn, 10 * step, step, positions);

describe("under the pointer", () => {
  const drawn = line(logged([0, 2, 4, 8], [1, NaN, 3, 4]));

  it("is the point that is next to it", () => {
    expect([0, 0.9, 1.1, 5, 6.1, 8.4].map((step) => at(drawn, step)?.to)).toEqual([0, 0, 1, 2, 3, 3]);
  });

  it("is nothing of a run that ended before, or begins later", () => {
    expect([9, 100, -1].map((step) => at(drawn, step))).toEqual([null, null, null]);
    expect(at(line(logged([], [])), 0)).toBeNull();
  });

  it("is a value that is not finite, without a height", () => {
    const found = at(drawn, 2)!;
    expect(told(found).value).toBeNaN();
    expect(nearest([found], 50, 1000)).toBeNull();
  });

  it("are all points of one pixel", () => {
    const dense = line(logged([0, 0.01, 0.02, 5], [4, -2, 9, 1]));
    expect(told(at(dense, 0)!)).toMatchObject({ count: 3, low: -2, high: 9, value: 9, firstStep: 0, lastStep: 0.02 });
  });

  it("is a bucket from its first to its last point", () => {
    const found = told(at(line(buckets), 12)!);
    expect(found).toMatchObject({ count: 10, nans: 2, low: 2, high: 6, value: 4, firstStep: 10, lastStep: 19 });
  });

  it("is the line that is nearest in height", () => {
    const hits = [1, 40, 45].map((value) => at(line(logged([0], [value]), { key: `${value}` }), 0)!);
    expect(nearest(hits, 100 - 44, 14)?.line.key).toBe("45");
    expect(nearest(hits, 100 - 20, 14)).toBeNull();
  });
});

describe("a tooltip", () => {
  const say = (drawn: Drawn[], step: number, base = "") =>
    tip(
      drawn.flatMap((it) => at(it, step) ?? []),
      "step",
      0.01,
      base,
    );

  it("tells each line's own point with its own step", () => {
    const drawn = [line(logged([0, 10], [1, 2]), { key: "a" }), line(logged([0, 7], [5, 6]), { key: "b" })];
    const told = say(drawn, 6.5)!;
    expect(told.head).toBe("7");
    expect(told.rows.map((row) => [row.key, row.text, row.at])).toEqual([
      ["b", "6", ""],
      ["a", "2", "step 10"],
    ]);
  });

  it("leaves out a run that ended, and is none without any", () => {
    const drawn = [line(logged([0, 10], [1, 2]), { key: "a" }), line(logged([0, 3], [5, 6]), { key: "b" })];
    expect(say(drawn, 8)!.rows.map((row) => row.key)).toEqual(["a"]);
    expect(say(drawn, 20)).toBeNull();
  });

  it("tells the extremes and the number of points where there are many", () => {
    const [first, second, third] = [5, 15, 25].map((step) => say([line(buckets)], step)!);
    expect([first!.head, first!.rows[0]!.text, first!.rows[0]!.detail]).toEqual(["0 – 9", "1 – 5", "of 10 points"]);
    expect(second!.rows[0]!.detail).toBe("of 10 points, 2 NaN");
    expect([third!.rows[0]!.text, third!.rows[0]!.detail]).toEqual(["NaN", "of 10 points"]);
  });

  it("tells what a smoothed line shows beside what was logged", () => {
    const smooth = line(logged([0], [1]), { line: [0.25], smoothed: true });
    expect(say([smooth], 0)!.rows[0]).toMatchObject({ text: "1", detail: "smoothed 0.25" });
  });

  it("tells how many runs a mean is of", () => {
    const group = line(logged([0, 1], [1, 2]), { key: "group:a", runs: Float64Array.of(2, 1) });
    expect([0, 1].map((step) => say([group], step)!.rows[0]!.detail)).toEqual(["mean of 2 runs", "mean of 1 run"]);
  });

  it("tells the baseline's distance at the same step only", () => {
    const drawn = [line(logged([0, 10], [1, 2]), { key: "a" }), line(logged([0, 9], [5, 6]), { key: "b" })];
    expect(say(drawn, 0, "b")!.rows.map((row) => row.away)).toEqual(["", "−4"]);
    expect(say(drawn, 9.4, "b")!.rows.map((row) => row.away)).toEqual(["", ""]);
  });
});
