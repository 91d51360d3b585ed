/** uPlot set up for many thin lines: envelopes behind them, one shared cursor, zoom by dragging. */

import uPlot from "uplot";
import { fade } from "./color";
import type { Drawn } from "./drawn";
import { envelopes, frameOf, trace, visible } from "./envelope";
import { type Hit, hit, nearest } from "./hover";
import { markNonfinite } from "./nonfinite";
import { type Pen, pen, shifted } from "./pen";
import { extentOfX, inside } from "./points";
import { padded } from "./scale";
import { durationLabels, durationTicks, linearTicks, logTicks, tickLabels } from "./ticks";

export type Axis = "step" | "number" | "relative" | "wall";
export type Look = {
  axis: Axis;
  logX: boolean;
  logY: boolean;
  /** The y-range that outliers are cut to. */
  y: [number, number] | null;
  /** Ends of the y-axis that somebody set. */
  low: number | null;
  high: number | null;
  x: [number, number] | null;
};
export type Hooks = {
  zoom: (range: [number, number] | null) => void;
  /** The stretch while it is dragged; `zoom` has the last word. */
  pan: (range: [number, number]) => void;
  /** What lies under the pointer; nothing for a plot that only follows another one's cursor. */
  move: (plot: uPlot, hits: Hit[]) => void;
  focus: (key: string | null) => void;
};

const FONT = '11px ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif';

/** Pixels between the pointer and the line that it points at. */
const REACH = 14;

/** Draws into `place`. The caller destroys what is returned.
 *
 * uPlot has the axes, the cursor and the zoom. It knows only the ends of the x-axis: lines are drawn, ranged and found
 * under the pointer by their own points, so that lines need no x in common. */
export function create(
  place: HTMLElement,
  size: { width: number; height: number },
  lines: readonly Drawn[],
  look: Look,
  hooks: Hooks,
): uPlot {
  const ink = (name: string) => getComputedStyle(place).getPropertyValue(name).trim();
  const axis = {
    stroke: ink("--ink-faint"),
    font: FONT,
    grid: { stroke: ink("--grid"), width: 1 },
    ticks: { show: false },
  };
  let current = lines;
  let window = look.x;
  const plot: Refilled = new uPlot(
    {
      ...size,
      padding: [8, 10, 0, 0],
      legend: { show: false },
      focus: { alpha: 0.18 },
      cursor: {
        sync: { key: "board", setSeries: false, scales: ["x", null] },
        drag: { x: true, y: false, setScale: false, dist: 5 },
        points: { show: false },
        bind: { dblclick: () => () => (hooks.zoom(null), null) },
      },
      scales: {
        x: {
          time: look.axis === "wall",
          distr: look.logX ? 3 : 1,
          range: () => rangeOfX(current, look, window),
        },
        y: {
          distr: look.logY ? 3 : 1,
          range: (self) => rangeOfY(self, current, look),
        },
      },
      axes: [
        {
          ...axis,
          size: 26,
          gap: 6,
          space: 64,
          ...(look.axis === "wall" ? {} : ticks(look.axis, look.logX)),
        },
        { ...axis, gap: 6, space: 34, size: width, ...ticks("number", look.logY) },
      ],
      series: [
        {},
        ...lines.map((line): uPlot.Series => {
          const stroke = pen(line.width, lines.length);
          return {
            label: line.key,
            auto: false,
            stroke: line.faint ? fade(line.color, 0.3) : line.color,
            width: stroke.width,
            ...(line.dashed ? { dash: [6, 4] } : {}),
            points: { show: false },
            paths: (self, index) => stroked(self, current[index - 1], stroke),
          };
        }),
      ],
      hooks: {
        drawAxes: [(self) => envelopes(self, current)],
        draw: [(self) => markNonfinite(self, current)],
        setCursor: [(self) => point(self as Refilled, current, hooks)],
        setSeries: [
          (self, index) => hooks.focus(index === null ? null : ((self.series[index]?.label as string) ?? null)),
        ],
        setSelect: [
          (self) => {
            if (self.select.width < 3) return;
            hooks.zoom([
              self.posToVal(self.select.left, "x"),
              self.posToVal(self.select.left + self.select.width, "x"),
            ]);
            self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        setData: [(self) => (current = (self as Refilled).lines ?? current)],
      },
    },
    ends(lines, look),
    place,
  );
  plot.look = (range) => {
    if (range === window || String(range) === String(window)) return;
    window = range;
    if (range) {
      const [min, max] = rangeOfX(current, look, range);
      plot.setScale("x", { min, max });
    } else plot.setData(plot.data);
  };
  dragged(plot, look.logX, hooks);
  return plot;
}

type Refilled = uPlot & {
  lines?: readonly Drawn[];
  look?: (range: [number, number] | null) => void;
  /** The dots on the lines under the pointer. */
  dots?: HTMLElement[];
  /** The line that the pointer is on. */
  near?: string | null;
};

/** Shows another stretch of the x-axis, null for all of it: as quick as one frame. */
export function show(plot: uPlot, range: [number, number] | null): void {
  (plot as Refilled).look?.(range);
}

/** Dragging with Shift or the middle button moves the stretch, the wheel with Ctrl narrows it. */
function dragged(plot: uPlot, log: boolean, hooks: Hooks): void {
  const to = (value: number) => (log ? Math.log(value) : value);
  const back = (value: number) => (log ? Math.exp(value) : value);
  const ends = () => [to(plot.scales["x"]!.min!), to(plot.scales["x"]!.max!)] as const;
  plot.root.addEventListener(
    "mousedown",
    (event) => {
      if (!(event.shiftKey && event.button === 0) && event.button !== 1) return;
      event.preventDefault();
      event.stopPropagation();
      const [low, high] = ends();
      let range: [number, number] | null = null;
      const move = (at: MouseEvent) => {
        const away = ((at.clientX - event.clientX) / plot.over.clientWidth) * (high - low);
        range = [back(low - away), back(high - away)];
        hooks.pan(range);
      };
      addEventListener("mousemove", move);
      const stop = () => {
        removeEventListener("mousemove", move);
        if (range) hooks.zoom(range);
      };
      addEventListener("mouseup", stop, { once: true });
    },
    true,
  );
  let settled: ReturnType<typeof setTimeout> | undefined;
  plot.root.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const [low, high] = ends();
      const share = (event.clientX - plot.over.getBoundingClientRect().left) / plot.over.clientWidth;
      const factor = Math.exp(Math.max(-50, Math.min(50, event.deltaY)) / 150);
      const at = low + share * (high - low);
      const range: [number, number] = [back(at - (at - low) * factor), back(at + (high - at) * factor)];
      hooks.pan(range);
      clearTimeout(settled);
      settled = setTimeout(() => hooks.zoom(range), 200);
    },
    { passive: false },
  );
}

/** New points for the same lines: cheaper than a new plot, and the cursor stays. */
export function refill(plot: uPlot, lines: readonly Drawn[], look: Look): void {
  (plot as Refilled).lines = lines;
  plot.setData(ends(lines, look));
}

/** All that uPlot knows of the data: the ends of the x-axis. */
function ends(lines: readonly Drawn[], look: Look): uPlot.AlignedData {
  const range = rangeOfX(lines, look, null);
  return [range, ...lines.map(() => [null, null])];
}

function rangeOfX(lines: readonly Drawn[], look: Look, window: [number, number] | null): [number, number] {
  const extent = extentOfX(lines.map((line) => line.points)) ?? [0, 1];
  const [low, high] = window ?? extent;
  if (look.logX) {
    const bottom = low > 0 ? low : leastPositive(lines);
    return bottom < high ? [bottom, high] : [bottom / 2, bottom * 2];
  }
  return low < high ? [low, high] : [low - 0.5, low + 0.5];
}

function leastPositive(lines: readonly Drawn[]): number {
  let least = Infinity;
  for (const { points } of lines) for (const x of points.lastX) if (x > 0 && x < least) least = x;
  return Number.isFinite(least) ? least : 1;
}

function stroked(plot: uPlot, line: Drawn | undefined, { offsets }: Pen): uPlot.Series.Paths | null {
  if (!line) return null;
  const path = trace(new Path2D(), line.points.lastX, line.line, visible(plot, line.points), frameOf(plot));
  return { stroke: shifted(path, offsets), fill: null, clip: null, band: null, flags: 0 };
}

/** Finds what is under the pointer, puts dots there, and gives the nearest line the focus. */
function point(plot: Refilled, lines: readonly Drawn[], hooks: Hooks): void {
  const { left, top, event } = plot.cursor;
  const over = left !== undefined && top !== undefined && left >= 0;
  const positions = { x: (value: number) => plot.valToPos(value, "x"), y: (value: number) => height(plot, value) };
  const at = over ? plot.posToVal(left, "x") : NaN;
  const hits = over ? lines.flatMap((line) => (line.faint ? [] : (hit(line, left, at, positions) ?? []))) : [];
  putDots(plot, hits);
  const own = over && event && plot.over.contains(event.target as Node);
  hooks.move(plot, own ? hits : []);
  if (!own) return;
  const near = nearest(hits, top, REACH)?.line.key ?? null;
  if (near === (plot.near ?? null)) return;
  plot.near = near;
  const index = near === null ? null : lines.findIndex((line) => line.key === near) + 1;
  plot.setSeries(index as number, { focus: true }); // null is for all of them
}

function height(plot: uPlot, value: number): number {
  if (!Number.isFinite(value) || (plot.scales["y"]!.distr === 3 && value <= 0)) return NaN;
  return plot.valToPos(value, "y");
}

function putDots(plot: Refilled, hits: readonly Hit[]): void {
  const dots = (plot.dots ??= []);
  const shown = hits.filter((it) => Number.isFinite(it.y));
  while (dots.length < shown.length) {
    const dot = document.createElement("i");
    dot.className = "dot";
    plot.over.append(dot);
    dots.push(dot);
  }
  dots.forEach((dot, i) => {
    const it = shown[i];
    dot.hidden = !it;
    if (!it) return;
    dot.style.transform = `translate(${it.x}px, ${it.y}px)`;
    dot.style.background = it.line.color;
  });
}

/** The y-range with some air, what stands behind lines included. */
function rangeOfY(plot: uPlot, lines: readonly Drawn[], look: Look): [number, number] {
  const { min, max } = plot.scales["x"]!;
  let [bottom, top] = look.y ?? [Infinity, -Infinity];
  const reach = (value: number) => {
    if (!Number.isFinite(value) || (look.logY && value <= 0)) return;
    if (value < bottom) bottom = value;
    if (value > top) top = value;
  };
  if (!look.y) {
    for (const line of lines) {
      const [from, to] = inside(line.points, min ?? -Infinity, max ?? Infinity);
      for (let i = from; i <= to; i++) {
        reach(line.line[i]!);
        if (line.faint || line.behind === "none") continue;
        reach(line.behind === "envelope" ? line.points.low[i]! : line.points.value[i]!);
        reach(line.behind === "envelope" ? line.points.high[i]! : line.points.value[i]!);
      }
    }
    if (!(bottom <= top)) [bottom, top] = look.logY ? [0.1, 10] : [0, 1];
    else if (look.logY) [bottom, top] = bottom === top ? [bottom / 2, top * 2] : [bottom / 1.1, top * 1.1];
    else [bottom, top] = padded(bottom, top, 0.06);
  }
  const usable = (end: number | null) => end !== null && (!look.logY || end > 0);
  const [low, high] = [usable(look.low) ? look.low! : bottom, usable(look.high) ? look.high! : top];
  if (low < high) return [low, high];
  return look.logY ? [high / 10, high] : padded(Math.min(low, high), Math.max(low, high), 0.06);
}

/** Ticks of our own: uPlot's end at 1e-32 and 1e32, and have labels that repeat. */
function ticks(axis: Axis, log: boolean): Partial<uPlot.Axis> {
  const places = (low: number, high: number, count: number) =>
    log
      ? logTicks(low, high, count, axis === "step")
      : axis === "relative"
        ? durationTicks(low, high, count)
        : linearTicks(low, high, count, axis === "step");
  const labels = axis === "relative" ? durationLabels : tickLabels;
  return {
    incrs: [Number.MAX_VALUE], // of these uPlot would take the first one with room enough; the splits do not need it
    splits: (plot, index, low, high) => {
      const { space, side } = plot.axes[index]!;
      const room = side === 2 ? plot.width - 60 : plot.height - 40;
      return places(low, high, Math.max(2, room / (space as () => number)()));
    },
    values: (_, values) => labels(values.filter((value) => value !== null)),
    filter: (_, values) => values,
  };
}

/** As wide as the longest tick, so that narrow panels keep their width for the lines. */
function width(_: uPlot, values: string[] | null): number {
  return 16 + 6.4 * Math.max(2, ...(values ?? []).map((text) => text.length));
}
