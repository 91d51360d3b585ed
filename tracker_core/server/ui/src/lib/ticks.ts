/** Positions and labels of axis ticks. Labels of different ticks always differ. */

import { decades } from "./decade";
import { grouped, minus, trim } from "./format";

/** 1, 2 or 5 times a power of ten, at least `step`. */
export function niceStep(step: number): number {
  const exponent = Math.floor(Math.log10(step));
  const parts = [1, 2, 5, 10].map((part) => Number(`${part}e${exponent}`));
  return parts.find((it) => it >= step * (1 - 1e-9)) ?? step;
}

/** About `count` multiples of a nice step within the range, two at least; whole numbers only with `whole`. */
export function linearTicks(low: number, high: number, count: number, whole = false): number[] {
  for (let parts = Math.max(1, count); parts < 40 * Math.max(1, count); parts *= 1.6) {
    const step = niceStep(high / parts - low / parts);
    const ticks = multiples(low, high, whole ? Math.max(1, step) : step);
    if (ticks.length > 1 || (whole && step <= 1)) return ticks;
  }
  return [];
}

function multiples(low: number, high: number, step: number): number[] {
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  if (!(last - first < 1000)) return [];
  return Array.from({ length: last - first + 1 }, (_, i) => multiple(first + i, step));
}

/** Ticks of a logarithmic axis; within about one decade they are evenly spaced values. `low` > 0. */
export function logTicks(low: number, high: number, count: number, whole = false): number[] {
  const ticks = decades(low, high).filter((tick) => !whole || Number.isInteger(tick));
  return ticks.length > 2 ? ticks : linearTicks(low, high, count, whole);
}

/** Labels of rising ticks, as short as the distance between them allows. */
export function tickLabels(ticks: readonly number[]): string[] {
  const sizes = ticks.filter((tick) => tick !== 0).map(Math.abs);
  // Over several decades every label has the digits of its own tick.
  if (ticks.length > 1 && ticks.every((tick) => tick > 0) && Math.max(...sizes) > 20 * Math.min(...sizes)) {
    return ticks.map((tick, i) => label([tick], [distance(ticks, i)])[0]!);
  }
  return label(
    ticks,
    ticks.map((_, i) => distance(ticks, i)),
  );
}

const DURATION_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000,
];

/** Ticks of an axis of seconds, at round minutes, hours and days. */
export function durationTicks(low: number, high: number, count: number): number[] {
  const least = (high - low) / Math.max(1, count);
  const step = least < 1 || least > 864000 ? 0 : DURATION_STEPS.find((it) => it >= least)!;
  if (step === 0) return linearTicks(low, high, count);
  return multiples(low, high, step);
}

/** `0`, `30s`, `1m 30s`, `2h`, `2h 0m 30s`, `3d 4h`, `12.5s`: every part down to the smallest that ticks differ in. */
export function durationLabels(ticks: readonly number[]): string[] {
  const step = ticks.length > 1 ? Math.abs(ticks[1]! - ticks[0]!) : 0;
  return ticks.map((tick) => {
    const size = Math.abs(tick);
    const seconds = step >= 1 || step === 0 ? Math.round(size) : Math.floor(size + step * 1e-6);
    const parts: [number, string][] = [
      [Math.floor(seconds / 86400), "d"],
      [Math.floor(seconds / 3600) % 24, "h"],
      [Math.floor(seconds / 60) % 60, "m"],
      [seconds % 60, "s"],
    ];
    const fraction = size - seconds;
    if (step > 0 && step < 1) {
      const digits = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)) + (isPower(step) ? 0 : 1));
      parts[3] = [Number(((seconds % 60) + fraction).toFixed(digits)), "s"];
    }
    const first = parts.findIndex(([count]) => count > 0);
    if (first < 0) return "0";
    const last = parts.findLastIndex(([count]) => count > 0);
    const text = parts.slice(first, last + 1).map(([count, unit]) => `${trim(String(count))}${unit}`);
    return (tick < 0 ? "−" : "") + text.join(" ");
  });
}

const UNITS = [
  [12, "T"],
  [9, "G"],
  [6, "M"],
  [3, "k"],
] as const;

/** With more digits than these a unit is harder to read than the whole number. */
const UNIT_DIGITS = 4;

function label(ticks: readonly number[], distances: readonly number[]): string[] {
  const places = Math.max(...ticks.map((tick, i) => decimalPlaces(tick, distances[i]!)));
  const largest = Math.max(...ticks.map(Math.abs));
  const digits = largest === 0 ? 1 : exponentOf(largest) + 1 + places;
  return ticks.map((tick) => {
    if (tick === 0) return "0";
    const exponent = exponentOf(Math.abs(tick));
    if (largest >= 1e15 || largest < 1e-4) return exponential(tick, Math.max(0, exponent + places));
    const unit = digits <= UNIT_DIGITS ? UNITS.find(([power]) => exponent >= power) : undefined;
    if (!unit) return minus(grouped(trim(tick.toFixed(clamp(places, 0, 20)))));
    return minus(trim((tick / 10 ** unit[0]).toFixed(clamp(places + unit[0], 0, 20)))) + unit[1];
  });
}

function exponential(value: number, digits: number): string {
  return minus(trim(value.toExponential(clamp(digits, 0, 17))).replace("e+", "e"));
}

/** Digits behind the point (negative: zeros before it) that tell the tick apart from a neighbour at `distance`. */
function decimalPlaces(tick: number, distance: number): number {
  if (tick === 0) return -Infinity;
  for (let digits = 1; digits < 17; digits++) {
    if (Math.abs(Number(tick.toPrecision(digits)) - tick) <= distance * 1e-3) return digits - 1 - exponentOf(tick);
  }
  return 16 - exponentOf(tick);
}

const exponentOf = (value: number) => Number(value.toExponential().split("e")[1]);

function distance(ticks: readonly number[], i: number): number {
  const near = [ticks[i - 1], ticks[i + 1]].flatMap((it) => (it === undefined ? [] : [Math.abs(it - ticks[i]!)]));
  return near.length ? Math.min(...near) : Math.abs(ticks[i]!) * 1e-3;
}

/** `count` times `step` without the rounding error of the product: 3 × 0.1 is 0.3. */
function multiple(count: number, step: number): number {
  const [digits, exponent] = step.toExponential().split("e");
  return count === 0 ? 0 : Number(`${count * Number(digits)}e${exponent}`);
}

const isPower = (step: number) => step.toExponential().startsWith("1e");
const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
