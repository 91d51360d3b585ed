/** Matrices in colours, and histograms over steps as a map or as ridges. */

import { number } from "./format";
import type { Mark } from "./mark";
import type { Bar } from "./media";
import { axes, extent, fit, inside, names } from "./scale";
import { isLight, ramp } from "./shade";

export type Cell = { x: string; y: string; value: number };

/** A matrix with named rows and columns, in the order in which they come. */
export function matrix(
  cells: readonly Cell[],
  width: number,
  height: number,
  options: { x: string; y: string; told: boolean },
): Mark[] {
  const xs = [...new Set(cells.map((cell) => cell.x))];
  const ys = [...new Set(cells.map((cell) => cell.y))];
  const frame = inside(
    width,
    height,
    ys.map((label) => label.slice(0, 18)),
  );
  const [x, y] = [names(xs, frame.left, frame.right), names(ys, frame.top, frame.bottom)];
  const [wide, high] = [(frame.right - frame.left) / xs.length, (frame.bottom - frame.top) / ys.length];
  const [low, top] = extent(cells.map((cell) => cell.value));
  const columns = new Map(xs.map((name, i) => [name, i]));
  const rows = new Map(ys.map((name, i) => [name, i]));
  const marks: Mark[] = axes(frame, x, y, options.x, options.y).filter((mark) => mark.kind === "text");
  for (const cell of cells) {
    if (!Number.isFinite(cell.value)) continue;
    const [left, middle] = [x.at(columns.get(cell.x)!), y.at(rows.get(cell.y)!)];
    const color = ramp((cell.value - Math.min(0, low)) / (top - Math.min(0, low) || 1));
    const tip = [`${options.y || "row"}: ${cell.y}`, `${options.x || "column"}: ${cell.x}`, number(cell.value)];
    marks.push({
      kind: "box",
      x: left - wide / 2,
      y: middle - high / 2,
      width: Math.max(1, wide - 1),
      height: Math.max(1, high - 1),
      color,
      tip,
    });
    if (options.told && wide > 26 && high > 13) {
      const ink = isLight(color) ? "#20201d" : "#ffffff";
      marks.push({
        kind: "text",
        x: left,
        y: middle,
        text: number(cell.value),
        anchor: "middle",
        color: ink,
        room: wide,
      });
    }
  }
  return marks;
}

export type Slice = { step: number; bars: Bar[] };

/** Steps from left to right, values from bottom to top, counts in colours. */
export function map(slices: readonly Slice[], width: number, height: number, name: string): Mark[] {
  const [low, high] = extent(slices.flatMap((slice) => slice.bars.flatMap((bar) => [bar.from, bar.to])));
  if (!Number.isFinite(low)) return [];
  const labels = fit([low, high], 0, 200).ticks.map((it) => it.label);
  const frame = inside(width, height, labels);
  const y = fit([low, high], frame.bottom, frame.top);
  const edges = between(slices.map((slice) => slice.step));
  const x = fit([edges[0]!, edges.at(-1)!], frame.left, frame.right);
  const marks = axes(frame, x, y, "step", "");
  slices.forEach((slice, i) => {
    const [left, right] = [x.at(edges[i]!), x.at(edges[i + 1]!)];
    const most = Math.max(1e-300, ...slice.bars.map(density));
    for (const bar of slice.bars) {
      if (bar.count === 0) continue;
      const [bottom, top] = [y.at(bar.from), y.at(bar.to)];
      const tip = [
        name,
        `step ${number(slice.step)}`,
        `${number(bar.from)} to ${number(bar.to)}: ${number(bar.count)}`,
      ];
      const color = ramp(Math.sqrt(density(bar) / most));
      marks.push({
        kind: "box",
        x: left,
        y: top,
        width: Math.max(1, right - left + 0.3),
        height: Math.max(1, bottom - top + 0.3),
        color,
        tip,
      });
    }
  });
  return marks;
}

/** One outline a step, the oldest behind. */
export function ridge(slices: readonly Slice[], width: number, height: number, name: string, color: string): Mark[] {
  const shown = thin(slices, 24);
  const [low, high] = extent(shown.flatMap((slice) => slice.bars.flatMap((bar) => [bar.from, bar.to])));
  if (!Number.isFinite(low)) return [];
  const frame = inside(
    width,
    height,
    shown.map((slice) => number(slice.step)),
  );
  const x = fit([low, high], frame.left, frame.right);
  const room = frame.bottom - frame.top;
  const tall = Math.min(room * 0.4, (room / shown.length) * 5);
  const base = (i: number) =>
    shown.length === 1 ? frame.bottom : frame.top + tall + (i / (shown.length - 1)) * (room - tall);
  const y = {
    at: () => 0,
    value: () => 0,
    ticks: shown.map((slice, i) => ({ at: base(i), label: number(slice.step) })),
  };
  const every = Math.ceil(shown.length / Math.max(2, room / 22));
  y.ticks = y.ticks.filter((_, i) => i % every === 0);
  const marks = axes(frame, x, y, "value", "step");
  shown.forEach((slice, i) => {
    const most = Math.max(1e-300, ...slice.bars.map(density));
    const outline = slice.bars.flatMap((bar) => {
      const top = base(i) - (density(bar) / most) * tall;
      return [x.at(bar.from), top, x.at(bar.to), top];
    });
    if (outline.length === 0) return;
    const closed = [outline[0]!, base(i), ...outline, outline.at(-2)!, base(i)];
    const tip = [name, `step ${number(slice.step)}`];
    marks.push({ kind: "line", points: closed, fill: true, color: "sheet", alpha: 0.75 });
    marks.push({ kind: "line", points: closed, fill: true, color, alpha: 0.35 });
    marks.push({ kind: "line", points: outline, color, width: 1.2, tip });
  });
  return marks;
}

const density = (bar: Bar) => bar.count / (bar.to - bar.from || 1);

/** The edges half way between steps; a single step is one wide. */
function between(steps: readonly number[]): number[] {
  if (steps.length < 2) return [(steps[0] ?? 0) - 0.5, (steps[0] ?? 0) + 0.5];
  const middles = steps.slice(1).map((step, i) => (step + steps[i]!) / 2);
  return [steps[0]! - (middles[0]! - steps[0]!), ...middles, steps.at(-1)! + (steps.at(-1)! - middles.at(-1)!)];
}

function thin<T>(items: readonly T[], most: number): T[] {
  const every = Math.ceil(items.length / most);
  return items.filter((_, i) => (items.length - 1 - i) % every === 0);
}
