/** The text of a chart's tooltip: the points under the pointer as they were logged. */

import { difference, duration, moment, number, precise } from "./format";
import { type Hit, type Told, told } from "./hover";
import { beside, runOf } from "./panel";
import type { Axis } from "./plot";

export type TipRow = {
  key: string;
  name: string;
  color: string;
  /** A value, or the lowest and the highest of several. */
  text: string;
  /** How many points that are, what the line's height is if it is smoothed. */
  detail: string;
  /** Where the points were logged, if that is not what the head says. */
  at: string;
  /** How far the baseline is away. */
  away: string;
};
export type Tip = { head: string; rows: TipRow[] };

/** `error` is what a value may be off without being seen; `base` the run that others are measured against. */
export function tip(hits: readonly Hit[], axis: Axis, error: number, base: string): Tip | null {
  if (hits.length === 0) return null;
  const points = hits.map((hit) => ({ hit, told: told(hit) }));
  const first = points.reduce((best, other) => (other.hit.away < best.hit.away ? other : best));
  const head = position(first.told, axis, error);
  const byKey = new Map(points.map((it) => [it.hit.line.key, it]));
  const rows = points
    .map(({ hit, told }) => ({ hit, told, height: Number.isFinite(told.value) ? told.value : -Infinity }))
    .sort((a, b) => b.height - a.height)
    .map(({ hit, told }): TipRow => {
      const { key, name, color, runs } = hit.line;
      const other = base === "" || runOf(key) === base ? undefined : byKey.get(beside(key, base));
      const comparable = other && (axis !== "step" || other.told.lastStep === told.lastStep);
      const away = comparable ? told.value - other.told.value : NaN;
      const here = axis === "step" ? position(told, axis, error) : span(told.firstStep, told.lastStep, whole);
      const shown = axis === "step" ? here !== head : runs === null;
      return {
        key,
        name,
        color,
        ...(runs ? ofGroup(hit, told, error) : ofRun(hit, told, error)),
        at: shown ? `step ${here}` : "",
        away: Number.isFinite(away) ? difference(away) : "",
      };
    });
  return { head, rows };
}

function ofRun({ line, to }: Hit, { count, nans, low, high, value }: Told, error: number) {
  const detail: string[] = [];
  let text = precise(value, error);
  if (count > 1) {
    const [under, over] = [precise(low, error), precise(high, error)];
    text = under === over ? under : `${under} – ${over}`;
    detail.push(`of ${number(count)} points`);
    if (nans > 0 && nans < count) detail.push(`${number(nans)} NaN`);
  }
  if (line.smoothed) detail.push(`smoothed ${precise(line.line[to]!, error)}`);
  return { text, detail: detail.join(", ") };
}

function ofGroup({ line, to }: Hit, { nans, value }: Told, error: number) {
  const runs = line.runs![to]!;
  const detail = [`mean of ${runs === 1 ? "1 run" : `${number(runs)} runs`}`];
  if (nans > 0) detail.push(`${number(nans)} NaN`);
  if (line.smoothed) detail.push(`smoothed ${precise(line.line[to]!, error)}`);
  return { text: precise(value, error), detail: detail.join(", ") };
}

/** Where points stand on the axis, as far as a reader sees a difference. */
function position({ firstX, lastX }: Told, axis: Axis, error: number): string {
  if (axis === "wall") return span(firstX, lastX, moment);
  if (axis === "relative") return span(firstX, lastX, duration);
  return span(firstX, lastX, axis === "step" ? whole : (value) => precise(value, error));
}

const whole = (step: number) => number(step);

function span(first: number, last: number, spell: (value: number) => string): string {
  const [start, end] = [spell(first), spell(last)];
  return start === end ? end : `${start} – ${end}`;
}
