/** Marks of values that no line can go through: NaN, infinities, and what is not positive on a logarithmic axis. */

import type uPlot from "uplot";
import type { Drawn } from "./drawn";
import { type Frame, frameOf } from "./envelope";
import { inside } from "./points";

/** `nan` stands at the height of the line before it; `over` and `under` at the edges. */
export type Mark = { kind: "nan" | "over" | "under"; x: number; y: number };

/** Pixels of the screen between two marks of one kind: a long stretch is not covered with them. */
const APART = 9;
const SIZE = 3.5;

export function markNonfinite(plot: uPlot, lines: readonly Drawn[]): void {
  const { ctx } = plot;
  const { min, max } = plot.scales["x"]!;
  const frame = frameOf(plot);
  ctx.save();
  ctx.lineWidth = 1;
  for (const line of lines) {
    if (line.faint) continue;
    const marks = nonfinite(line, inside(line.points, min ?? -Infinity, max ?? Infinity), frame);
    if (marks.length === 0) continue;
    const path = new Path2D();
    for (const mark of marks) shape(path, mark);
    ctx.strokeStyle = line.color;
    ctx.stroke(path);
  }
  ctx.restore();
}

export function nonfinite({ points, line }: Drawn, [from, to]: readonly [number, number], frame: Frame): Mark[] {
  const { lastX, value, low, high, nans } = points;
  const bottom = frame.top + frame.height - SIZE - 1;
  const marks: Mark[] = [];
  const last = { nan: -Infinity, over: -Infinity, under: -Infinity };
  let height = NaN;
  for (let i = from; i <= to; i++) {
    const at = frame.y(line[i]!);
    if (Number.isFinite(at)) height = at;
    const x = frame.x(lastX[i]!);
    const add = (kind: Mark["kind"], y: number) => {
      if (!Number.isFinite(x) || x - last[kind] < APART) return;
      last[kind] = x;
      marks.push({ kind, x, y });
    };
    if (nans ? nans[i]! > 0 : Number.isNaN(value[i])) add("nan", Number.isFinite(height) ? height : bottom);
    if (high[i] === Infinity || value[i] === Infinity) add("over", frame.top + SIZE + 1);
    const lowest = low[i]!;
    if (lowest === -Infinity || (!Number.isNaN(lowest) && Number.isNaN(frame.y(lowest)))) add("under", bottom);
  }
  return marks;
}

function shape(path: Path2D, { kind, x, y }: Mark): void {
  if (kind === "nan") {
    path.moveTo(x - SIZE, y - SIZE);
    path.lineTo(x + SIZE, y + SIZE);
    path.moveTo(x - SIZE, y + SIZE);
    path.lineTo(x + SIZE, y - SIZE);
    return;
  }
  const [tip, base] = kind === "over" ? [y - SIZE, y + SIZE] : [y + SIZE, y - SIZE];
  path.moveTo(x - SIZE, base);
  path.lineTo(x, tip);
  path.lineTo(x + SIZE, base);
  path.lineTo(x - SIZE, base);
}
