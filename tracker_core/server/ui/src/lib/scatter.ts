/** Points of two columns, coloured by a third. */

import { value as spell } from "./format";
import type { Mark } from "./mark";
import { axes, fit, inside, names } from "./scale";
import type { Scale } from "./scale";
import { text } from "./table";

export type Point = { key?: string; name: string; x: unknown; y: unknown; color: string; told?: string };

/** A column that is not all numbers is drawn by its names, in order. */
export function draw(
  points: readonly Point[],
  width: number,
  height: number,
  options: { x: string; y: string; logx: boolean; logy: boolean },
): Mark[] {
  const known = points.filter((point) => present(point.x) && present(point.y));
  const [xs, ys] = [known.map((point) => point.x), known.map((point) => point.y)];
  const room = inside(width, height, labels(ys, options.logy));
  const x = axis(xs, room.left, room.right, options.logx);
  const y = axis(ys, room.bottom, room.top, options.logy);
  const radius = known.length > 2000 ? 2.2 : known.length > 300 ? 3.2 : 4.4;
  const dots = known.flatMap((point): Mark[] => {
    const [left, top] = [x.place(point.x), y.place(point.y)];
    if (!Number.isFinite(left) || !Number.isFinite(top)) return [];
    const tip = [point.name, `${options.x}: ${spell(point.x)}`, `${options.y}: ${spell(point.y)}`];
    if (point.told) tip.push(point.told);
    const key = point.key === undefined ? {} : { key: point.key };
    return [{ kind: "dot", x: left, y: top, radius, color: point.color, alpha: 0.85, tip, ...key }];
  });
  return [...axes(room, x.scale, y.scale, options.x, options.y), ...dots];
}

type Axis = { scale: Scale; place: (cell: unknown) => number };

export function axis(column: readonly unknown[], from: number, to: number, log = false): Axis {
  if (column.every((cell) => typeof cell === "number")) {
    const scale = fit(column as number[], from, to, log);
    return { scale, place: (cell) => scale.at(cell as number) };
  }
  const known = [...new Set(column.map(text))].sort(collator.compare);
  const places = new Map(known.map((name, i) => [name, i]));
  const scale = names(known, from, to);
  return { scale, place: (cell) => scale.at(places.get(text(cell)) ?? NaN) };
}

function labels(column: readonly unknown[], log: boolean): string[] {
  if (!column.every((cell) => typeof cell === "number")) return column.map((cell) => text(cell).slice(0, 16));
  return fit(column as number[], 0, 300, log).ticks.map((it) => it.label);
}

function present(cell: unknown): boolean {
  return cell !== null && cell !== undefined && !(typeof cell === "number" && Number.isNaN(cell));
}

const collator = new Intl.Collator(undefined, { numeric: true });
