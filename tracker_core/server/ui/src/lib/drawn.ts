/** A line as a chart draws it. */

import type { Points } from "./points";

export type Drawn = {
  key: string;
  name: string;
  color: string;
  /** What was logged, over the chart's axis; of a group its means. */
  points: Points;
  /** The height of the line at each `points.lastX`, smoothed if that was asked for. The line has a gap where it is not
   * finite. */
  line: ArrayLike<number>;
  smoothed: boolean;
  /** What stands behind the line: the extremes of its points, or the points themselves behind a smoothed line. */
  behind: "none" | "envelope" | "raw";
  /** Of a group, how many runs each mean is of. */
  runs: Float64Array | null;
  width: number;
  faint: boolean;
  dashed: boolean;
};
