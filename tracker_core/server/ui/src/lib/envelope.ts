/** What stands behind lines: the stretch between their smallest and largest values, or their unsmoothed selves. */

import type uPlot from "uplot";
import { fade } from "./color";
import type { Drawn } from "./plot";

type Edge = readonly (number | null)[];
type Scale = (value: number) => number;

/** The part of a plot that is seen, in pixels of the screen. */
export type Frame = { left: number; width: number; from: number; to: number; x: Scale; y: Scale };

/** `x` may begin with values that the plot left out, as a logarithmic axis does with zero. */
export function envelopes(plot: uPlot, lines: readonly Drawn[], x: readonly number[]): void {
  const { ctx, bbox } = plot;
  const frame = seen(plot, x.length - plot.data[0].length);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = 1; // what is wider, and areas, take forty times as long (`pen.ts`)
  for (const { low, high, faint, color } of lines) {
    if (!low || !high || faint) continue;
    if (low === high) {
      ctx.strokeStyle = fade(color, 0.28);
      ctx.stroke(outline(new Path2D(), high, x, frame));
      continue;
    }
    ctx.strokeStyle = fade(color, 0.16);
    ctx.stroke(area(low, high, x, frame));
    // The outline keeps a single spike visible, which is an area of hardly a pixel.
    ctx.strokeStyle = fade(color, 0.4);
    ctx.stroke(outline(outline(new Path2D(), high, x, frame), low, x, frame));
  }
  ctx.restore();
}

/** With one point on each side of what is in the window, so that lines leave it. */
function seen(plot: uPlot, skip: number): Frame {
  const [first, last] = plot.series[0]!.idxs ?? [0, plot.data[0].length - 1];
  return {
    left: Math.floor(plot.bbox.left),
    width: Math.ceil(plot.bbox.width),
    from: Math.max(0, first - 1) + skip,
    to: Math.min(plot.data[0].length - 1, last + 1) + skip,
    x: scale(plot, "x"),
    y: scale(plot, "y"),
  };
}

function scale(plot: uPlot, name: "x" | "y"): Scale {
  const { min, max, distr } = plot.scales[name]!;
  if (distr !== 1 || min === null || max === null || min === undefined || max === undefined) {
    return (value) => plot.valToPos(value, name, true);
  }
  const { left, top, width, height } = plot.bbox;
  if (name === "x") return (value) => left + ((value - min) / (max - min)) * width;
  return (value) => top + height - ((value - min) / (max - min)) * height;
}

function outline(path: Path2D, edge: Edge, x: readonly number[], { from, to, x: across, y: down }: Frame): Path2D {
  let started = false;
  for (let i = from; i <= to; i++) {
    const value = edge[i];
    if (value === null || value === undefined) continue;
    const at = down(value);
    if (!Number.isFinite(at)) continue;
    if (started) path.lineTo(across(x[i]!), at);
    else path.moveTo(across(x[i]!), at);
    started = true;
  }
  return path;
}

/** The area between two edges, as one upright hairline a column of pixels. */
function area(low: Edge, high: Edge, x: readonly number[], frame: Frame): Path2D {
  const { top, bottom } = columns(low, high, x, frame);
  const path = new Path2D();
  for (let column = 0; column < frame.width; column++) {
    if (top[column]! > bottom[column]!) continue;
    path.moveTo(frame.left + column + 0.5, top[column]!);
    path.lineTo(frame.left + column + 0.5, bottom[column]!);
  }
  return path;
}

/** The ends of the area in every column of pixels: infinite where there is none. */
export function columns(
  low: Edge,
  high: Edge,
  x: readonly number[],
  { left, width, from, to, x: across, y: down }: Frame,
): { top: Float64Array; bottom: Float64Array } {
  const top = new Float64Array(width).fill(Infinity);
  const bottom = new Float64Array(width).fill(-Infinity);
  const mark = (column: number, over: number, under: number) => {
    if (column < 0 || column >= width) return;
    if (over < top[column]!) top[column] = over;
    if (under > bottom[column]!) bottom[column] = under;
  };
  let last: [number, number, number] | null = null;
  for (let i = from; i <= to; i++) {
    const [under, over] = [low[i], high[i]];
    if (under === null || under === undefined || over === null || over === undefined) continue;
    const at: [number, number, number] = [across(x[i]!) - left, down(over), down(under)];
    if (!at.every(Number.isFinite)) continue;
    mark(Math.floor(at[0]), at[1], at[2]);
    if (last) {
      const [first, span] = [last[0], at[0] - last[0]];
      const end = Math.min(width, Math.floor(at[0]));
      for (let column = Math.max(0, Math.floor(first) + 1); column < end; column++) {
        const share = (column + 0.5 - first) / span;
        mark(column, last[1] + share * (at[1] - last[1]), last[2] + share * (at[2] - last[2]));
      }
    }
    last = at;
  }
  return { top, bottom };
}
