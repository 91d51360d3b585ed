/** Chart data as the server packs it. */

import { type Points, single } from "./points";

/** One run's points of one metric. `x` is what the x-axis shows: steps, times or the values of another metric. */
export type Series = Points & {
  run: string;
  metric: string;
  /** Whose values these are where several processes of the run logged different ones; empty for the run's own line. */
  writer: string;
};

type Header = {
  runs: string[];
  metrics: string[];
  /** Run, metric, points, a letter for each column. */
  series: [number, number, number, string][];
  /** One for each series, if any has one. */
  writers?: string[];
  x: "step" | "time" | "other";
};

/** Columns of a series of buckets, without those of the x-axis. */
const BUCKETED = 7;

/**
 * `u32 length | JSON header | columns`, little endian: per series step and value, or of buckets step, value, low, high,
 * count, nans and last step; then, unless the steps are the axis, the last x of buckets, and x. The letter of a column
 * says how it is kept: `server/chart.py`.
 */
export function decode(buffer: ArrayBuffer): Series[] {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))) as Header;
  let at = 4 + length;
  const bytes = (count: number) => buffer.slice(at, (at += count));
  const take = (letter: string, points: number): Float64Array => {
    if (letter === "d") return new Float64Array(bytes(8 * points));
    if (letter === "f") return Float64Array.from(new Float32Array(bytes(4 * points)));
    if (letter === "i") return Float64Array.from(new Int32Array(bytes(4 * points)));
    const [first, difference] = new Float64Array(bytes(16));
    return Float64Array.from({ length: points }, (_, i) => first! + difference! * i);
  };
  let before: Float64Array[] = [];
  return header.series.map(([run, metric, size, letters], place) => {
    before = Array.from(letters, (letter, i) => (letter === "=" ? before[i]! : take(letter, size)));
    const name = { run: header.runs[run]!, metric: header.metrics[metric]!, writer: header.writers?.[place] ?? "" };
    const [step, value, low, high, count, nans, lastStep] = before as [Float64Array, ...Float64Array[]];
    const x = header.x === "step" ? step : before.at(-1)!;
    const points = single(x, step, value!);
    if (letters.length < BUCKETED) return { ...name, ...points };
    const lastX = header.x === "step" ? lastStep : before[BUCKETED];
    return {
      ...name,
      ...points,
      low: low!,
      high: high!,
      count: count!,
      nans: nans!,
      lastStep: lastStep!,
      lastX: lastX!,
    };
  });
}

/** `tail` put behind `base`, replacing the points of `base` from where the tail begins. */
export function extend(base: Series, tail: Series): Series {
  const first = tail.x[0];
  if (first === undefined) return base;
  let keep = base.x.length;
  while (keep > 0 && base.x[keep - 1]! >= first) keep--;
  const join = (left: Float64Array, right: Float64Array) => {
    const whole = new Float64Array(keep + right.length);
    whole.set(left.subarray(0, keep));
    whole.set(right, keep);
    return whole;
  };
  const name = { run: base.run, metric: base.metric, writer: base.writer };
  const step = join(base.step, tail.step);
  const x = base.x === base.step ? step : join(base.x, tail.x);
  const value = join(base.value, tail.value);
  if (!base.count && !tail.count) return { ...name, ...single(x, step, value) };
  const lastStep = join(base.lastStep, tail.lastStep);
  return {
    ...name,
    x,
    lastX: base.x === base.step ? lastStep : join(base.lastX, tail.lastX),
    step,
    lastStep,
    value,
    low: join(base.low, tail.low),
    high: join(base.high, tail.high),
    count: join(counts(base), counts(tail)),
    nans: join(missing(base), missing(tail)),
  };
}

const counts = ({ count, x }: Points) => count ?? new Float64Array(x.length).fill(1);
const missing = ({ nans, value }: Points) => nans ?? value.map((it) => (Number.isNaN(it) ? 1 : 0));

/** A series that grew is made coarser when it has so many times the points that were asked for, down to so many. */
const [MOST, LEFT] = [3, 2];

/**
 * A series that grew point by point, made about as coarse as one that is fetched anew. Buckets are multiples of a power
 * of two, so that those of several runs lie below each other; the last point stays as it is, to go on from.
 */
export function thin(series: Series, buckets: number): Series {
  const { x, lastX, step, lastStep, value } = series;
  const points = x.length;
  if (points <= MOST * buckets) return series;
  const width = 2 ** Math.ceil(Math.log2((x[points - 1]! - x[0]!) / (LEFT * buckets))) || 1;
  const starts: number[] = [];
  for (let i = 0, last = NaN; i < points - 1; i++) {
    const cell = Math.floor(x[i]! / width);
    if (cell !== last) starts.push(i);
    last = cell;
  }
  starts.push(points - 1);
  const end = (i: number) => (starts[i + 1] ?? points) - 1;
  const first = (column: Float64Array) => Float64Array.from(starts, (start) => column[start]!);
  const last = (column: Float64Array) => Float64Array.from(starts, (_, i) => column[end(i)]!);
  const folded = (column: Float64Array, fold: (left: number, right: number) => number) =>
    Float64Array.from(starts, (start, i) => {
      let result = column[start]!;
      for (let at = start + 1; at <= end(i); at++) result = fold(result, column[at]!);
      return result;
    });
  const lesser = (left: number, right: number) => (right < left || Number.isNaN(left) ? right : left);
  const greater = (left: number, right: number) => (right > left || Number.isNaN(left) ? right : left);
  const sum = (left: number, right: number) => left + right;
  const [steps, lastSteps] = [first(step), last(lastStep)];
  const same = x === step;
  return {
    ...series,
    x: same ? steps : first(x),
    lastX: same ? lastSteps : last(lastX),
    step: steps,
    lastStep: lastSteps,
    value: last(value),
    low: folded(series.low, lesser),
    high: folded(series.high, greater),
    count: folded(counts(series), sum),
    nans: folded(missing(series), sum),
  };
}
