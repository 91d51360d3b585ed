/** Chart data as the server packs it, and lines brought onto one x-axis. */

export type Series = {
  run: string;
  metric: string;
  /** False: every point was logged so. True: each stands for a bucket, with its last value and its extremes. */
  bucketed: boolean;
  step: Float64Array;
  /** What the x-axis shows: steps, times or the values of another metric. */
  x: Float64Array;
  value: Float64Array;
  low: Float64Array;
  high: Float64Array;
};

type Header = {
  runs: string[];
  metrics: string[];
  /** Run, metric, points, a letter for each column. */
  series: [number, number, number, string][];
  x: "step" | "time" | "other";
};

/**
 * `u32 length | JSON header | columns`, little endian: per series step, value, then low and high when bucketed, then x
 * unless that is the step. The letter of a column says how it is kept: `server/chart.py`.
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
  return header.series.map(([run, metric, points, letters]) => {
    before = Array.from(letters, (letter, i) => (letter === "=" ? before[i]! : take(letter, points)));
    const [step, value] = before as [Float64Array, Float64Array];
    const bucketed = letters.length > 3;
    return {
      run: header.runs[run]!,
      metric: header.metrics[metric]!,
      bucketed,
      step,
      value,
      low: bucketed ? before[2]! : value,
      high: bucketed ? before[3]! : value,
      x: header.x === "step" ? step : before.at(-1)!,
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
  const step = join(base.step, tail.step);
  const value = join(base.value, tail.value);
  const bucketed = base.bucketed || tail.bucketed;
  return {
    ...base,
    bucketed,
    step,
    x: base.x === base.step ? step : join(base.x, tail.x),
    value,
    low: bucketed ? join(base.low, tail.low) : value,
    high: bucketed ? join(base.high, tail.high) : value,
  };
}

/** A series that grew is made coarser when it has so many times the points that were asked for, down to so many. */
const [MOST, LEFT] = [3, 2];

/**
 * A series that grew point by point, made about as coarse as one that is fetched anew. Buckets are multiples of a power
 * of two, so that those of several runs lie below each other; the last point stays as it is, to go on from.
 */
export function thin(series: Series, buckets: number, extremes: boolean): Series {
  const { x, step, value } = series;
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
  const most = (column: Float64Array, sign: 1 | -1) =>
    Float64Array.from(starts, (start, i) => {
      let found = column[start]!;
      for (let at = start + 1; at <= end(i); at++) {
        if (!((column[at]! - found) * sign <= 0) && !Number.isNaN(column[at]!)) found = column[at]!;
      }
      return found;
    });
  const steps = first(step);
  const lasts = Float64Array.from(starts, (_, i) => value[end(i)]!);
  return {
    ...series,
    bucketed: extremes,
    step: steps,
    x: x === step ? steps : first(x),
    value: lasts,
    low: extremes ? most(series.low, -1) : lasts,
    high: extremes ? most(series.high, 1) : lasts,
  };
}

/** One line on the common x-axis; null where it has no point. */
export type Line = { value: (number | null)[]; low: (number | null)[]; high: (number | null)[] };
export type Aligned = { x: number[]; lines: Line[] };
export type Curve = { x: ArrayLike<number>; value: Float64Array; low: Float64Array; high: Float64Array };

/**
 * Curves on one axis. Axes that agree well are merged as they are; axes that do not (wall time of fifty runs) are
 * snapped to a grid of `cells`, where extremes are kept, since a line of mostly gaps costs as much as a full one.
 */
export function align(curves: readonly Curve[], cells: number): Aligned {
  const longest = curves.reduce((most, { x }) => Math.max(most, x.length), 0);
  const union = new Set<number>();
  for (const { x } of curves) for (let i = 0; i < x.length; i++) if (Number.isFinite(x[i])) union.add(x[i]!);
  const xs = [...union].sort((a, b) => a - b);
  if (xs.length <= 2 * longest || xs.length <= cells) return { x: xs, lines: merge(curves, xs) };
  const [from, to] = [xs[0]!, xs[xs.length - 1]!];
  const width = (to - from) / cells || 1;
  const grid = Array.from({ length: cells + 1 }, (_, i) => from + i * width);
  return { x: grid, lines: curves.map((curve) => snap(curve, grid, from, width)) };
}

function merge(curves: readonly Curve[], xs: number[]): Line[] {
  const index = new Map(xs.map((x, i) => [x, i]));
  return curves.map((curve) => {
    const line = blank(xs.length);
    for (let i = 0; i < curve.x.length; i++) put(line, index.get(curve.x[i]!), curve, i);
    return line;
  });
}

function snap(curve: Curve, grid: number[], from: number, width: number): Line {
  const line = blank(grid.length);
  for (let i = 0; i < curve.x.length; i++) put(line, Math.round((curve.x[i]! - from) / width), curve, i);
  return line;
}

function put(line: Line, at: number | undefined, curve: Curve, i: number): void {
  const value = curve.value[i]!;
  if (at === undefined || !Number.isFinite(at) || !Number.isFinite(value)) return;
  const [low, high] = [line.low[at], line.high[at]];
  line.value[at] = value;
  line.low[at] = low === null || low === undefined ? curve.low[i]! : Math.min(low, curve.low[i]!);
  line.high[at] = high === null || high === undefined ? curve.high[i]! : Math.max(high, curve.high[i]!);
}

function blank(length: number): Line {
  const none = () => new Array<number | null>(length).fill(null);
  return { value: none(), low: none(), high: none() };
}

/** Gaps between two points of a line closed along the straight line between them; its ends stay open. */
export function fill(values: readonly (number | null)[], x: readonly number[]): (number | null)[] {
  const filled = [...values];
  let last = -1;
  for (let i = 0; i < filled.length; i++) {
    if (values[i] === null) continue;
    if (last >= 0 && i - last > 1) {
      const [left, right] = [values[last]!, values[i]!];
      for (let gap = last + 1; gap < i; gap++) {
        filled[gap] = left + ((right - left) * (x[gap]! - x[last]!)) / (x[i]! - x[last]! || 1);
      }
    }
    last = i;
  }
  return filled;
}

export type Band = "range" | "deviation";

/** The mean of a group with its band: extremes of the members, or one standard deviation to each side. */
export function combine(lines: readonly Line[], x: readonly number[], band: Band): Line {
  const members = lines.map((line) => ({ value: fill(line.value, x), low: line.low, high: line.high }));
  const result = blank(x.length);
  for (let i = 0; i < x.length; i++) {
    let [count, sum, squares, low, high] = [0, 0, 0, Infinity, -Infinity];
    for (const member of members) {
      const value = member.value[i];
      if (value === null || value === undefined) continue;
      count++;
      sum += value;
      squares += value * value;
      low = Math.min(low, member.low[i] ?? value);
      high = Math.max(high, member.high[i] ?? value);
    }
    if (count === 0) continue;
    const mean = sum / count;
    const spread = Math.sqrt(Math.max(0, squares / count - mean * mean));
    result.value[i] = mean;
    result.low[i] = band === "range" ? low : mean - spread;
    result.high[i] = band === "range" ? high : mean + spread;
  }
  return result;
}
