/** Two texts beside each other, with what differs; loaded by those who compare. */

import { MergeView } from "@codemirror/merge";
import { inside, reading } from "./code";

export type Side = { text: string; label: string };

/** Shows `left` and `right`, stretches of equal lines folded; the function that is returned takes them away. */
export async function compare(host: HTMLElement, left: Side, right: Side, path: string): Promise<() => void> {
  const view = new MergeView({
    ...inside(host),
    a: { doc: left.text, extensions: await reading(path, left.label) },
    b: { doc: right.text, extensions: await reading(path, right.label) },
    collapseUnchanged: { margin: 4, minSize: 8 },
    gutter: true,
  });
  // The sides scroll as one.
  const style = view.dom.style;
  [style.maxHeight, style.overflow] = ["70vh", "auto"];
  return () => view.destroy();
}
