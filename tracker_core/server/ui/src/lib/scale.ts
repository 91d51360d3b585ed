/** From values to places on a drawing, and the ticks beside them. */

import type { Mark } from "./mark";
import { linearTicks, logTicks, tickLabels } from "./ticks";

export type Scale = {
  at: (value: number) => number;
  /** The value at a place. */
  value: (place: number) => number;
  ticks: { at: number; label: string }[];
};

/** Values that differ by less than this share of their size differ by rounding errors only. */
const ROUNDING = 1e-13;

/** A range that can be drawn: around values that are equal but for rounding, a tenth of their size to each side. */
export function spanned(low: number, high: number): [number, number] {
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > size * ROUNDING) return [low, high];
  const air = size * 0.1 || 0.5;
  return [Math.max(low - air, -Number.MAX_VALUE), Math.min(high + air, Number.MAX_VALUE)];
}

/** Some room around a range, which stays finite. */
export function padded(low: number, high: number, share: number): [number, number] {
  const [bottom, top] = spanned(low, high);
  if (bottom !== low || top !== high) return [bottom, top];
  const air = high * share - low * share;
  return [Math.max(low - air, -Number.MAX_VALUE), Math.min(high + air, Number.MAX_VALUE)];
}

/** `low` may equal `high`; `count` is about how many ticks there are. */
export function linear(low: number, high: number, from: number, to: number, count = 5): Scale {
  [low, high] = spanned(low, high);
  const half = high / 2 - low / 2; // the whole may be more than a number can hold
  const at = (value: number) => from + ((value / 2 - low / 2) / half) * (to - from);
  const ticks = linearTicks(low, high, count);
  return {
    at,
    value: (place) => low + ((place - from) / (to - from)) * half * 2,
    ticks: labelled(ticks, at),
  };
}

/** Of positive values; what is not positive lies nowhere (NaN). */
export function logarithmic(low: number, high: number, from: number, to: number): Scale {
  if (!(low < high)) [low, high] = [low / 2, low * 2];
  const [bottom, top] = [Math.log10(low), Math.log10(high)];
  const at = (value: number) =>
    value > 0 ? from + ((Math.log10(value) - bottom) / (top - bottom)) * (to - from) : NaN;
  const ticks = labelled(logTicks(low, high, Math.abs(to - from) / 34), at);
  return { at, value: (place) => 10 ** (bottom + ((place - from) / (to - from)) * (top - bottom)), ticks };
}

function labelled(ticks: readonly number[], at: (value: number) => number): Scale["ticks"] {
  const labels = tickLabels(ticks);
  return ticks.map((tick, i) => ({ at: at(tick), label: labels[i]! }));
}

/** Names in equal steps; `at` takes the place in the list. */
export function names(labels: readonly string[], from: number, to: number): Scale {
  const step = (to - from) / Math.max(1, labels.length);
  const at = (index: number) => from + (index + 0.5) * step;
  const every = Math.max(1, Math.ceil(11 / Math.abs(step)));
  const ticks = labels.flatMap((label, i) => (i % every === 0 ? [{ at: at(i), label }] : []));
  return { at, value: (place) => Math.floor((place - from) / step), ticks };
}

/** The scale that fits the values: with some air, logarithmic where asked for and possible. */
export function fit(values: readonly number[], from: number, to: number, log = false, zero = false): Scale {
  const [low, high] = extent(log ? values.filter((value) => value > 0) : values);
  if (log && low > 0 && Number.isFinite(low)) return logarithmic(low / 1.1, high * 1.1, from, to);
  if (!Number.isFinite(low)) return linear(0, 1, from, to);
  const count = Math.abs(to - from) / (to < from ? 34 : 64); // upwards there is room for more
  const [bottom, top] = padded(low, high, 0.05);
  if (zero) return linear(low < 0 ? bottom : 0, high > 0 ? top : 0, from, to, count);
  return linear(bottom, top, from, to, count);
}

export function extent(values: Iterable<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

export type Frame = { left: number; top: number; right: number; bottom: number };

/** The room between the axes of a drawing. `labels` are those of the y-axis, `right` what stands on its right side. */
export function inside(width: number, height: number, labels: readonly string[], right = 14): Frame {
  const longest = labels.reduce((most, label) => Math.max(most, label.length), 2);
  return { left: Math.min(width * 0.4, 30 + 6.2 * longest), top: 10, right: width - right, bottom: height - 40 };
}

/** Axes with their grid and their names. */
export function axes(frame: Frame, x: Scale, y: Scale, xname: string, yname: string): Mark[] {
  const { left, top, right, bottom } = frame;
  const room = (right - left) / Math.max(1, x.ticks.length);
  return [
    ...y.ticks.flatMap(({ at, label }): Mark[] => [
      { kind: "line", points: [left, at, right, at], color: "grid" },
      { kind: "text", x: left - 7, y: at, text: label, anchor: "end", color: "faint", room: left - 18 },
    ]),
    ...x.ticks.map(({ at }): Mark => ({ kind: "line", points: [at, top, at, bottom], color: "grid" })),
    ...apart(x.ticks).map(({ at, label }): Mark => ({
      kind: "text",
      x: at,
      y: bottom + 12,
      text: label,
      anchor: "middle",
      color: "faint",
      room: Math.max(46, room),
    })),
    {
      kind: "text",
      x: (left + right) / 2,
      y: bottom + 29,
      text: xname,
      anchor: "middle",
      color: "soft",
      room: right - left,
    },
    {
      kind: "text",
      x: 8,
      y: (top + bottom) / 2,
      text: yname,
      anchor: "middle",
      color: "soft",
      turned: true,
      room: bottom - top,
    },
  ];
}

/** Labels that do not run into each other. */
function apart(ticks: Scale["ticks"]): Scale["ticks"] {
  let end = -Infinity;
  return ticks.filter(({ at, label }) => {
    const half = 3.1 * Math.min(label.length, 9) + 3;
    if (at - half < end) return false;
    end = at + half;
    return true;
  });
}
