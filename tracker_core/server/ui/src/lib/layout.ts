/**
 * Which panels a project's page shows, and where. Every metric and every medium has a panel by itself; a layout says
 * only what a person changed about that, so that it is short and metrics that come later find their place.
 */

import { matcher, prefix } from "./section";
import { heading } from "./table";

export const KINDS = [
  "line",
  "bar",
  "scatter",
  "parallel",
  "importance",
  "histogram",
  "media",
  "table",
  "chart",
  "figure",
  "cloud",
  "markdown",
] as const;
export type Kind = (typeof KINDS)[number];

/** What a panel shows. Which fields mean something depends on its kind. */
export type Spec = {
  id: string;
  kind: Kind;
  section: string;
  title?: string;
  /** Metrics of a line panel, keys of media, columns of the others. */
  of: string[];
  stream?: "metrics" | "system";
  /** The metric that this one is drawn over where the axis is the step; by `define_metric`. */
  over?: string | null;
  x?: string;
  y?: string;
  color?: string;
  by?: string;
  text?: string;
  logx?: boolean;
  logy?: boolean;
  /** The y-range; either end may be left to the data. */
  low?: number | null;
  high?: number | null;
  smooth?: string;
  amount?: number;
  /** How values are drawn together: `range` or `deviation`; a histogram as `map` or `ridge`. */
  how?: string;
  /** Made by a person, not by the data. */
  own?: boolean;
};

export type Layout = {
  add?: (Partial<Spec> & { id: string; kind: Kind })[];
  drop?: string[];
  /** Section -> the panels that come first in it; the others follow by name. */
  order?: Record<string, string[]>;
  sections?: string[];
  /** Panel -> columns it is wide and rows it is high. */
  size?: Record<string, [number, number]>;
  /** What was changed about a panel that the data made. */
  set?: Record<string, Partial<Spec>>;
};

export type Section = { name: string; panels: Spec[] };
type Logged = { name: string; stream: "metrics" | "system"; hidden: boolean; step_metric: string | null };
type Medium = { name: string; kind: string };

export const OWN = "Panels";
export const LOOSE = "Charts";
export const SYSTEM = "System";
export const WIDEST = 4;
export const HIGHEST = 4;

const MEDIA: Record<string, Kind> = {
  histogram: "histogram",
  "table-file": "table",
  chart: "chart",
  "plotly-file": "figure",
  "object3D-file": "cloud",
};

/** The kind of panel that shows a kind of media. */
export const kindOf = (medium: string): Kind => MEDIA[medium] ?? "media";

/** Sections with their panels; `pattern` is a regular expression over what they show. */
export function arrange(metrics: readonly Logged[], media: readonly Medium[], layout: Layout, pattern = ""): Section[] {
  const found = new Map<string, Spec[]>();
  const passes = matcher(pattern);
  for (const panel of all(metrics, media, layout)) {
    if (pattern !== "" && ![panel.title ?? "", ...panel.of].some(passes)) continue;
    const list = found.get(panel.section);
    if (list) list.push(panel);
    else found.set(panel.section, [panel]);
  }
  const names = inOrder([...found.keys()].sort(bySection), layout.sections ?? [], (name) => name);
  return names.map((name) => ({
    name,
    panels: inOrder(found.get(name)!.sort(byName), layout.order?.[name] ?? [], (panel) => panel.id),
  }));
}

/** Every panel that is not taken away, in no order. */
export function all(metrics: readonly Logged[], media: readonly Medium[], layout: Layout): Spec[] {
  const dropped = new Set(layout.drop);
  const hidden = new Set(metrics.filter((it) => it.hidden).map((it) => it.name));
  const automatic: Spec[] = [
    ...metrics.filter((it) => !it.hidden).map(ofMetric),
    ...media.filter((it) => !hidden.has(it.name)).map(ofMedium),
  ];
  const own = distinct(
    (layout.add ?? []).filter(sound).map((it): Spec => ({ section: OWN, of: [], ...it, own: true })),
  );
  const taken = new Set(own.map((it) => it.id));
  return [...distinct(automatic, taken).map((it) => ({ ...it, ...layout.set?.[it.id] })), ...own]
    .filter((it) => !dropped.has(it.id))
    .map((it) => ({ ...it, of: [...new Set(it.of)] }));
}

/** Panels whose ids differ: a metric may be called like a panel that somebody added, or like a medium's panel. */
function distinct(panels: readonly Spec[], taken: ReadonlySet<string> = new Set()): Spec[] {
  const used = new Set(taken);
  return panels.map((panel) => {
    let { id } = panel;
    while (used.has(id)) id += "'";
    used.add(id);
    return id === panel.id ? panel : { ...panel, id };
  });
}

function ofMetric({ name, stream, step_metric }: Logged): Spec {
  const section = stream === "system" ? SYSTEM : prefix(name);
  return { id: stream === "system" ? `~${name}` : name, kind: "line", section, of: [name], stream, over: step_metric };
}

function ofMedium({ name, kind }: Medium): Spec {
  return { id: `*${name}`, kind: kindOf(kind), section: prefix(name), of: [name] };
}

/** An address may hold anything. */
function sound(panel: { id?: unknown; kind?: unknown; of?: unknown }): boolean {
  return typeof panel.id === "string" && KINDS.includes(panel.kind as Kind) && Array.isArray(panel.of ?? []);
}

/** What stands over a panel; `whole` names it so that no other panel of the page is called the same. */
export function titleOf(panel: Spec, whole = false): string {
  if (panel.title) return panel.title;
  const [first = ""] = panel.of;
  if (panel.kind === "bar" && first) return heading(first);
  if (panel.kind === "scatter") return `${heading(panel.y ?? "")} over ${heading(panel.x ?? "")}`;
  if (panel.kind === "importance") return `Importance for ${heading(panel.y ?? "")}`;
  if (panel.kind === "parallel" || panel.kind === "markdown") return NAMES[panel.kind];
  if (panel.of.length > 1) return panel.of.join(", ");
  if (whole || panel.own) return first || NAMES[panel.kind];
  if (panel.stream === "system") return first.replace(/^system\./, "");
  return first.startsWith(panel.section) ? first.slice(panel.section.length).replace(/^[/.](?=.)/, "") || first : first;
}

export const NAMES: Record<Kind, string> = {
  line: "Line chart",
  bar: "Bar chart",
  scatter: "Scatter plot",
  parallel: "Parallel coordinates",
  importance: "Parameter importance",
  histogram: "Histogram over steps",
  media: "Media",
  table: "Logged table",
  chart: "Logged chart",
  figure: "Plotly figure",
  cloud: "Point cloud",
  markdown: "Text",
};

/** A layout with another panel; the panel's id is a new one. */
export function add(layout: Layout, panel: Omit<Spec, "id">): Layout {
  const used = new Set((layout.add ?? []).map((it) => it.id));
  let number = 1;
  while (used.has(`p${number}`)) number++;
  return { ...layout, add: [...(layout.add ?? []), { ...panel, id: `p${number}` }] };
}

export function change(layout: Layout, panel: Spec, to: Partial<Spec>): Layout {
  if (panel.own) {
    return { ...layout, add: (layout.add ?? []).map((it) => (it.id === panel.id ? { ...it, ...to } : it)) };
  }
  return { ...layout, set: { ...layout.set, [panel.id]: { ...layout.set?.[panel.id], ...to } } };
}

/** The panel as an editor left it: what is not in `to` is as it was by itself. */
export function replace(layout: Layout, panel: Spec, to: Omit<Spec, "id">): Layout {
  if (panel.own) {
    return { ...layout, add: (layout.add ?? []).map((it) => (it.id === panel.id ? { ...to, id: panel.id } : it)) };
  }
  const before = layout.set?.[panel.id] ?? {};
  const same = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right);
  const fields = Object.entries(to).filter(
    ([field, value]) => field in before || !same(value, panel[field as keyof Spec]),
  );
  return { ...layout, set: { ...layout.set, [panel.id]: Object.fromEntries(fields) } };
}

export function remove(layout: Layout, panel: Spec): Layout {
  if (panel.own) return { ...layout, add: (layout.add ?? []).filter((it) => it.id !== panel.id) };
  return { ...layout, drop: [...(layout.drop ?? []), panel.id] };
}

/** Moves a panel before another one, or to the end of a section where that is null. */
export function move(
  layout: Layout,
  sections: readonly Section[],
  panel: Spec,
  section: string,
  before: string | null,
): Layout {
  const panels = sections.find((it) => it.name === section)?.panels ?? [];
  const ids = panels.map((it) => it.id).filter((id) => id !== panel.id);
  const place = before === null ? -1 : ids.indexOf(before);
  ids.splice(place < 0 ? ids.length : place, 0, panel.id);
  const natural = [...panels.filter((it) => it.id !== panel.id), { ...panel, section }].sort(byName);
  const order = {
    ...layout.order,
    [section]: shorten(
      ids,
      natural.map((it) => it.id),
    ),
  };
  return panel.section === section ? { ...layout, order } : { ...change(layout, panel, { section }), order };
}

export function moveSection(layout: Layout, sections: readonly Section[], name: string, before: string | null): Layout {
  const names = sections.map((it) => it.name).filter((it) => it !== name);
  const place = before === null ? -1 : names.indexOf(before);
  names.splice(place < 0 ? names.length : place, 0, name);
  return { ...layout, sections: names };
}

export function resize(layout: Layout, id: string, columns: number, rows: number): Layout {
  const within = (value: number, most: number) => Math.max(1, Math.min(most, Math.round(value)));
  const [wide, high] = [within(columns, WIDEST), within(rows, HIGHEST)];
  const others = Object.fromEntries(Object.entries(layout.size ?? {}).filter(([other]) => other !== id));
  return { ...layout, size: wide === 1 && high === 1 ? others : { ...others, [id]: [wide, high] } };
}

export function sizeOf(layout: Layout, id: string): [number, number] {
  const [columns, rows] = layout.size?.[id] ?? [1, 1];
  return [Math.max(1, Math.min(WIDEST, columns || 1)), Math.max(1, Math.min(HIGHEST, rows || 1))];
}

/** The shortest start of `ids` that, followed by the rest of `natural`, is `ids`. */
function shorten(ids: readonly string[], natural: readonly string[]): string[] {
  for (let length = 0; length < ids.length; length++) {
    const start = new Set(ids.slice(0, length));
    const rest = natural.filter((id) => !start.has(id));
    if (rest.every((id, i) => id === ids[length + i])) return ids.slice(0, length);
  }
  return [...ids];
}

function inOrder<T extends object | string>(
  items: readonly T[],
  first: readonly string[],
  name: (item: T) => string,
): T[] {
  const byId = new Map(items.map((item) => [name(item), item]));
  const ahead = [...new Set(first)].flatMap((id) => byId.get(id) ?? []);
  const taken = new Set(ahead);
  return [...ahead, ...items.filter((item) => !taken.has(item))];
}

const collator = new Intl.Collator(undefined, { numeric: true });

function byName(left: Spec, right: Spec): number {
  return collator.compare(left.of.join() || left.id, right.of.join() || right.id);
}

function bySection(left: string, right: string): number {
  return rank(left) - rank(right) || collator.compare(left, right);
}

function rank(name: string): number {
  return name === OWN ? 0 : name === LOOSE ? 1 : name === SYSTEM ? 3 : 2;
}
