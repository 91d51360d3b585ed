/** Points of a line: what was logged, or summaries of buckets of many points. */

/**
 * One entry for a logged point or a bucket. `x` and `step` are those of the bucket's first point; `value`, `lastX` and
 * `lastStep` those of its last one; `low` and `high` leave NaN out. `x` rises.
 */
export type Points = {
  x: Float64Array;
  lastX: Float64Array;
  step: Float64Array;
  lastStep: Float64Array;
  value: Float64Array;
  low: Float64Array;
  high: Float64Array;
  /** Points in each bucket; null where every entry is one point. */
  count: Float64Array | null;
  /** How many points of each bucket are NaN; null where every entry is one point. */
  nans: Float64Array | null;
};

/** Points that were logged one by one. */
export function single(x: Float64Array, step: Float64Array, value: Float64Array): Points {
  return { x, lastX: x, step, lastStep: step, value, low: value, high: value, count: null, nans: null };
}

/** The first index of a rising column that is not below `value`. */
export function lowerBound(column: ArrayLike<number>, value: number): number {
  let [low, high] = [0, column.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The entries of a stretch of the axis, with one more on each side: a line leaves the window towards it. */
export function within(points: Points, low: number, high: number): [number, number] {
  const from = Math.max(0, lowerBound(points.lastX, low) - 1);
  const to = Math.min(points.x.length - 1, lowerBound(points.x, high));
  return [from, to];
}

/** Entries in a stretch of the axis, none beside it. */
export function inside(points: Points, low: number, high: number): [number, number] {
  let to = lowerBound(points.x, high);
  if (points.x[to] !== high) to--;
  return [lowerBound(points.lastX, low), to];
}

/** The lowest and highest x of several lines; null without any point. */
export function extentOfX(all: readonly Points[]): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const { x, lastX } of all) {
    for (const end of [x[0], x.at(-1), lastX.at(-1)]) {
      if (end === undefined || !Number.isFinite(end)) continue;
      low = Math.min(low, end);
      high = Math.max(high, end);
    }
  }
  return low <= high ? [low, high] : null;
}
