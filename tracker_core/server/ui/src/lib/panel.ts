/** From fetched series to drawn lines: x-axis, smoothing, groups, outliers. */

import type { Axis, Drawn } from "./plot";
import { type Band, type Curve, type Series, align, combine, fill } from "./series";
import { csv as sheet } from "./sheet";
import { type Smoothing, smooth } from "./smooth";

export type Member = {
  key: string;
  name: string;
  color: string;
  created: number;
  group: string | null;
  dashed?: boolean;
};
export type Options = {
  x: string;
  smoothing: Smoothing;
  raw: boolean;
  band: Band;
  members: boolean;
  base: string;
  cells: number;
};

/** `members` in drawing order; those without a series draw nothing. With groups, one line per group. */
export function lines(
  series: readonly Series[],
  members: readonly Member[],
  options: Options,
): { x: number[]; lines: Drawn[] } {
  const known = new Map(series.map((it) => [it.run, it]));
  const shown = members.filter((member) => known.has(member.key));
  const curves = shown.map((member) => curve(known.get(member.key)!, member, options.x));
  const aligned = align(curves, options.cells);
  const grouped = shown.some((member) => member.group !== null);
  // The baseline is looked at beside the groups, not in one of them.
  const single = shown.map((member, i): Drawn => {
    const line = aligned.lines[i]!;
    const smoothed = options.smoothing.kind !== "none" && options.smoothing.amount > 0;
    const bucketed = known.get(member.key)!.bucketed;
    const base = runOf(member.key) === options.base;
    const inside = grouped && !base;
    const behind = options.raw && (smoothed || bucketed) && !inside;
    return {
      key: member.key,
      name: member.name,
      color: member.color,
      value: smoothed ? smooth(fill(line.value, aligned.x), options.smoothing) : line.value,
      low: behind ? (bucketed ? fill(line.low, aligned.x) : line.value) : null,
      high: behind ? (bucketed ? fill(line.high, aligned.x) : line.value) : null,
      width: inside ? 1 : base ? 2.4 : 1.5,
      faint: inside,
      dashed: base || member.dashed === true,
    };
  });
  if (!grouped) return { x: aligned.x, lines: single };
  return {
    x: aligned.x,
    lines: [
      ...single.filter((line) => options.members || !line.faint),
      ...groups(shown, aligned.x, aligned.lines, options),
    ],
  };
}

function groups(
  members: readonly Member[],
  x: number[],
  all: ReturnType<typeof align>["lines"],
  options: Options,
): Drawn[] {
  const names = [...new Set(members.flatMap((member) => member.group ?? []))];
  return names.map((name) => {
    const of = members.flatMap((member, i) => (member.group === name ? [i] : []));
    const line = combine(
      of.map((i) => all[i]!),
      x,
      options.band,
    );
    return {
      key: `group:${name}`,
      name: `${name} (${of.length})`,
      color: members[of[0]!]!.color,
      value: smooth(line.value, options.smoothing),
      low: line.low,
      high: line.high,
      width: 2,
      faint: false,
      dashed: false,
    };
  });
}

const SEPARATOR = "\n";

/** Several metrics in one panel: a line for each run and metric, with keys that name both. */
export function spread(
  found: readonly Series[],
  members: readonly Member[],
  metrics: readonly string[],
): { series: readonly Series[]; members: readonly Member[] } {
  if (metrics.length < 2) return { series: found, members };
  const key = (run: string, metric: string) => run + SEPARATOR + metric;
  return {
    series: found.map((it) => ({ ...it, run: key(it.run, it.metric) })),
    members: metrics.flatMap((metric, i) =>
      members.map((member) => ({
        ...member,
        key: key(member.key, metric),
        name: `${member.name} · ${metric}`,
        group: member.group === null ? null : `${member.group} · ${metric}`,
        dashed: i > 0,
      })),
    ),
  };
}

/** The run that a line stands for. */
export const runOf = (key: string) => key.split(SEPARATOR, 1)[0]!;

/** The baseline's line of the metric that a line shows. */
export function beside(key: string, base: string): string {
  const metric = key.split(SEPARATOR)[1];
  return metric === undefined ? base : base + SEPARATOR + metric;
}

function curve(series: Series, member: Member, x: string): Curve {
  const { value, low, high } = series;
  const axis = x === "relative" ? series.x.map((time) => time - member.created) : series.x;
  return { x: axis, value, low, high };
}

export function axis(x: string): Axis {
  return x === "step" || x === "relative" || x === "wall" ? x : "number";
}

/** The y-range that leaves out the most extreme 1 % at each end. */
export function clipped(drawn: readonly Drawn[]): [number, number] | null {
  const values = drawn.flatMap((line) =>
    line.value.filter((value) => value !== null && Number.isFinite(value)),
  ) as number[];
  if (values.length < 20) return null;
  values.sort((a, b) => a - b);
  const low = values[Math.floor(values.length * 0.01)]!;
  const high = values[Math.ceil(values.length * 0.99) - 1]!;
  const air = (high - low) * 0.08 || 1;
  return [low - air, high + air];
}

/** One row per x, one column per line; what people paste into a sheet. */
export function csv(x: readonly number[], drawn: readonly Drawn[], axisName: string): string {
  const rows = x.map((at, i) => [at, ...drawn.map((line) => line.value[i])]);
  return sheet([axisName, ...drawn.map((line) => line.name)], rows);
}

/** The chart as a standing picture in vector form. */
export function svg(
  title: string,
  x: readonly number[],
  drawn: readonly Drawn[],
  size = { width: 800, height: 420 },
): string {
  const ys = drawn.flatMap((line) =>
    line.value.filter((value) => value !== null && Number.isFinite(value)),
  ) as number[];
  const [[x0, x1], [y0, y1]] = [extent(x), extent(ys)];
  const [left, top, right, bottom] = [70, 40, size.width - 20, size.height - 40];
  const px = (value: number) => (left + ((value - x0) / (x1 - x0 || 1)) * (right - left)).toFixed(2);
  const py = (value: number) => (bottom - ((value - y0) / (y1 - y0 || 1)) * (bottom - top)).toFixed(2);
  const text = (at: [number, number], anchor: string, it: string) =>
    `<text x="${at[0]}" y="${at[1]}" text-anchor="${anchor}" font-family="sans-serif" font-size="12" fill="#555">${escape(it)}</text>`;
  const paths = drawn.map((line) => {
    const points = line.value.flatMap((value, i) =>
      value === null || !Number.isFinite(value) ? [] : [`${px(x[i]!)},${py(value)}`],
    );
    return `<polyline fill="none" stroke="${line.color}" stroke-width="${line.width}" points="${points.join(" ")}"><title>${escape(line.name)}</title></polyline>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}">`,
    `<rect width="100%" height="100%" fill="#fff"/><path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="#ccc"/>`,
    text([left, 24], "start", title),
    text([left, bottom + 20], "middle", String(x0)),
    text([right, bottom + 20], "end", String(x1)),
    text([left - 8, bottom], "end", y0.toPrecision(4)),
    text([left - 8, top + 8], "end", y1.toPrecision(4)),
    ...paths,
    "</svg>",
  ].join("\n");
}

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (it) => `&#${it.charCodeAt(0)};`);
}
