/**
 * What a drawing is made of. The same marks are painted on a canvas and written as SVG, so that a download is what was
 * seen. Colours are `#rrggbb` or the name of an ink of the theme.
 */

export type Ink = "ink" | "soft" | "faint" | "grid" | "line" | "sheet" | "accent";
export type Inks = Record<Ink, string>;

type Common = {
  color: string;
  alpha?: number;
  /** The run (or group) that the mark stands for: it is lit up with it, and opens it. */
  key?: string;
  /** What is told when the pointer is on it; the first line is its name. */
  tip?: readonly string[];
};
export type Line = Common & {
  kind: "line";
  points: readonly number[];
  width?: number;
  dashed?: boolean;
  fill?: boolean;
};
export type Box = Common & { kind: "box"; x: number; y: number; width: number; height: number };
export type Dot = Common & { kind: "dot"; x: number; y: number; radius: number };
export type Text = Common & {
  kind: "text";
  x: number;
  y: number;
  text: string;
  anchor?: "start" | "middle" | "end";
  size?: number;
  turned?: boolean;
  /** The room it has. */
  room?: number;
};
export type Mark = Line | Box | Dot | Text;

export const INKS: Inks = {
  ink: "#20201d",
  soft: "#66655f",
  faint: "#706f68",
  grid: "#efeeea",
  line: "#d3d2cc",
  sheet: "#ffffff",
  accent: "#3559c7",
};
const FONT = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif';
const SIZE = 11;
const ASIDE = 0.12;

const shade = (color: string, inks: Inks) => inks[color as Ink] ?? color;

/** Marks of other keys than `focus` step back while it is set. */
export function paint(
  context: CanvasRenderingContext2D,
  marks: readonly Mark[],
  inks: Inks,
  focus: string | null,
): void {
  const lit = focus !== null && marks.some((mark) => mark.key === focus);
  for (const mark of marks) {
    context.globalAlpha = (mark.alpha ?? 1) * (lit && mark.key !== undefined && mark.key !== focus ? ASIDE : 1);
    context.fillStyle = context.strokeStyle = shade(mark.color, inks);
    if (mark.kind === "box") context.fillRect(mark.x, mark.y, mark.width, mark.height);
    else if (mark.kind === "dot") dot(context, mark);
    else if (mark.kind === "line") line(context, mark);
    else text(context, mark);
  }
  context.globalAlpha = 1;
}

function dot(context: CanvasRenderingContext2D, { x, y, radius }: Dot): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function line(context: CanvasRenderingContext2D, { points, width = 1, dashed, fill }: Line): void {
  context.beginPath();
  for (let i = 0; i + 1 < points.length; i += 2) context.lineTo(points[i]!, points[i + 1]!);
  if (fill) {
    context.fill();
    return;
  }
  context.lineWidth = width;
  context.setLineDash(dashed ? [6, 4] : []);
  context.lineJoin = "round";
  context.stroke();
  context.setLineDash([]);
}

function text(context: CanvasRenderingContext2D, mark: Text): void {
  context.font = `${mark.size ?? SIZE}px ${FONT}`;
  context.textAlign = mark.anchor === "middle" ? "center" : (mark.anchor ?? "start");
  context.textBaseline = "middle";
  context.save();
  context.translate(mark.x, mark.y);
  if (mark.turned) context.rotate(-Math.PI / 2);
  context.fillText(cut(mark), 0, 0);
  context.restore();
}

/** A text cut to its room, by the mean width of a letter: exact enough, and the same on canvas and in SVG. */
export function cut({ text, room, size = SIZE }: Pick<Text, "text" | "room" | "size">): string {
  const most = room === undefined ? Infinity : Math.max(1, Math.floor(room / (size * 0.55)));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

export function spell(marks: readonly Mark[], width: number, height: number, title: string, inks: Inks = INKS): string {
  const head = title ? 30 : 0;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + head}" viewBox="0 0 ${width} ${height + head}" font-family='${FONT}'>`,
    `<rect width="100%" height="100%" fill="${inks.sheet}"/>`,
    title ? `<text x="12" y="21" font-size="14" font-weight="600" fill="${inks.ink}">${escape(title)}</text>` : "",
    `<g transform="translate(0 ${head})">`,
    ...marks.map((mark) => element(mark, inks)),
    "</g></svg>",
  ];
  return parts.filter(Boolean).join("\n");
}

function element(mark: Mark, inks: Inks): string {
  const color = escape(shade(mark.color, inks));
  const alpha = mark.alpha === undefined ? "" : ` opacity="${round(mark.alpha)}"`;
  const told = mark.tip ? `<title>${escape(mark.tip.join("\n"))}</title>` : "";
  if (mark.kind === "box") {
    const [x, y, width, height] = [mark.x, mark.y, mark.width, mark.height].map(round);
    return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${color}"${alpha}>${told}</rect>`;
  }
  if (mark.kind === "dot") {
    return `<circle cx="${round(mark.x)}" cy="${round(mark.y)}" r="${mark.radius}" fill="${color}"${alpha}>${told}</circle>`;
  }
  if (mark.kind === "line") {
    const points = mark.points.map(round).join(" ");
    if (mark.fill) return `<polygon points="${points}" fill="${color}"${alpha}>${told}</polygon>`;
    const dash = mark.dashed ? ' stroke-dasharray="6 4"' : "";
    return `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="${mark.width ?? 1}"${dash}${alpha}>${told}</polyline>`;
  }
  const turn = mark.turned ? ` transform="rotate(-90 ${round(mark.x)} ${round(mark.y)})"` : "";
  return `<text x="${round(mark.x)}" y="${round(mark.y)}" font-size="${mark.size ?? SIZE}" text-anchor="${mark.anchor ?? "start"}" dominant-baseline="central" fill="${color}"${turn}${alpha}>${escape(cut(mark))}</text>`;
}

/** The mark that can be told about under (or, for dots and lines, near) the pointer; the topmost one. */
export function hit(marks: readonly Mark[], x: number, y: number): Mark | null {
  let found: Mark | null = null;
  let nearest = 10;
  for (const mark of marks) {
    if (!mark.tip) continue;
    const away = distance(mark, x, y);
    if (away <= nearest) [found, nearest] = [mark, away];
  }
  return found;
}

function distance(mark: Mark, x: number, y: number): number {
  if (mark.kind === "dot") return Math.max(0, Math.hypot(mark.x - x, mark.y - y) - mark.radius);
  if (mark.kind === "box" || mark.kind === "text") {
    const { width, height } = mark.kind === "box" ? mark : { width: 0, height: 0 };
    const inside = x >= mark.x && x <= mark.x + width && y >= mark.y && y <= mark.y + height;
    return inside ? 0 : Infinity;
  }
  let least = Infinity;
  for (let i = 2; i + 1 < mark.points.length; i += 2) {
    const [ax, ay, bx, by] = [mark.points[i - 2]!, mark.points[i - 1]!, mark.points[i]!, mark.points[i + 1]!];
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const share = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    least = Math.min(least, Math.hypot(ax + share * (bx - ax) - x, ay + share * (by - ay) - y));
  }
  return least;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (it) => `&#${it.charCodeAt(0)};`);
}
