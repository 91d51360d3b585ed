/** What a person chose on the project page. All of it stands in the address, so that a link shows the same. */

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
  full: "",
  base: "",
  /** The file or the artifact that is looked at. */
  item: "",
};

export type View = typeof STANDARD;

export function openView(): View {
  const view: View = $state(read(place.search, STANDARD));
  $effect(() => replaceSearch(write(view, STANDARD)));
  return view;
}

export function smoothing(view: View): Smoothing {
  return { kind: view.smooth as Smoothing["kind"], amount: view.amount };
}

/** The zoomed stretch of the x-axis; null for all of it. */
export function range(view: View): [number, number] | null {
  const [from, to] = view.range.split(":").map(Number);
  return from !== undefined && to !== undefined && view.range !== "" && from < to ? [from, to] : null;
}
