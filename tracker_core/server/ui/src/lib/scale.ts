/** From values to places on a drawing, and the ticks beside them. */

import { decades } from "./decade";
import { tick } from "./format";
import type { Mark } from "./mark";

export type Scale = {
  at: (value: number) => number;
  /** The value at a place. */
  value: (place: number) => number;
  ticks: { at: number; label: string }[];
};

/** `low` may equal `high`; `count` is about how many ticks there are. */
export function linear(low: number, high: number, from: number, to: number, count = 5): Scale {
  if (!(low < high)) [low, high] = [low - (Math.abs(low) * 0.1 || 0.5), low + (Math.abs(low) * 0.1 || 0.5)];
  const at = (value: number) => from + ((value - low) / (high - low)) * (to - from);
  const step = nice((high - low) / Math.max(1, count));
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    ticks.push({ at: at(i * step), label: tick(i * step, step) });
  }
  return { at, value: (place) => low + ((place - from) / (to - from)) * (high - low), ticks };
}

/** Of positive values; what is not positive lies nowhere (NaN). */
export function logarithmic(low: number, high: number, from: number, to: number): Scale {
  if (!(low < high)) [low, high] = [low / 2, low * 2];
  const [bottom, top] = [Math.log10(low), Math.log10(high)];
  const at = (value: number) =>
    value > 0 ? from + ((Math.log10(value) - bottom) / (top - bottom)) * (to - from) : NaN;
  const ticks = decades(low, high).map((value) => ({ at: at(value), label: tick(value, value) }));
  return { at, value: (place) => 10 ** (bottom + ((place - from) / (to - from)) * (top - bottom)), ticks };
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
  const air = (high - low) * 0.05;
  const count = Math.abs(to - from) / (to < from ? 34 : 64); // upwards there is room for more
  if (zero)
    return linear(Math.min(0, low === 0 ? 0 : low < 0 ? low - air : 0), Math.max(0, high + air), from, to, count);
  return linear(low - air, high + air, from, to, count);
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

/** 1, 2 or 5 times a power of ten, at least `step`. */
function nice(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 5, 10].map((part) => part * power).find((it) => it >= step * (1 - 1e-9)) ?? step;
}
