/**
 * Which parameters decide about a metric: Pearson's correlation, and how much each lowers the error in a forest of
 * regression trees, which also sees bends, thresholds, names and what only matters together.
 */

import { text } from "./table";

export type Importance = {
  column: string;
  /** Share of the forest's gain, all together 1. */
  importance: number;
  /** From -1 to 1; null for a column of names. */
  correlation: number | null;
};

const TREES = 40;
const DEPTH = 7;
const SMALLEST = 2;
const CUTS = 24;
const MOST_ROWS = 2000;

/** `target` has a number for each run, NaN where it has none. Columns that never change are left out. Same data, same answer. */
export function importances(columns: ReadonlyMap<string, readonly unknown[]>, target: readonly number[]): Importance[] {
  const rows = sample(target.flatMap((value, row) => (Number.isFinite(value) ? [row] : [])));
  const y = rows.map((row) => target[row]!);
  const features = [...columns].flatMap(([column, cells]) => {
    const own = rows.map((row) => cells[row]);
    const different = new Set(own.map(text)).size;
    if (different < 2) return [];
    const numeric = own.every((cell) => typeof cell === "number" || cell === null || cell === undefined);
    // A path or a name that every run has of its own explains everything and nothing.
    if (!numeric && different > Math.max(2, rows.length / 2)) return [];
    return [{ column, numeric, values: numeric ? own.map(numberOf) : byMean(own, y) }];
  });
  if (rows.length < 3 || features.length === 0) return [];
  const gains = forest(
    features.map((it) => it.values),
    y,
  );
  const total = gains.reduce((sum, gain) => sum + gain, 0) || 1;
  return features
    .map(({ column, numeric, values }, i) => ({
      column,
      importance: gains[i]! / total,
      correlation: numeric ? correlation(values, y) : null,
    }))
    .sort((a, b) => b.importance - a.importance);
}

export function correlation(x: readonly number[], y: readonly number[]): number | null {
  const rows = x.flatMap((value, i) => (Number.isFinite(value) && Number.isFinite(y[i]) ? [i] : []));
  if (rows.length < 2) return null;
  const mean = (values: readonly number[]) => rows.reduce((sum, row) => sum + values[row]!, 0) / rows.length;
  const [mx, my] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (const row of rows) {
    const [dx, dy] = [x[row]! - mx, y[row]! - my];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}

/** The gain of each feature: how much of the squared error its splits take away, over all trees. */
function forest(features: readonly (readonly number[])[], y: readonly number[]): number[] {
  const gains = features.map(() => 0);
  const chance = random(1);
  const tried = Math.max(1, Math.ceil(features.length * 0.6));
  for (let tree = 0; tree < TREES; tree++) {
    const rows = y.map(() => Math.floor(chance() * y.length));
    grow(features, y, rows, 0, gains, chance, tried);
  }
  return gains;
}

function grow(
  features: readonly (readonly number[])[],
  y: readonly number[],
  rows: readonly number[],
  depth: number,
  gains: number[],
  chance: () => number,
  tried: number,
): void {
  if (depth === DEPTH || rows.length < 2 * SMALLEST) return;
  const order = features.map((_, i) => i);
  for (let i = 0; i < tried; i++) {
    const j = i + Math.floor(chance() * (order.length - i));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  let best = { gain: 1e-12, feature: -1, cut: 0 };
  for (const feature of order.slice(0, tried)) {
    const found = split(features[feature]!, y, rows);
    if (found.gain > best.gain) best = { ...found, feature };
  }
  if (best.feature < 0) return;
  gains[best.feature]! += best.gain;
  const values = features[best.feature]!;
  for (const side of [
    rows.filter((row) => values[row]! <= best.cut),
    rows.filter((row) => !(values[row]! <= best.cut)),
  ]) {
    grow(features, y, side, depth + 1, gains, chance, tried);
  }
}

/** The cut that lowers the squared error most. Cells without a number go to the upper side. */
function split(
  values: readonly number[],
  y: readonly number[],
  rows: readonly number[],
): { gain: number; cut: number } {
  const sorted = [...rows].sort((a, b) => key(values[a]!) - key(values[b]!));
  const total = rows.reduce((sum, row) => sum + y[row]!, 0);
  const every = Math.max(1, Math.floor(sorted.length / CUTS));
  let best = { gain: 0, cut: 0 };
  let sum = 0;
  for (let i = 0; i < sorted.length - SMALLEST; i++) {
    sum += y[sorted[i]!]!;
    const [here, next] = [values[sorted[i]!]!, values[sorted[i + 1]!]!];
    if (here === next || i + 1 < SMALLEST || (i % every !== 0 && sorted.length > 4 * CUTS)) continue;
    if (!Number.isFinite(here)) break;
    const [left, right] = [i + 1, sorted.length - i - 1];
    const gain = sum ** 2 / left + (total - sum) ** 2 / right - total ** 2 / sorted.length;
    if (gain > best.gain) best = { gain, cut: Number.isFinite(next) ? (here + next) / 2 : here };
  }
  return best;
}

const key = (value: number) => (Number.isNaN(value) ? Infinity : value);

function numberOf(cell: unknown): number {
  return typeof cell === "number" ? cell : NaN;
}

/** Names by the mean of their runs: the best order for a tree that cuts in two (Breiman et al., 1984, theorem 4.5). */
function byMean(cells: readonly unknown[], y: readonly number[]): number[] {
  const sums = new Map<string, [number, number]>();
  cells.forEach((cell, i) => {
    const [sum, count] = sums.get(text(cell)) ?? [0, 0];
    sums.set(text(cell), [sum + y[i]!, count + 1]);
  });
  return cells.map((cell) => {
    const [sum, count] = sums.get(text(cell))!;
    return sum / count;
  });
}

/** Evenly chosen rows where there are very many. */
function sample(rows: readonly number[]): number[] {
  const every = Math.ceil(rows.length / MOST_ROWS);
  return every > 1 ? rows.filter((_, i) => i % every === 0) : [...rows];
}

/** Mulberry32: the same numbers for the same seed. */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let value = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}
