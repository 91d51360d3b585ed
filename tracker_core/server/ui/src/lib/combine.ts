/** The line of a group of runs: the mean of its members, with a band around it. */

import type { Points } from "./points";

export type Band = "range" | "deviation";

/** `runs`: how many members each mean is of. */
export type Combined = { points: Points; runs: Float64Array };

/** One member on the group's axis; null where it has no point, NaN where the value is not finite. */
type Line = { value: (number | null)[]; low: (number | null)[]; high: (number | null)[] };

/**
 * Between two of its points a member counts with the value on the straight line between them; before its first point,
 * after its last one and beside a value that is not finite it does not count. Where members have few x in common, those
 * of a cell, of `cells` over the whole axis, stand at the first of them: every x is one that was logged.
 */
export function combine(members: readonly Points[], band: Band, cells: number): Combined {
  const axis = commonAxis(members, cells);
  const lines = members.map((member) => place(member, axis));
  const filled = lines.map((line) => fill(line.value, axis.x));
  const size = axis.x.length;
  const columns = Array.from({ length: 5 }, () => new Float64Array(size).fill(NaN));
  const [value, low, high, runs, nans] = columns as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < size; i++) {
    // Means that move: those of equal values are exactly that value.
    let [count, mean, squares, bottom, top, missing] = [0, 0, 0, Infinity, -Infinity, 0];
    for (const [at, line] of lines.entries()) {
      if (line.value[i] !== null && !Number.isFinite(line.value[i])) missing++;
      const it = filled[at]![i];
      if (it === null || it === undefined || !Number.isFinite(it)) continue;
      count++;
      const away = it - mean;
      mean += away / count;
      squares += away * (it - mean);
      bottom = Math.min(bottom, line.low[i] ?? it);
      top = Math.max(top, line.high[i] ?? it);
    }
    [runs[i], nans[i]] = [count, missing];
    if (count === 0) continue;
    const spread = Math.sqrt(squares / count);
    value[i] = mean;
    [low[i], high[i]] = band === "range" ? [bottom, top] : [mean - spread, mean + spread];
  }
  const x = Float64Array.from(axis.x);
  return { points: { x, lastX: x, step: x, lastStep: x, value, low, high, count: null, nans }, runs };
}

/** `index` gives the place of an x. */
type Axis = { x: number[]; index: (x: number) => number };

function commonAxis(members: readonly Points[], cells: number): Axis {
  const longest = members.reduce((most, { x }) => Math.max(most, x.length), 0);
  const union = new Set<number>();
  for (const { lastX } of members) for (const x of lastX) if (Number.isFinite(x)) union.add(x);
  const all = Float64Array.from(union).sort();
  if (all.length <= 2 * longest || all.length <= cells) {
    const places = new Map(Array.from(all, (x, i) => [x, i]));
    return { x: [...all], index: (x) => places.get(x) ?? -1 };
  }
  const [from, to] = [all[0]!, all[all.length - 1]!];
  const cell = (x: number) => Math.min(cells - 1, Math.floor(((x - from) / (to - from)) * cells));
  const places = new Map<number, number>();
  const x: number[] = [];
  for (const it of all) {
    if (places.has(cell(it))) continue;
    places.set(cell(it), x.length);
    x.push(it);
  }
  return { x, index: (it) => (Number.isFinite(it) ? places.get(cell(it))! : -1) };
}

function place({ lastX, value, low, high }: Points, { x, index }: Axis): Line {
  const none = () => new Array<number | null>(x.length).fill(null);
  const line: Line = { value: none(), low: none(), high: none() };
  for (let i = 0; i < lastX.length; i++) {
    const at = index(lastX[i]!);
    if (at < 0) continue;
    line.value[at] = value[i]!;
    if (Number.isFinite(low[i])) line.low[at] = Math.min(line.low[at] ?? Infinity, low[i]!);
    if (Number.isFinite(high[i])) line.high[at] = Math.max(line.high[at] ?? -Infinity, high[i]!);
  }
  return line;
}

/** Gaps between two finite points of a line closed along the straight line between them; its ends stay open. */
export function fill(values: readonly (number | null)[], x: readonly number[]): (number | null)[] {
  const filled = [...values];
  let last = -1;
  for (let i = 0; i < filled.length; i++) {
    const value = values[i]!;
    if (value === null) continue;
    if (!Number.isFinite(value)) {
      last = -1;
      continue;
    }
    if (last >= 0 && i - last > 1) {
      const left = values[last]!;
      for (let gap = last + 1; gap < i; gap++) {
        filled[gap] = left + ((value - left) * (x[gap]! - x[last]!)) / (x[i]! - x[last]!);
      }
    }
    last = i;
  }
  return filled;
}
