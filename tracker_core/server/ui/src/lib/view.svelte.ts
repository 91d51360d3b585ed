/** What a person chose on the project page. All of it stands in the address, so that a link shows the same. */

import type { Layout } from "./layout";
import { read, write } from "./query";
import { place, replaceSearch } from "./route.svelte";
import type { Smoothing } from "./smooth";

const STANDARD = {
  view: "charts",
  filter: "",
  sort: ["-created"] as readonly string[],
  group: [] as readonly string[],
  hide: [] as readonly string[],
  only: [] as readonly string[],
  x: "step",
  smooth: "none",
  amount: 0,
  raw: true,
  logx: false,
  logy: false,
  clip: false,
  band: "range",
  members: false,
  panels: "",
  range: "",
  fold: [] as readonly string[],
  /** The panel in full screen. */
  full: "",
  base: "",
  /** The file or the artifact that is looked at. */
  item: "",
  layout: {} as Layout,
  /** The columns of the table, in order; none for those that this browser showed last. */
  columns: [] as readonly string[],
  /** Column -> pixels, of those that somebody dragged. */
  widths: {} as Record<string, number>,
  /** Those that stay in view. */
  pins: [] as readonly string[],
  /** The saved view that this one began as. */
  saved: "",
};

export type View = typeof STANDARD;
export type Saved = { name: string; state: string; home: boolean };

/** The name under which the page without anything chosen is opened where another view is the project's home. */
export const BARE = "*";

/** The state of the page: what the address says; with nothing in it, the saved view that is home. */
export function openView(saved: readonly Saved[] = []): View {
  const view: View = $state(first(place.search, saved));
  $effect(() => replaceSearch(write(view, STANDARD)));
  return view;
}

function first(search: string, saved: readonly Saved[]): View {
  const asked = read(search, STANDARD);
  const bare = write({ ...asked, saved: "" }, STANDARD) === "";
  const named = saved.find((it) => (asked.saved ? it.name === asked.saved : it.home));
  return bare && named && (asked.saved || search.length < 2) ? opened(named) : asked;
}

function opened({ name, state }: Saved): View {
  return { ...read(state, STANDARD), saved: name };
}

/** Shows a saved view; null for the page without anything chosen. */
export function show(view: View, saved: Saved | null, home: boolean): void {
  Object.assign(view, saved ? opened(saved) : { ...STANDARD, saved: home ? BARE : "" });
}

/** What a saved view keeps: everything but its name and the panel that happens to be in full screen. */
export function stateOf(view: View): string {
  return write({ ...view, saved: "", full: "" }, STANDARD);
}

export function changed(view: View, saved: Saved): boolean {
  return stateOf(view) !== stateOf(read(saved.state, STANDARD));
}

export function smoothing(view: View): Smoothing {
  return { kind: view.smooth as Smoothing["kind"], amount: view.amount };
}

/** The zoomed stretch of the x-axis; null for all of it. */
export function range(view: View): [number, number] | null {
  const [from, to] = view.range.split(":").map(Number);
  return from !== undefined && to !== undefined && view.range !== "" && from < to ? [from, to] : null;
}
