import { expect, test } from "vitest";
import { type Member, beside, clipped, csv, lines, runOf, spread, svg } from "./panel";
import { single } from "./points";
import type { Series } from "./series";

const series = (run: string, step: number[], value: number[]): Series => {
  const steps = Float64Array.from(step);
  return { run, metric: "m", writer: "", ...single(steps, steps, Float64Array.from(value)) };
};
const member = (key: string, group: string | null = null): Member => ({
  key,
  name: key,
  color: "#000000",
  created: 1000,
  group,
});
const options = {
  x: "step",
  smoothing: { kind: "none" as const, amount: 0 },
  raw: true,
  band: "range" as const,
  members: false,
  base: "",
  cells: 100,
};

test("one line per run that has the metric, in the order of the list", () => {
  const drawn = lines(
    [series("a", [0, 1], [1, 2]), series("b", [0, 1], [3, 4])],
    ["b", "gone", "a"].map((k) => member(k)),
    options,
  );
  expect(drawn.map((it) => it.key)).toEqual(["b", "a"]);
  expect([...drawn[0]!.points.x]).toEqual([0, 1]);
  expect(drawn[0]!.behind).toBe("none");
});

test("relative time starts with the run", () => {
  const [line] = lines([series("a", [1000, 1005], [1, 2])], [member("a")], { ...options, x: "relative" });
  expect([...line!.points.x]).toEqual([0, 5]);
});

const ema = { ...options, smoothing: { kind: "ema" as const, amount: 0.9 } };

test("a smoothed line keeps its raw self behind it", () => {
  const [line] = lines([series("a", [0, 1], [0, 10])], [member("a")], ema);
  expect([line!.behind, line!.smoothed]).toEqual(["raw", true]);
  expect([...line!.points.value]).toEqual([0, 10]);
  expect(line!.line[1]).toBeLessThan(10);
});

test("a line is smoothed alike whatever is drawn beside it", () => {
  const a = series("a", [0, 10, 20], [0, 10, 20]);
  const steps = Array.from({ length: 21 }, (_, i) => i);
  const [alone] = lines([a], [member("a")], ema);
  const [beside] = lines([a, series("b", steps, steps)], [member("a"), member("b")], ema);
  expect(beside!.line).toEqual(alone!.line);
});

test("no value is made up between or beside points, nor where a value is not finite", () => {
  const sparse = series("a", [0, 5], [1, 2]);
  const broken = series("b", [0, 1, 2], [1, NaN, 3]);
  const drawn = lines([sparse, broken], [member("a"), member("b")], options);
  expect(drawn.map((it) => Array.from(it.line))).toEqual([
    [1, 2],
    [1, NaN, 3],
  ]);
  expect(csv(drawn, "step")).toBe("step,a,b\n0,1,1\n1,,NaN\n2,,3\n5,2,\n");
  expect(svg("t", drawn).match(/<polyline/g)?.length).toBe(3);
});

test("groups are drawn as mean and band, with their members when asked", () => {
  const found = [series("a", [0], [1]), series("b", [0], [3])];
  const members = [member("a", "g"), member("b", "g")];
  const [mean, ...none] = lines(found, members, options);
  expect(none).toEqual([]);
  expect([mean!.name, mean!.line[0], mean!.points.low[0], mean!.points.high[0]]).toEqual(["g (2)", 2, 1, 3]);
  expect(lines(found, members, { ...options, members: true }).map((it) => it.faint)).toEqual([true, true, false]);
});

test("clipping leaves the outlier out", () => {
  const value = Array.from({ length: 200 }, (_, i) => (i === 7 ? 1e6 : i));
  const drawn = lines(
    [
      series(
        "a",
        value.map((_, i) => i),
        value,
      ),
    ],
    [member("a")],
    options,
  );
  expect(clipped(drawn)![1]).toBeLessThan(300);
});

test("a name that a sheet would run as a formula, or that is markup, is defused", () => {
  const drawn = lines([series("a", [0], [1])], [{ ...member("a"), name: '=cmd("x")' }], options);
  expect(csv(drawn, "step")).toBe('step,"\'=cmd(""x"")"\n0,1\n');
  expect(svg("<script>", drawn)).not.toContain("<script>");
});

test("writers whose values differ have lines of their own, with their names", () => {
  const found = [series("a", [0], [1]), { ...series("a", [0], [2]), writer: "rank-1" }, series("b", [0], [3])];
  const { series: all, members } = spread(found, [member("a"), member("b")], ["m"]);
  const drawn = lines(all, members, options);
  expect(drawn.map((it) => [it.name, it.line[0]])).toEqual([
    ["a", 1],
    ["a (rank 1)", 2],
    ["b", 3],
  ]);
  expect(new Set(drawn.map((it) => it.key)).size).toBe(3);
  expect(drawn.map((it) => runOf(it.key))).toEqual(["a", "a", "b"]);
  expect(beside(drawn[1]!.key, "b")).toBe("b");
  const grouped = spread(found, [member("a", "g"), member("b", "g")], ["m"]);
  expect(lines(grouped.series, grouped.members, options).map((it) => it.name)).toEqual(["g (2)"]);
});

test("a line is measured against the baseline's line of the same metric", () => {
  expect(beside("run", "base")).toBe("base");
  expect(beside("run\nloss", "base")).toBe("base\nloss");
});
