/** Colours of runs: chosen from the run's key, so that they are the same on every page and after every filter. */

export const PALETTE = [
  "#4269d0",
  "#e07b2c",
  "#3a9a6a",
  "#d1495b",
  "#8e6cc9",
  "#1f9bb3",
  "#c28f1b",
  "#c964a8",
  "#6f8f2f",
  "#9a6b4b",
  "#5b84f0",
  "#f0685f",
  "#2cb08f",
  "#a3479c",
  "#b5a136",
  "#6574a6",
  "#e294bd",
  "#4f9fe0",
  "#7f5af0",
  "#8a8f98",
] as const;

/** Colours that people who confuse red and green tell apart (after Okabe and Ito, darkened to be seen on white). */
export const SAFE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#3fa0d8", "#7a6f00", "#7f7f7f"] as const;

/**
 * One colour per run: the one that somebody chose, or else the one that its key asks for, or the next one that none of
 * the runs just before it took (19 of them with the standard palette). `runs` in the order of creation: neighbours
 * differ, and a later run never changes an earlier one's colour.
 */
export function assign(
  runs: readonly { key: string; color: string }[],
  palette: readonly string[] = PALETTE,
): Map<string, string> {
  const recent: number[] = [];
  const colors = new Map<string, string>();
  for (const { key, color } of runs) {
    let slot = hash(key) % palette.length;
    while (recent.includes(slot)) slot = (slot + 1) % palette.length;
    recent.push(slot);
    if (recent.length === palette.length) recent.shift();
    colors.set(key, color || palette[slot]!);
  }
  return colors;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** The colour with an alpha channel; `color` is #rrggbb. */
export function fade(color: string, alpha: number): string {
  const channel = Math.round(Math.max(0, Math.min(1, alpha)) * 255);
  return color + channel.toString(16).padStart(2, "0");
}
