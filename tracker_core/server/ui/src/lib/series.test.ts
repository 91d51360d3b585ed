import { expect, test } from "vitest";
import { type Curve, align, combine, decode, extend, fill } from "./series";

function pack(header: object, columns: number[][]): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = Math.ceil((4 + text.length) / 8) * 8;
  const buffer = new ArrayBuffer(start + 8 * columns.flat().length);
  new DataView(buffer).setUint32(0, text.length, true);
  new Uint8Array(buffer, 4).set(text);
  new Float64Array(buffer, start).set(columns.flat());
  return buffer;
}

const curve = (x: number[], y: number[]): Curve => {
  const value = Float64Array.from(y);
  return { x, value, low: value, high: value };
};

test("raw and bucketed series are unpacked", () => {
  const header = {
    series: [
      { run: "a", metric: "loss", points: 2, bucketed: false },
      { run: "b", metric: "loss", points: 1, bucketed: true },
    ],
    x: "other",
  };
  const [raw, bucketed] = decode(pack(header, [[1, 2], [0.5, NaN], [10, 20], [7], [3], [2], [4], [9]]));
  expect([...raw!.value]).toEqual([0.5, NaN]);
  expect(raw!.low).toBe(raw!.value);
  expect([...raw!.x]).toEqual([10, 20]);
  expect([bucketed!.step[0], bucketed!.low[0], bucketed!.high[0], bucketed!.x[0]]).toEqual([7, 2, 4, 9]);
});

test("a tail replaces what it overlaps", () => {
  const header = (points: number) => ({ series: [{ run: "a", metric: "m", points, bucketed: false }], x: "step" });
  const [base] = decode(
    pack(header(3), [
      [1, 2, 3],
      [10, 20, 30],
    ]),
  );
  const [tail] = decode(
    pack(header(2), [
      [3, 4],
      [31, 40],
    ]),
  );
  const whole = extend(base!, tail!);
  expect([...whole.value]).toEqual([10, 20, 31, 40]);
  expect(whole.x).toBe(whole.step);
  expect(extend(base!, decode(pack(header(0), []))[0]!)).toBe(base);
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
