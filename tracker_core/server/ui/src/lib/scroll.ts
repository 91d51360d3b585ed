/** Which rows of a long list are drawn, and where. */

/** Browsers draw nothing beyond some 17 million pixels: longer lists scroll in larger steps. */
export const TALLEST = 15_000_000;
/** Rows that are drawn beyond each edge. */
const OVER = 8;

export type Stretch = { first: number; last: number; tall: number; scale: number; offset: number };

/**
 * `top` is how far the place of `view` pixels is scrolled, over `length` rows of `height`. `tall` is the height of all
 * together, `offset` where row `first` begins, `scale` how many pixels of rows pass for one that is scrolled.
 */
export function stretch(top: number, view: number, length: number, height: number): Stretch {
  const whole = length * height;
  const tall = Math.min(whole, TALLEST);
  const scale = whole > tall ? (whole - view) / (tall - view) : 1;
  const at = top * scale;
  const first = Math.max(0, Math.min(Math.floor(at / height) - OVER, length - 1));
  const last = Math.min(length, Math.ceil((at + view) / height) + OVER);
  return { first, last, tall, scale, offset: scale === 1 ? first * height : top - (at - first * height) };
}
