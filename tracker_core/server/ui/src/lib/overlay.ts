/** What was logged over a picture: boxes around things, and masks that give every pixel a class. */

import { PALETTE } from "./color";

export type Box = {
  position:
    { minX: number; maxX: number; minY: number; maxY: number } | { middle: number[]; width: number; height: number };
  domain?: "pixel";
  class_id?: number;
  box_caption?: string;
  scores?: Record<string, number>;
};
export type Labels = Record<string, string>;
export type BoxSet = { box_data: Box[]; class_labels?: Labels };

/** One class of one name; another layer may have another name for the number. */
export const classKey = (id: number, labels: Labels) => `${id} ${labels[id] ?? id}`;

export const colorOf = (id: number) => PALETTE[((id % PALETTE.length) + PALETTE.length) % PALETTE.length]!;

/** Left, top, width and height as shares of the picture, which is `width` by `height` pixels. */
export function place({ position, domain }: Box, width: number, height: number): [number, number, number, number] {
  const [x, y] = domain === "pixel" ? [width || 1, height || 1] : [1, 1];
  if ("minX" in position) {
    const { minX, maxX, minY, maxY } = position;
    return [minX / x, minY / y, (maxX - minX) / x, (maxY - minY) / y];
  }
  const [wide, tall] = [position.width / x, position.height / y];
  return [(position.middle[0] ?? 0) / x - wide / 2, (position.middle[1] ?? 0) / y - tall / 2, wide, tall];
}

/** What stands at a box: its caption, or its class and its first score. */
export function caption(box: Box, labels: Labels): string {
  if (box.box_caption !== undefined) return box.box_caption;
  const score = Object.values(box.scores ?? {})[0];
  const name = box.class_id === undefined ? "" : (labels[box.class_id] ?? String(box.class_id));
  return [name, score === undefined ? "" : score.toFixed(2)].filter(Boolean).join(" ");
}

/** Gives the pixels of a mask, whose red part is the class, the colours of their classes; returns the classes that are
 * there. Class 0 is what is around things, unless it has a name. */
export function tint(pixels: Uint8ClampedArray, labels: Labels, hidden: (id: number) => boolean): number[] {
  const found = new Set<number>();
  for (let i = 0; i < pixels.length; i += 4) {
    const id = pixels[i]!;
    if (id === 0 && labels["0"] === undefined) {
      pixels[i + 3] = 0;
      continue;
    }
    found.add(id);
    const color = parseInt(colorOf(id).slice(1), 16);
    [pixels[i], pixels[i + 1], pixels[i + 2]] = [color >> 16, (color >> 8) & 255, color & 255];
    pixels[i + 3] = hidden(id) ? 0 : 255;
  }
  return [...found].sort((a, b) => a - b);
}
