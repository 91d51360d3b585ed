/** Ticks of a logarithmic axis. uPlot's own never end below 1e-16, where its rounding makes every step zero. */

const MOST = 8;

/** Whole powers of ten, thinned when there are many; with 2 and 5 between them when there are few. `low` > 0. */
export function decades(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.ceil((last - first) / MOST) || 1;
  const parts = last - first <= 3 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let exponent = first; exponent <= last; exponent++) {
    if (exponent % every !== 0) continue;
    for (const part of parts) ticks.push(Number(`${part}e${exponent}`));
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}
