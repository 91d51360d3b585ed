/** How lines are stroked. Without a graphics card a browser strokes what is wider than a pixel of the screen a hundred
 * times slower than what is one pixel wide: fifty noisy lines took 800 ms, as hairlines they take 12. */

/** More lines than these are drawn one pixel wide, which also keeps them apart. */
const MANY = 12;

export type Pen = {
  /** In pixels of the page, as uPlot wants it. */
  width: number;
  /** Hairlines are put side by side at these distances, in pixels of the screen, along the diagonal so that level and
   * steep parts become equally wide. */
  offsets: number[];
};

/** The pen for a line of `width` pixels of the page, of `count` lines in all. */
export function pen(width: number, count: number): Pen {
  const ratio = devicePixelRatio;
  const wide = (count > MANY ? 1 : width) * ratio;
  if (wide > 3) return { width, offsets: [0] }; // only a baseline is that wide
  const reach = (wide - 1) / 2;
  return { width: 1 / ratio, offsets: reach <= 0 ? [0] : wide > 2 ? [-reach, 0, reach] : [-reach, reach] };
}

export function shifted(path: Path2D, offsets: readonly number[]): Path2D {
  if (offsets.length === 1) return path;
  const all = new Path2D();
  for (const offset of offsets) all.addPath(path, { e: offset, f: offset });
  return all;
}
