/** Terminal text as pieces with a style. Only colours and weights are kept; every other escape is dropped. */

export type Piece = { text: string; classes: string };

const ESCAPE = /\x1b(?:\[([0-9;:?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[@-Z\\-_])/g;
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** One line. Text after a carriage return replaces what stood before it, as on a terminal. */
export function pieces(line: string): Piece[] {
  const shown = line.slice(line.replace(/\r+$/, "").lastIndexOf("\r") + 1);
  const found: Piece[] = [];
  const style = { bold: false, dim: false, italic: false, underline: false, color: "" };
  let from = 0;
  const push = (to: number) => {
    const text = shown.slice(from, to).replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "");
    if (text !== "") found.push({ text, classes: classes(style) });
  };
  for (const match of shown.matchAll(ESCAPE)) {
    push(match.index);
    from = match.index + match[0].length;
    if (match[2] === "m") apply(style, match[1] ?? "");
  }
  push(shown.length);
  return found;
}

type Style = { bold: boolean; dim: boolean; italic: boolean; underline: boolean; color: string };

function apply(style: Style, codes: string): void {
  const parts = codes.split(/[;:]/).map(Number);
  for (let i = 0; i < parts.length; i++) {
    const code = parts[i]!;
    if (code === 0) Object.assign(style, { bold: false, dim: false, italic: false, underline: false, color: "" });
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 22) style.bold = style.dim = false;
    else if (code === 23) style.italic = false;
    else if (code === 24) style.underline = false;
    else if (code === 39) style.color = "";
    else if (code >= 30 && code <= 37) style.color = NAMES[code - 30]!;
    else if (code >= 90 && code <= 97) style.color = NAMES[code - 90]!;
    else if (code === 38 || code === 48) {
      const length = parts[i + 1] === 5 ? 2 : 4;
      if (code === 38)
        style.color = parts[i + 1] === 5 ? indexed(parts[i + 2] ?? 0) : nearest(parts.slice(i + 2, i + 5));
      i += length;
    }
  }
}

/** The 256-colour table, brought down to the eight that the theme draws well on both backgrounds. */
function indexed(index: number): string {
  if (index < 16) return NAMES[index % 8]!;
  if (index >= 232) return index < 244 ? "black" : "white";
  const cube = index - 16;
  return nearest([Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51]);
}

function nearest(rgb: number[]): string {
  const [red = 0, green = 0, blue = 0] = rgb;
  const top = Math.max(red, green, blue);
  if (top < 64) return "black";
  const bit = (part: number) => (part > top / 2 ? 1 : 0);
  return NAMES[bit(red) + 2 * bit(green) + 4 * bit(blue)]!;
}

function classes(style: Style): string {
  const names = [];
  if (style.bold) names.push("bold");
  if (style.dim) names.push("dim");
  if (style.italic) names.push("italic");
  if (style.underline) names.push("underline");
  if (style.color) names.push(`ansi-${style.color}`);
  return names.join(" ");
}
