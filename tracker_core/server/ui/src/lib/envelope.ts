/** Lines and what stands behind them, as paths on a canvas. */

import type uPlot from "uplot";
import { fade } from "./color";
import type { Drawn } from "./drawn";
import { type Points, within } from "./points";

type Scale = (value: number) => number;

/** The part of a plot that is seen, in pixels of the screen. */
export type Frame = { left: number; width: number; top: number; height: number; x: Scale; y: Scale };

/** What a path is drawn with; the part of Path2D that tests can do without a browser. */
type Pencil = Pick<Path2D, "moveTo" | "lineTo" | "rect">;

/** With more lines than these an envelope is one hairline a bucket, and has no outline: three times as quick. */
const MANY = 12;

export function envelopes(plot: uPlot, lines: readonly Drawn[]): void {
  const { ctx } = plot;
  const frame = frameOf(plot);
  const many = lines.filter((line) => !line.faint).length > MANY;
  ctx.save();
  ctx.beginPath();
  ctx.rect(frame.left, frame.top, frame.width, frame.height);
  ctx.clip();
  ctx.lineWidth = 1; // what is wider, and areas, take forty times as long (`pen.ts`)
  for (const line of lines) {
    if (line.behind === "none" || line.faint) continue;
    const { points, color } = line;
    const range = visible(plot, points);
    if (line.behind === "raw" && !points.count) {
      ctx.strokeStyle = fade(color, 0.28);
      ctx.stroke(trace(new Path2D(), points.lastX, points.value, range, frame));
      continue;
    }
    ctx.strokeStyle = fade(color, many ? 0.3 : 0.16);
    ctx.stroke(upright(columns(points, range, frame), frame));
    if (many) continue;
    // The outline keeps a single spike visible, which is an area of hardly a pixel.
    ctx.strokeStyle = fade(color, 0.4);
    const outline = trace(new Path2D(), points.x, points.high, range, frame);
    ctx.stroke(trace(outline, points.x, points.low, range, frame));
  }
  ctx.restore();
}

export function frameOf(plot: uPlot): Frame {
  const { left, top, width, height } = plot.bbox;
  return {
    left: Math.floor(left),
    width: Math.ceil(width),
    top: Math.floor(top),
    height: Math.ceil(height),
    x: scale(plot, "x"),
    y: scale(plot, "y"),
  };
}

/** The entries in the window, and one on each side of it. */
export function visible(plot: uPlot, points: Points): [number, number] {
  const { min, max } = plot.scales["x"]!;
  return within(points, min ?? -Infinity, max ?? Infinity);
}

function scale(plot: uPlot, name: "x" | "y"): Scale {
  const { min, max, distr } = plot.scales[name]!;
  if (distr !== 1 || min === null || max === null || min === undefined || max === undefined) {
    return (value) => (distr === 3 && !(value > 0) ? NaN : plot.valToPos(value, name, true));
  }
  const { left, top, width, height } = plot.bbox;
  const half = max / 2 - min / 2; // the whole may be more than a number can hold
  if (name === "x") return (value) => left + ((value / 2 - min / 2) / half) * width;
  return (value) => top + height - ((value / 2 - min / 2) / half) * height;
}

/** A line through the points, with a gap where one has no place. A point between two gaps is a small square. */
export function trace<P extends Pencil>(
  path: P,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  [from, to]: readonly [number, number],
  { x: across, y: down }: Frame,
): P {
  let [lastX, lastY] = [NaN, NaN];
  let alone = false;
  const close = () => alone && path.rect(lastX - 2, lastY - 2, 4, 4);
  for (let i = from; i <= to; i++) {
    const at = Math.round(down(y[i]!));
    const place = Math.round(across(x[i]!));
    if (!Number.isFinite(at) || !Number.isFinite(place)) {
      close();
      [lastX, lastY, alone] = [NaN, NaN, false];
    } else if (Number.isNaN(lastX)) {
      path.moveTo(place, at);
      [lastX, lastY, alone] = [place, at, true];
    } else if (place !== lastX || at !== lastY) {
      path.lineTo(place, at);
      [lastX, lastY, alone] = [place, at, false];
    }
  }
  close();
  return path;
}

function upright({ top, bottom }: ReturnType<typeof columns>, { left, width }: Frame): Path2D {
  const path = new Path2D();
  for (let column = 0; column < width; column++) {
    if (!(bottom[column]! - top[column]! >= 1)) continue; // the line covers it
    path.moveTo(left + column + 0.5, top[column]!);
    path.lineTo(left + column + 0.5, bottom[column]!);
  }
  return path;
}

/**
 * The ends of the area between the extremes in every column of pixels: infinite where there is none. The area goes
 * straight from bucket to bucket, but not over one that has no extremes.
 */
export function columns(
  { x, lastX, low, high }: Pick<Points, "x" | "lastX" | "low" | "high">,
  [from, to]: readonly [number, number],
  { left, width, top: ceiling, height, x: across, y: down }: Frame,
): { top: Float64Array; bottom: Float64Array } {
  const top = new Float64Array(width).fill(Infinity);
  const bottom = new Float64Array(width).fill(-Infinity);
  const mark = (column: number, over: number, under: number) => {
    if (column < 0 || column >= width) return;
    if (over < top[column]!) top[column] = over;
    if (under > bottom[column]!) bottom[column] = under;
  };
  // What is infinite, or has no place on a logarithmic axis, reaches to the edge of the plot.
  const place = (value: number, edge: number) => {
    const at = down(value);
    return Number.isFinite(at) ? at : edge;
  };
  let last: [number, number, number] | null = null;
  for (let i = from; i <= to; i++) {
    if (Number.isNaN(low[i]) || Number.isNaN(high[i])) {
      last = null;
      continue;
    }
    const [over, under] = [place(high[i]!, ceiling - 1), place(low[i]!, ceiling + height + 1)];
    const [start, end] = [across(x[i]!) - left, across(lastX[i]!) - left];
    if (last) {
      const [first, span] = [last[0], start - last[0]];
      const stop = Math.min(width, Math.floor(start));
      for (let column = Math.max(0, Math.floor(first) + 1); column < stop; column++) {
        const share = (column + 0.5 - first) / span;
        mark(column, last[1] + share * (over - last[1]), last[2] + share * (under - last[2]));
      }
    }
    const stop = Math.min(width - 1, Math.floor(end));
    for (let column = Math.max(0, Math.floor(start)); column <= stop; column++) mark(column, over, under);
    last = [end, over, under];
  }
  return { top, bottom };
}
