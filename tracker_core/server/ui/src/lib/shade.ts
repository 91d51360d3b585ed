/** Colours for values: few different ones get one each, numbers run from dark blue to yellow. */

import { PALETTE } from "./color";
import { number } from "./format";
import { extent } from "./scale";
import { text } from "./table";

/** From violet over green to yellow, in steps of lightness that eyes see which see no red; legible on paper and on black. */
const STOPS = ["#6a4fb3", "#4f6bd0", "#2f8fb8", "#21a585", "#5bbf4e", "#a8cf2e", "#f2d21b"];
const FEW = 8;

export type Shades = {
  of: (cell: unknown) => string;
  /** What the colours mean, in order. */
  legend: { color: string; label: string }[];
};

export function shades(column: readonly unknown[]): Shades {
  const present = column.filter((cell) => cell !== null && cell !== undefined);
  const names = [...new Set(present.map(text))];
  const numeric = present.every((cell) => typeof cell === "number");
  if (numeric && names.length > FEW) {
    const [low, high] = extent(present as number[]);
    const of = (cell: unknown) => (typeof cell === "number" ? ramp((cell - low) / (high - low || 1)) : MISSING);
    return {
      of,
      legend: [0, 0.5, 1].map((share) => ({ color: ramp(share), label: number(low + share * (high - low)) })),
    };
  }
  if (numeric) names.sort((a, b) => Number(a) - Number(b));
  else names.sort();
  const places = new Map(names.map((name, i) => [name, PALETTE[i % PALETTE.length]!]));
  const of = (cell: unknown) => places.get(text(cell)) ?? MISSING;
  return {
    of,
    legend: names
      .slice(0, 12)
      .map((name) => ({ color: places.get(name)!, label: numeric ? number(Number(name)) : name })),
  };
}

const MISSING = "#8a8f98";

/** The colour at a share of the way from the first to the last stop. */
export function ramp(share: number): string {
  const place = Math.max(0, Math.min(1, Number.isFinite(share) ? share : 0)) * (STOPS.length - 1);
  const first = Math.min(STOPS.length - 2, Math.floor(place));
  const [left, right] = [channels(STOPS[first]!), channels(STOPS[first + 1]!)];
  const mixed = left.map((channel, i) => Math.round(channel + (right[i]! - channel) * (place - first)));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

/** Whether dark ink reads better on it than light ink. */
export function isLight(color: string): boolean {
  const [red, green, blue] = channels(color);
  return 0.299 * red! + 0.587 * green! + 0.114 * blue! > 150;
}

function channels(color: string): number[] {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
}
