/** What lies under the pointer: of each line the logged point next to it, or the points that its pixel covers. */

import type { Drawn } from "./drawn";
import { lowerBound } from "./points";

export type Hit = {
  line: Drawn;
  /** The first and the last entry that the pixel covers. */
  from: number;
  to: number;
  /** Where the line has its dot, in pixels of the page; `y` is NaN for what is not finite. */
  x: number;
  y: number;
  /** How far the pointer is along the axis. */
  away: number;
};

export type Positions = { x: (value: number) => number; y: (value: number) => number };

/** A line ends where its points do, give or take so many pixels. */
const REACH = 6;

/** `left` is the pointer in pixels of the page, `at` the value of the axis there. Null beyond the ends of the line. */
export function hit(line: Drawn, left: number, at: number, { x: across, y: down }: Positions): Hit | null {
  const { x, lastX } = line.points;
  const size = x.length;
  if (size === 0) return null;
  const next = lowerBound(lastX, at);
  const away = (i: number) => {
    const [start, end] = [across(x[i]!), across(lastX[i]!)];
    return left < start ? start - left : left > end ? left - end : 0;
  };
  const candidates = [next - 1, next].filter((i) => i >= 0 && i < size && !Number.isNaN(away(i)));
  if (candidates.length === 0) return null;
  const i = candidates.reduce((best, other) => (away(other) < away(best) ? other : best));
  const beyond = (i === 0 && left < across(x[0]!)) || (i === size - 1 && left > across(lastX[i]!));
  if (beyond && away(i) > REACH) return null;
  const pixel = Math.round(across(lastX[i]!));
  let [from, to] = [i, i];
  while (from > 0 && Math.round(across(lastX[from - 1]!)) === pixel) from--;
  while (to < size - 1 && Math.round(across(lastX[to + 1]!)) === pixel) to++;
  return { line, from, to, x: across(lastX[to]!), y: down(line.line[to]!), away: away(i) };
}

/** What was logged there: one point, or the extremes of `count` points of which `nans` are NaN. */
export type Told = {
  count: number;
  nans: number;
  /** NaN where every point is. */
  low: number;
  high: number;
  /** The last of the points. */
  value: number;
  firstStep: number;
  lastStep: number;
  firstX: number;
  lastX: number;
};

export function told({ line: { points }, from, to }: Hit): Told {
  const { count, nans, low, high, value, step, lastStep, x, lastX } = points;
  const sum: Told = {
    count: 0,
    nans: 0,
    low: NaN,
    high: NaN,
    value: value[to]!,
    firstStep: step[from]!,
    lastStep: lastStep[to]!,
    firstX: x[from]!,
    lastX: lastX[to]!,
  };
  for (let i = from; i <= to; i++) {
    sum.count += count?.[i] ?? 1;
    sum.nans += nans?.[i] ?? (Number.isNaN(value[i]) ? 1 : 0);
    if (!(sum.low <= low[i]!) && !Number.isNaN(low[i])) sum.low = low[i]!;
    if (!(sum.high >= high[i]!) && !Number.isNaN(high[i])) sum.high = high[i]!;
  }
  return sum;
}

/** The hit whose line is nearest in height, within `reach` pixels; null where none is. */
export function nearest(hits: readonly Hit[], top: number, reach: number): Hit | null {
  let best: Hit | null = null;
  for (const it of hits) {
    const distance = Math.abs(it.y - top);
    if (distance <= reach && (best === null || distance < Math.abs(best.y - top))) best = it;
  }
  return best;
}
