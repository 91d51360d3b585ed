import { expect, test } from "vitest";
import { type Curve, align, combine, decode, extend, fill } from "./series";

/** An answer of the server; the bytes of a column as its letter says. */
function pack(x: string, series: { run: string; letters: string; columns: number[][] }[]): ArrayBuffer {
  const header = {
    runs: series.map((it) => it.run),
    metrics: ["loss"],
    x,
    series: series.map((it, i) => [i, 0, it.columns[1]!.length, it.letters]),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(Uint32Array.of(text.length).buffer);
  const data = series.flatMap(({ letters, columns }) =>
    columns.map((column, i) => {
      const Kind = { i: Int32Array, f: Float32Array }[letters[i]!] ?? Float64Array;
      return new Uint8Array(Kind.from(column).buffer);
    }),
  );
  return Uint8Array.from([length, text, ...data].flatMap((it) => [...it])).buffer;
}

const curve = (x: number[], y: number[]): Curve => {
  const value = Float64Array.from(y);
  return { x, value, low: value, high: value };
};

test("raw and bucketed series are unpacked", () => {
  const [raw, bucketed] = decode(
    pack("other", [
      {
        run: "a",
        letters: "idf",
        columns: [
          [1, 2],
          [0.1, NaN],
          [10, 20],
        ],
      },
      { run: "b", letters: "dffdi", columns: [[7], [3], [2], [4], [9]] },
    ]),
  );
  expect([...raw!.value]).toEqual([0.1, NaN]);
  expect(raw!.low).toBe(raw!.value);
  expect([...raw!.x]).toEqual([10, 20]);
  expect([bucketed!.run, bucketed!.metric, bucketed!.bucketed]).toEqual(["b", "loss", true]);
  expect([bucketed!.step[0], bucketed!.low[0], bucketed!.high[0], bucketed!.x[0]]).toEqual([7, 2, 4, 9]);
});

test("columns that are even, or as in the series before, are short", () => {
  const values = [0.5, 0.25, 0.125];
  const [first, second] = decode(
    pack("step", [
      { run: "a", letters: "rf", columns: [[5, 10], values] },
      { run: "b", letters: "=f", columns: [[], values] },
    ]),
  );
  expect([...first!.step]).toEqual([5, 15, 25]);
  expect([...second!.x]).toEqual([5, 15, 25]);
  expect([...second!.value]).toEqual(values);
});

test("a tail replaces what it overlaps", () => {
  const one = (step: number[], value: number[]) =>
    decode(pack("step", [{ run: "a", letters: "dd", columns: [step, value] }]))[0]!;
  const base = one([1, 2, 3], [10, 20, 30]);
  const whole = extend(base, one([3, 4], [31, 40]));
  expect([...whole.value]).toEqual([10, 20, 31, 40]);
  expect(whole.x).toBe(whole.step);
  expect(extend(base, one([], []))).toBe(base);
});

test("axes that agree are merged", () => {
  const { x, lines } = align([curve([0, 1, 2], [5, 6, 7]), curve([1, 2, 3], [1, 2, 3])], 100);
  expect(x).toEqual([0, 1, 2, 3]);
  expect(lines[0]!.value).toEqual([5, 6, 7, null]);
  expect(lines[1]!.value).toEqual([null, 1, 2, 3]);
});

test("axes that differ are snapped to a grid and keep their extremes", () => {
  const curves = [0, 1, 2, 3, 4].map((k) =>
    curve(
      Array.from({ length: 100 }, (_, i) => i + k / 7),
      Array.from({ length: 100 }, (_, i) => (i === 50 ? 99 : k)),
    ),
  );
  const { x, lines } = align(curves, 20);
  expect(x.length).toBe(21);
  for (const line of lines) expect(Math.max(...line.high.map((v) => v ?? 0))).toBe(99);
});

test("gaps are closed between points, never beyond them", () => {
  expect(fill([null, 1, null, 3, null], [0, 1, 2, 3, 4])).toEqual([null, 1, 2, 3, null]);
});

test("a group is its mean and its band", () => {
  const { x, lines } = align([curve([0, 2], [0, 2]), curve([0, 1, 2], [2, 3, 4])], 10);
  const range = combine(lines, x, "range");
  expect(range.value).toEqual([1, 2, 3]);
  expect([range.low[1], range.high[1]]).toEqual([1, 3]);
  const deviation = combine(lines, x, "deviation");
  expect([deviation.low[0], deviation.high[0]]).toEqual([0, 2]);
});
