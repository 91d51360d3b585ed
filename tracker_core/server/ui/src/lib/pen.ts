/** How lines are stroked. Without a graphics card a browser strokes what is wider than a pixel of the screen a hundred
 * times slower than what is one pixel wide: fifty noisy lines took 800 ms, as hairlines they take 12. */

import uPlot from "uplot";

/** More lines than these are drawn one pixel wide, which also keeps them apart. */
const MANY = 12;

/** The part of a series that says how its line is stroked: `width` in pixels of the page, of `count` lines in all. */
export function pen(width: number, count: number): Pick<uPlot.Series, "width" | "paths"> {
  const ratio = devicePixelRatio;
  const wide = (count > MANY ? 1 : width) * ratio;
  if (wide > 3) return { width }; // only a baseline is that wide
  return { width: 1 / ratio, paths: hairlines(wide) };
}

/** Hairlines side by side, along the diagonal so that level and steep parts become equally wide. */
function hairlines(wide: number): uPlot.Series.PathBuilder {
  const linear = uPlot.paths.linear!();
  const reach = (wide - 1) / 2;
  const offsets = wide > 2 ? [-reach, 0, reach] : [-reach, reach];
  return (plot, index, from, to) => {
    const paths = linear(plot, index, from, to);
    if (reach <= 0 || !(paths?.stroke instanceof Path2D)) return paths;
    const stroke = new Path2D();
    for (const offset of offsets) stroke.addPath(paths.stroke, { e: offset, f: offset });
    return { ...paths, stroke };
  };
}
