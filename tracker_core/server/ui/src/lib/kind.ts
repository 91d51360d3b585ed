/** What whoever makes a panel has to know of its kinds. */

import type { Kind, Spec } from "./layout";

/** What a kind of panel is good for. */
export const WHY: Record<Kind, string> = {
  line: "Metrics over steps, time or another metric",
  bar: "One value of each run or group",
  scatter: "Two columns against each other",
  parallel: "Many columns at once; brush to filter",
  importance: "Which parameters decide",
  histogram: "How a distribution moves",
  media: "Images, videos, sound side by side",
  table: "Rows that were logged, over runs",
  chart: "Curves, matrices, bars that were logged",
  figure: "Figures that were logged",
  cloud: "Points that were logged",
  markdown: "Notes in Markdown",
};
/** The kinds that show media; the others show values. */
export const OF_MEDIA: readonly Kind[] = ["histogram", "media", "table", "chart", "figure", "cloud"];

/** What is still to be chosen before there is something to draw; empty when nothing is. */
export function lacks(draft: Omit<Spec, "id">): string {
  if (draft.kind === "line") return draft.of.length ? "" : "Choose a metric.";
  if (OF_MEDIA.includes(draft.kind)) return draft.of.length ? "" : "Choose what is to be shown.";
  if (draft.kind === "bar") return draft.of[0] ? "" : "Choose a value.";
  if (draft.kind === "scatter") return draft.x && draft.y ? "" : "Choose both axes.";
  if (draft.kind === "parallel") return draft.of.length > 1 ? "" : "Choose two columns or more.";
  if (draft.kind === "importance") return draft.y ? "" : "Choose a metric.";
  return "";
}
