/** What every kind of panel gets, and what it may offer for a download. */

import type { BoardState } from "./board.svelte";
import type { Spec } from "./layout";
import type { Loader } from "./loader";
import type { Member } from "./panel";
import type { View } from "./view.svelte";

export type BodyProps = {
  spec: Spec;
  board: BoardState;
  /** The runs that are drawn. */
  members: Member[];
  /** Rows of the table that the filter lets through, drawn or not: what scatter plots and their like show. */
  rows: readonly number[];
  view: View;
  loader: Loader;
  /** Rises when data of a drawn run changed. */
  version: number;
  height: number;
  visible: boolean;
  onopen: (key: string) => void;
  onset: (to: Partial<Spec>) => void;
};

export type Body = {
  csv?: () => string;
  svg?: (title: string) => string;
  canvas?: () => HTMLCanvasElement | null;
};
