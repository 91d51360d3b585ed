/** From fetched series to drawn lines: x-axis, smoothing, groups, outliers. */

import { type Band, combine } from "./combine";
import type { Drawn } from "./drawn";
import type { Axis } from "./plot";
import type { Points } from "./points";
import { extent, padded, spanned } from "./scale";
import type { Series } from "./series";
import { csv as sheet } from "./sheet";
import { type Smoothing, smooth } from "./smooth";
import { tickLabels } from "./ticks";

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
export function lines(series: readonly Series[], members: readonly Member[], options: Options): Drawn[] {
  const known = new Map(series.map((it) => [it.run, it]));
  const shown = members.flatMap((member) => {
    const found = known.get(member.key);
    return found ? [{ member, points: over(found, member, options.x) }] : [];
  });
  const grouped = shown.some(({ member }) => member.group !== null);
  // The baseline is looked at beside the groups, not in one of them.
  const single = shown.map(({ member, points }): Drawn => {
    const base = runOf(member.key) === options.base;
    const inside = grouped && !base;
    return {
      key: member.key,
      name: member.name,
      color: member.color,
      points,
      ...smoothed(points, options),
      behind: !options.raw || inside ? "none" : points.count ? "envelope" : smooths(options) ? "raw" : "none",
      runs: null,
      width: inside ? 1 : base ? 2.4 : 1.5,
      faint: inside,
      dashed: base || member.dashed === true,
    };
  });
  if (!grouped) return single;
  return [...single.filter((line) => options.members || !line.faint), ...groups(shown, options)];
}

function groups(shown: readonly { member: Member; points: Points }[], options: Options): Drawn[] {
  const names = [...new Set(shown.flatMap(({ member }) => member.group ?? []))];
  return names.map((name): Drawn => {
    const of = shown.filter(({ member }) => member.group === name);
    const { points, runs } = combine(
      of.map((it) => it.points),
      options.band,
      options.cells,
    );
    return {
      key: `group:${name}`,
      name: `${name} (${of.length})`,
      color: of[0]!.member.color,
      points,
      ...smoothed(points, options),
      behind: "envelope",
      runs,
      width: 2,
      faint: false,
      dashed: of[0]!.member.dashed === true,
    };
  });
}

const smooths = ({ smoothing }: Options) => smoothing.kind !== "none" && smoothing.amount > 0;

/** A line is smoothed over its own points, whatever others are drawn beside it. */
function smoothed({ value }: Points, options: Options): { line: ArrayLike<number>; smoothed: boolean } {
  if (!smooths(options)) return { line: value, smoothed: false };
  return { line: smooth(Array.from(value), options.smoothing) as number[], smoothed: true };
}

/** The points over the chosen axis. */
function over(series: Series, member: Member, x: string): Points {
  if (x !== "relative") return series;
  const axis = series.x.map((time) => time - member.created);
  const same = series.lastX === series.x;
  return { ...series, x: axis, lastX: same ? axis : series.lastX.map((time) => time - member.created) };
}

const SEPARATOR = "\n";

/** A line for each run, metric and writer, with keys and names that tell those apart of which there are several. */
export function spread(
  found: readonly Series[],
  members: readonly Member[],
  metrics: readonly string[],
): { series: readonly Series[]; members: readonly Member[] } {
  const several = metrics.length > 1;
  const writers = new Map<string, string[]>();
  for (const { run, writer } of found) {
    const known = writers.get(run) ?? [];
    if (writer && !known.includes(writer)) writers.set(run, [...known, writer]);
  }
  if (!several && writers.size === 0) return { series: found, members };
  const key = (run: string, metric: string, writer: string) =>
    [run, ...(several || writer ? [several ? metric : ""] : []), ...(writer ? [writer] : [])].join(SEPARATOR);
  return {
    series: found.map((it) => ({ ...it, run: key(it.run, it.metric, it.writer) })),
    members: metrics.flatMap((metric, i) =>
      members.flatMap((member) =>
        ["", ...(member.group === null ? (writers.get(member.key) ?? []) : [])].map((writer) => ({
          ...member,
          key: key(member.key, metric, writer),
          name: member.name + (several ? ` · ${metric}` : "") + (writer ? ` (${writer.replace("-", " ")})` : ""),
          group: member.group === null || !several ? member.group : `${member.group} · ${metric}`,
          dashed: i > 0 || writer !== "",
        })),
      ),
    ),
  };
}

/** The run that a line stands for. */
export const runOf = (key: string) => key.split(SEPARATOR, 1)[0]!;

/** The baseline's line of the metric that a line shows. */
export function beside(key: string, base: string): string {
  const metric = key.split(SEPARATOR)[1];
  return metric ? base + SEPARATOR + metric : base;
}

export function axis(x: string): Axis {
  return x === "step" || x === "relative" || x === "wall" ? x : "number";
}

/** The y-range that leaves out the most extreme 1 % at each end; of positive values only where `log`. */
export function clipped(drawn: readonly Drawn[], log = false): [number, number] | null {
  const values: number[] = [];
  for (const { line } of drawn) {
    for (let i = 0; i < line.length; i++) if (Number.isFinite(line[i]) && (!log || line[i]! > 0)) values.push(line[i]!);
  }
  if (values.length < 20) return null;
  values.sort((a, b) => a - b);
  const low = values[Math.floor(values.length * 0.01)]!;
  const high = values[Math.ceil(values.length * 0.99) - 1]!;
  if (log) return low < high ? [low / 1.1, high * 1.1] : [low / 2, high * 2];
  return padded(low, high, 0.08);
}

/** One row per x, one column per line; what people paste into a sheet. Nothing where a line has no point. */
export function csv(drawn: readonly Drawn[], axisName: string): string {
  const rows = new Map<number, (number | null)[]>();
  drawn.forEach(({ points, line }, column) => {
    for (let i = 0; i < line.length; i++) {
      const x = points.lastX[i]!;
      let row = rows.get(x);
      if (!row) rows.set(x, (row = new Array<number | null>(drawn.length).fill(null)));
      row[column] = line[i]!;
    }
  });
  const sorted = [...rows].sort(([a], [b]) => a - b);
  return sheet(
    [axisName, ...drawn.map((line) => line.name)],
    sorted.map(([x, row]) => [x, ...row]),
  );
}

/** The chart as a standing picture in vector form. */
export function svg(title: string, drawn: readonly Drawn[], size = { width: 800, height: 420 }): string {
  const xs = drawn.flatMap(({ points }) => [...points.lastX]);
  const ys = drawn.flatMap(({ line }) => Array.from(line));
  const range = (values: readonly number[]): [number, number] => {
    const [low, high] = extent(values);
    return low <= high ? spanned(low, high) : [0, 1];
  };
  const [[x0, x1], [y0, y1]] = [range(xs), range(ys)];
  const [left, top, right, bottom] = [70, 40, size.width - 20, size.height - 40];
  const px = (value: number) => (left + ((value - x0) / (x1 - x0)) * (right - left)).toFixed(2);
  const py = (value: number) => (bottom - ((value - y0) / (y1 - y0)) * (bottom - top)).toFixed(2);
  const text = (at: [number, number], anchor: string, it: string) =>
    `<text x="${at[0]}" y="${at[1]}" text-anchor="${anchor}" font-family="sans-serif" font-size="12" fill="#555">${escape(it)}</text>`;
  const [firstX, lastX] = tickLabels([x0, x1]);
  const [firstY, lastY] = tickLabels([y0, y1]);
  const paths = drawn.flatMap(({ points, line, color, width, name }) =>
    stretches(points, line).map((stretch) => {
      const places = stretch.map(([x, y]) => `${px(x)},${py(y)}`).join(" ");
      return `<polyline fill="none" stroke="${color}" stroke-width="${width}" stroke-linecap="square" points="${places}"><title>${escape(name)}</title></polyline>`;
    }),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}">`,
    `<rect width="100%" height="100%" fill="#fff"/><path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="#ccc"/>`,
    text([left, 24], "start", title),
    text([left, bottom + 20], "middle", firstX!),
    text([right, bottom + 20], "end", lastX!),
    text([left - 8, bottom], "end", firstY!),
    text([left - 8, top + 8], "end", lastY!),
    ...paths,
    "</svg>",
  ].join("\n");
}

/** The parts of a line between its gaps. */
function stretches({ lastX }: Points, line: ArrayLike<number>): [number, number][][] {
  const found: [number, number][][] = [];
  let current: [number, number][] = [];
  for (let i = 0; i < line.length; i++) {
    if (Number.isFinite(line[i]) && Number.isFinite(lastX[i])) {
      if (current.length === 0) found.push(current);
      current.push([lastX[i]!, line[i]!]);
    } else current = [];
  }
  return found;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (it) => `&#${it.charCodeAt(0)};`);
}
