/** Parallel coordinates: an axis a column, a line a run, and stretches of axes that runs are chosen by. */

import type { Mark } from "./mark";
import { axis } from "./scatter";
import { heading, text } from "./table";

export type Row = { key: string; name: string; cells: readonly unknown[] };
/** Column -> the chosen stretch, in shares of the axis from its bottom. */
export type Brushes = Readonly<Record<string, readonly [number, number]>>;
export type Place = { column: string; x: number };

const TOP = 34;
const BELOW = 26;

export function draw(
  columns: readonly string[],
  rows: readonly Row[],
  width: number,
  height: number,
  color: (row: Row) => string,
  brushes: Brushes,
): { marks: Mark[]; places: Place[]; kept: string[]; top: number; bottom: number } {
  const [top, bottom] = [TOP, height - BELOW];
  const side = Math.min(70, width * 0.12);
  const gap = columns.length > 1 ? (width - 2 * side) / (columns.length - 1) : 0;
  const places = columns.map((column, i) => ({ column, x: columns.length > 1 ? side + i * gap : width / 2 }));
  const whole = rows.filter((row) =>
    row.cells.every((cell) => cell !== null && cell !== undefined && !Number.isNaN(cell)),
  );
  const scales = columns.map((_, i) => {
    const cells = whole.map((row) => row.cells[i]);
    return axis(cells, bottom, top, spansDecades(cells));
  });
  const marks: Mark[] = [];
  const kept: string[] = [];
  const behind: Mark[] = [];
  const before: Mark[] = [];
  for (const row of whole) {
    const heights = row.cells.map((cell, i) => scales[i]!.place(cell));
    if (heights.some((it) => !Number.isFinite(it))) continue;
    const chosen = columns.every((column, i) => within(brushes[column], (bottom - heights[i]!) / (bottom - top)));
    const points = heights.flatMap((y, i) => [places[i]!.x, y]);
    if (!chosen) {
      behind.push({ kind: "line", points, color: "grid", width: 1 });
      continue;
    }
    kept.push(row.key);
    const tip = [row.name, ...columns.map((column, i) => `${heading(column)}: ${text(row.cells[i])}`)];
    before.push({
      kind: "line",
      points,
      color: color(row),
      width: 1.5,
      alpha: whole.length > 200 ? 0.4 : 0.75,
      key: row.key,
      tip,
    });
  }
  marks.push(...behind, ...before);
  places.forEach(({ column, x }, i) => {
    marks.push({ kind: "line", points: [x, top, x, bottom], color: "line", width: 1.5 });
    const room = Math.max(40, gap * 0.94 || width);
    const anchor = i === 0 ? "start" : i === columns.length - 1 ? "end" : "middle";
    const edge = i === 0 ? 4 : i === columns.length - 1 ? width - 4 : x;
    marks.push({ kind: "text", x: edge, y: 14, text: heading(column), anchor, color: "ink", room });
    for (const { at, label } of scales[i]!.scale.ticks) {
      marks.push({ kind: "box", x: x - 3, y: at - 0.5, width: 6, height: 1, color: "faint" });
      const last = i === columns.length - 1 && columns.length > 1;
      const wide = 6.4 * Math.min(label.length, 12);
      const behind = { x: last ? x + 6 : x - 10 - wide, y: at - 7, width: wide + 4, height: 14 };
      marks.push({ kind: "box", ...behind, color: "sheet", alpha: 0.75 });
      const text: Mark = {
        kind: "text",
        x: last ? x + 8 : x - 8,
        y: at,
        text: label,
        color: "faint",
        room: side,
        size: 10.5,
      };
      marks.push({ ...text, anchor: last ? "start" : "end" });
    }
  });
  return { marks, places, kept, top, bottom };
}

/** Learning rates and the like: positive numbers over more than two decades. */
function spansDecades(cells: readonly unknown[]): boolean {
  let [low, high] = [Infinity, -Infinity];
  for (const cell of cells) {
    if (typeof cell !== "number" || cell <= 0) return false;
    low = Math.min(low, cell);
    high = Math.max(high, cell);
  }
  return high / low > 100;
}

function within(brush: readonly [number, number] | undefined, share: number): boolean {
  return brush === undefined || (share >= brush[0] - 1e-9 && share <= brush[1] + 1e-9);
}
