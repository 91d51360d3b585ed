/** Charts that were logged: a table, and the description of what to draw of it (`docs/plot.md`). */

import { type Bar, draw as drawBars } from "./bar";
import { PALETTE } from "./color";
import { number } from "./format";
import { matrix } from "./heat";
import type { Mark } from "./mark";
import { axes, extent, fit, inside } from "./scale";
import { axis, draw as drawPoints } from "./scatter";
import { text } from "./table";
import type { MediaValue, TablePage } from "./wire";

export type Stored = {
  chart: string;
  fields: Record<string, string>;
  strings: Record<string, string>;
  facts: Record<string, unknown>;
};
export type Legend = { label: string; color: string }[];

/** Null for what is no description. */
export function describe(value: MediaValue): Stored | null {
  if (value._type !== "chart" || typeof value["chart"] !== "string") return null;
  const map = (it: unknown) => (typeof it === "object" && it !== null ? it : {}) as Record<string, string>;
  return {
    chart: value["chart"],
    fields: map(value["fields"]),
    strings: map(value["strings"]),
    facts: map(value["facts"]),
  };
}

/** The drawing and what its colours mean; null for a chart of a kind that is not known, or without its columns. */
export function draw(
  stored: Stored,
  table: Pick<TablePage, "columns" | "rows">,
  width: number,
  height: number,
): { marks: Mark[]; legend: Legend } | null {
  const { fields, strings } = stored;
  const column = (field: string) => {
    const place = table.columns.indexOf(fields[field] ?? "");
    return place < 0 ? null : table.rows.map((row) => row[place]);
  };
  const [x, y] = [column("x"), column("y")];
  const name = (field: string) => strings[`${field}name`] ?? fields[field] ?? "";
  const group = column("stroke") ?? column("class") ?? column("group") ?? column("lineKey");
  switch (stored.chart) {
    case "bar": {
      const [labels, values] = [column("label"), column("value")];
      return labels && values && bars(labels, values, group, fields["value"]!, width, height);
    }
    case "histogram": {
      const values = column("value");
      return values && { marks: histogram(values.map(Number), width, height, fields["value"]!), legend: [] };
    }
    case "scatter":
      return x && y && points(x, y, group, width, height, name("x"), name("y"));
    case "heatmap": {
      const values = column("value");
      const told = stored.facts["show_text"] === true;
      return x && y && values && { marks: cells(x, y, values, width, height, "", "", told), legend: [] };
    }
    case "confusion_matrix": {
      const [actual, guessed, count] = [column("Actual"), column("Predicted"), column("nPredictions")];
      if (!actual || !guessed || !count) return null;
      return { marks: cells(guessed, actual, count, width, height, "Predicted", "Actual", true), legend: [] };
    }
    default:
      return x && y && lines(x, y, group, width, height, name("x"), name("y"), stored.chart === "roc_curve");
  }
}

/** What is worth saying beside the drawing: `auc: cat 0.98, dog 0.97`. */
export function told(facts: Record<string, unknown>): string[] {
  return Object.entries(facts).flatMap(([name, fact]) => {
    if (typeof fact === "number") return [`${name}: ${number(fact)}`];
    if (typeof fact !== "object" || fact === null) return [];
    const parts = Object.entries(fact).flatMap(([key, it]) => (typeof it === "number" ? [`${key} ${number(it)}`] : []));
    return parts.length ? [`${name.replaceAll("_", " ")}: ${parts.join(", ")}`] : [];
  });
}

type Column = readonly unknown[];

function colors(group: Column | null): { of: (row: number) => string; legend: Legend } {
  if (!group) return { of: () => PALETTE[0], legend: [] };
  const known = [...new Set(group.map(text))];
  const shades = new Map(known.map((label, i) => [label, PALETTE[i % PALETTE.length]!]));
  return {
    of: (row) => shades.get(text(group[row]))!,
    legend: known.length > 1 ? known.map((label) => ({ label, color: shades.get(label)! })) : [],
  };
}

function bars(labels: Column, values: Column, group: Column | null, name: string, width: number, height: number) {
  const { of, legend } = colors(group);
  const found = values.flatMap((cell, row): Bar[] => {
    const value = Number(cell);
    if (!Number.isFinite(value)) return [];
    const label = group ? `${text(labels[row])} · ${text(group[row])}` : text(labels[row]);
    return [{ key: "", name: label, color: of(row), value, low: value, high: value, count: 1 }];
  });
  const plain = drawBars(found, width, height, { name, log: false }).map((mark) => ({ ...mark, key: undefined }));
  return { marks: plain as Mark[], legend };
}

function points(
  x: Column,
  y: Column,
  group: Column | null,
  width: number,
  height: number,
  xname: string,
  yname: string,
) {
  const { of, legend } = colors(group);
  const found = x.map((at, row) => ({
    name: group ? text(group[row]) : `row ${row}`,
    x: at,
    y: y[row],
    color: of(row),
  }));
  return { marks: drawPoints(found, width, height, { x: xname, y: yname, logx: false, logy: false }), legend };
}

function cells(
  x: Column,
  y: Column,
  values: Column,
  width: number,
  height: number,
  xname: string,
  yname: string,
  told: boolean,
): Mark[] {
  const found = values.map((value, row) => ({ x: text(x[row]), y: text(y[row]), value: Number(value) }));
  return matrix(found, width, height, { x: xname, y: yname, told });
}

function lines(
  x: Column,
  y: Column,
  group: Column | null,
  width: number,
  height: number,
  xname: string,
  yname: string,
  diagonal: boolean,
): { marks: Mark[]; legend: Legend } {
  const { of, legend } = colors(group);
  const numbers = y.map(Number);
  const frame = inside(
    width,
    height,
    fit(numbers, 0, 200).ticks.map((it) => it.label),
  );
  const across = axis(x, frame.left, frame.right);
  const up = fit(numbers, frame.bottom, frame.top);
  const marks = axes(frame, across.scale, up, xname, yname);
  if (diagonal)
    marks.push({
      kind: "line",
      points: [0, 1].flatMap((it) => [across.place(it), up.at(it)]),
      color: "faint",
      dashed: true,
    });
  const rows = new Map<string, number[]>();
  x.forEach((_, row) => {
    const label = group ? text(group[row]) : "";
    const list = rows.get(label);
    if (list) list.push(row);
    else rows.set(label, [row]);
  });
  for (const [label, list] of rows) {
    const known = list.filter((row) => Number.isFinite(numbers[row]) && Number.isFinite(across.place(x[row])));
    const places = known.flatMap((row) => [across.place(x[row]), up.at(numbers[row]!)]);
    const color = of(list[0]!);
    marks.push({ kind: "line", points: places, color, width: 1.8 });
    if (known.length > 400) continue;
    for (const row of known) {
      const tip = [label || yname, `${xname}: ${spelled(x[row])}`, `${yname}: ${number(numbers[row]!)}`];
      const [left, top] = [across.place(x[row]), up.at(numbers[row]!)];
      marks.push({ kind: "dot", x: left, y: top, radius: known.length > 60 ? 1.5 : 2.6, color, tip });
    }
  }
  return { marks, legend };
}

function histogram(values: readonly number[], width: number, height: number, name: string): Mark[] {
  const finite = values.filter(Number.isFinite);
  const [low, high] = extent(finite);
  if (finite.length === 0) return [];
  const count = Math.max(1, Math.min(60, Math.ceil(Math.sqrt(finite.length)) + 4));
  const size = (high - low) / count || 1;
  const counts = new Array<number>(count).fill(0);
  for (const value of finite) counts[Math.min(count - 1, Math.floor((value - low) / size))]!++;
  const frame = inside(
    width,
    height,
    fit(counts, 0, 200).ticks.map((it) => it.label),
  );
  const x = fit([low, low + count * size], frame.left, frame.right);
  const y = fit(counts, frame.bottom, frame.top, false, true);
  const marks = axes(frame, x, y, name, "count");
  counts.forEach((it, i) => {
    const [left, right, top] = [x.at(low + i * size), x.at(low + (i + 1) * size), y.at(it)];
    const tip = [`${number(low + i * size)} to ${number(low + (i + 1) * size)}`, number(it)];
    marks.push({
      kind: "box",
      x: left,
      y: top,
      width: Math.max(1, right - left - 1),
      height: y.at(0) - top,
      color: PALETTE[0],
      tip,
    });
  });
  return marks;
}

const spelled = (cell: unknown) => (typeof cell === "number" ? number(cell) : text(cell));
