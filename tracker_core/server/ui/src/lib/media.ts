/** Media over steps: what stands at a step, and how a histogram is drawn. */

import type { MediaSeries, MediaValue } from "./wire";

/** Every step at which any of the keys has something, rising. */
export function steps(series: readonly MediaSeries[]): number[] {
  return [...new Set(series.flatMap((it) => it.steps))].sort((a, b) => a - b);
}

/** What was logged last at or before `step`; null before the first. */
export function at(series: MediaSeries, step: number): { step: number; value: MediaValue } | null {
  let [low, high] = [0, series.steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (series.steps[middle]! <= step) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : { step: series.steps[low - 1]!, value: series.values[low - 1]! };
}

export type Bar = { from: number; to: number; count: number };

/** The bars of a histogram with equal bins (`packedBins`) or with given edges (`bins`); none for what is no histogram. */
export function bars(value: MediaValue): Bar[] {
  const counts = numbers(value["values"]);
  const packed = value["packedBins"] as { min?: unknown; size?: unknown } | undefined;
  const edges = packed
    ? counts
        .map((_, i) => Number(packed.min) + i * Number(packed.size))
        .concat(Number(packed.min) + counts.length * Number(packed.size))
    : numbers(value["bins"]);
  if (edges.length !== counts.length + 1 || edges.some((edge) => !Number.isFinite(edge))) return [];
  return counts.map((count, i) => ({ from: edges[i]!, to: edges[i + 1]!, count }));
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}
