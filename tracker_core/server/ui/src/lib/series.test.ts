import { expect, test } from "vitest";
import { decode, extend, thin } from "./series";
import { single } from "./points";

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
      { run: "b", letters: "dffdiiidi", columns: [[7], [3], [2], [4], [12], [1], [18], [95], [9]] },
    ]),
  );
  expect([...raw!.value]).toEqual([0.1, NaN]);
  expect(raw!.low).toBe(raw!.value);
  expect([...raw!.x]).toEqual([10, 20]);
  expect([bucketed!.run, bucketed!.metric]).toEqual(["b", "loss"]);
  const { step, lastStep, x, lastX, value, low, high, count, nans } = bucketed!;
  const columns = [step, lastStep, x, lastX, value, low, high, count!, nans!];
  expect(columns.map((column) => column[0])).toEqual([7, 18, 9, 95, 3, 2, 4, 12, 1]);
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

test("a series that grew long keeps its extremes and its last points", () => {
  const step = Float64Array.from({ length: 1000 }, (_, i) => i);
  const value = step.map((i) => (i === 500 ? 99 : i === 700 ? NaN : i % 7));
  const grown = { run: "a", metric: "loss", writer: "", ...single(step, step, value) };
  const thinned = thin(grown, 100);
  expect(thin(grown, 400)).toBe(grown);
  expect(thinned.x.length).toBeLessThanOrEqual(300);
  expect(Math.max(...thinned.high)).toBe(99);
  expect(thinned.count!.reduce((sum, it) => sum + it, 0)).toBe(1000);
  expect(thinned.nans!.reduce((sum, it) => sum + it, 0)).toBe(1);
  thinned.lastStep.forEach((last, i) => {
    const bucket = Array.from(value.slice(thinned.step[i], last + 1)).filter((it) => !Number.isNaN(it));
    expect(thinned.value[i]).toBe(value[last]);
    expect([thinned.low[i], thinned.high[i]]).toEqual([Math.min(...bucket), Math.max(...bucket)]);
  });
});
