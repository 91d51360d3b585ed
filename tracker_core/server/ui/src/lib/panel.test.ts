import { expect, test } from "vitest";
import { type Member, beside, clipped, csv, lines, svg } from "./panel";
import type { Series } from "./series";

const series = (run: string, step: number[], value: number[]): Series => {
  const values = Float64Array.from(value);
  const steps = Float64Array.from(step);
  return {
    run,
    metric: "m",
    bucketed: false,
    step: steps,
    x: steps,
    value: values,
    low: values,
    high: values,
  };
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
  expect(drawn.lines.map((it) => it.key)).toEqual(["b", "a"]);
  expect(drawn.x).toEqual([0, 1]);
  expect(drawn.lines[0]!.low).toBeNull();
});

test("relative time starts with the run", () => {
  expect(lines([series("a", [1000, 1005], [1, 2])], [member("a")], { ...options, x: "relative" }).x).toEqual([0, 5]);
});

test("a smoothed line keeps its raw self behind it", () => {
  const given = { ...options, smoothing: { kind: "ema" as const, amount: 0.9 } };
  const [line] = lines([series("a", [0, 1], [0, 10])], [member("a")], given).lines;
  expect(line!.low).toEqual([0, 10]);
  expect(line!.value[1]).toBeLessThan(10);
});

test("groups are drawn as mean and band, with their members when asked", () => {
  const found = [series("a", [0], [1]), series("b", [0], [3])];
  const members = [member("a", "g"), member("b", "g")];
  const [mean, ...none] = lines(found, members, options).lines;
  expect(none).toEqual([]);
  expect([mean!.name, mean!.value[0], mean!.low![0], mean!.high![0]]).toEqual(["g (2)", 2, 1, 3]);
  expect(lines(found, members, { ...options, members: true }).lines.map((it) => it.faint)).toEqual([true, true, false]);
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
  ).lines;
  expect(clipped(drawn)![1]).toBeLessThan(300);
});

test("a name that a sheet would run as a formula, or that is markup, is defused", () => {
  const drawn = lines([series("a", [0], [1])], [{ ...member("a"), name: '=cmd("x")' }], options);
  expect(csv(drawn.x, drawn.lines, "step")).toBe('step,"\'=cmd(""x"")"\n0,1\n');
  expect(svg("<script>", drawn.x, drawn.lines)).not.toContain("<script>");
});

test("a line is measured against the baseline's line of the same metric", () => {
  expect(beside("run", "base")).toBe("base");
  expect(beside("run\nloss", "base")).toBe("base\nloss");
});
