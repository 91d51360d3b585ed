/** uPlot set up for many thin lines: envelopes behind them, one shared cursor, zoom by dragging. */

import uPlot from "uplot";
import { fade } from "./color";
import { envelopes } from "./envelope";
import { pen } from "./pen";
import { padded } from "./scale";
import { durationLabels, durationTicks, linearTicks, logTicks, tickLabels } from "./ticks";

export type Drawn = {
  key: string;
  name: string;
  color: string;
  value: (number | null)[];
  /** What stands behind the line: its extremes, or its unsmoothed self when `low` is null. */
  low: (number | null)[] | null;
  high: (number | null)[] | null;
  width: number;
  faint: boolean;
  dashed: boolean;
};

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
  move: (plot: uPlot) => void;
  focus: (key: string | null) => void;
};

const FONT = '11px ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif';

/** Draws into `place`. The caller destroys what is returned. */
export function create(
  place: HTMLElement,
  size: { width: number; height: number },
  x: number[],
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
        focus: { prox: 14 },
        points: { size: 6, width: 1.5 },
        dataIdx: (self, series, hovered) => nearest(self.data[series]!, hovered),
        bind: { dblclick: () => () => (hooks.zoom(null), null) },
      },
      scales: {
        x: {
          time: look.axis === "wall",
          distr: look.logX ? 3 : 1,
          range: (self, low, high) => {
            const only = self.data[0].length === 1 ? self.data[0][0]! : null; // uPlot makes 0 to 100 of a single 0
            return (
              window ?? (only === null ? [low, high] : look.logX ? [only / 2, only * 2] : [only - 0.5, only + 0.5])
            );
          },
        },
        y: {
          distr: look.logY ? 3 : 1,
          range: (self, low, high) => {
            if (look.low !== null && look.high !== null) return [look.low, look.high];
            const [bottom, top] = look.y ?? bounds(self, low, high, current, look.logY);
            return [look.low ?? bottom, look.high ?? top];
          },
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
        ...lines.map((line) => ({
          label: line.key,
          stroke: line.faint ? fade(line.color, 0.3) : line.color,
          ...pen(line.width, lines.length),
          ...(line.dashed ? { dash: [6, 4] } : {}),
          spanGaps: true,
          points: { show: single(line) },
        })),
      ],
      hooks: {
        drawAxes: [(self) => envelopes(self, current, x)],
        setCursor: [hooks.move],
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
    table(x, lines, look),
    place,
  );
  plot.look = (range) => {
    if (range === window || String(range) === String(window)) return;
    window = range;
    if (range) plot.setScale("x", { min: range[0], max: range[1] });
    else plot.setData(plot.data);
  };
  dragged(plot, look.logX, hooks);
  return plot;
}

type Refilled = uPlot & { lines?: readonly Drawn[]; look?: (range: [number, number] | null) => void };

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
export function refill(plot: uPlot, x: number[], lines: readonly Drawn[], look: Look): void {
  (plot as Refilled).lines = lines;
  plot.setData(table(x, lines, look));
}

function table(x: number[], lines: readonly Drawn[], look: Look): uPlot.AlignedData {
  const positive = (values: (number | null)[]) =>
    look.logY ? values.map((value) => (value !== null && value > 0 ? value : null)) : values;
  const start = look.logX ? x.findIndex((value) => value > 0) : 0;
  if (start <= 0) return [x, ...lines.map((line) => positive(line.value))];
  return [x.slice(start), ...lines.map((line) => positive(line.value.slice(start)))];
}

/** The y-range with some air, envelopes included where they are drawn. */
function bounds(
  plot: uPlot,
  low: number | null,
  high: number | null,
  lines: readonly Drawn[],
  log: boolean,
): [number, number] {
  const [from, to] = plot.series[0]!.idxs ?? [0, plot.data[0].length - 1];
  let [bottom, top] = [low ?? Infinity, high ?? -Infinity];
  for (const line of lines) {
    if (!line.low || !line.high || line.faint) continue;
    for (let i = from; i <= to; i++) {
      const [under, over] = [line.low[i], line.high[i]];
      if (under !== null && under !== undefined && under < bottom && (!log || under > 0)) bottom = under;
      if (over !== null && over !== undefined && over > top && Number.isFinite(over)) top = over;
    }
  }
  if (!Number.isFinite(bottom) || !Number.isFinite(top)) return log ? [0.1, 10] : [0, 1];
  if (log) return bottom === top ? [bottom / 2, top * 2] : [bottom / 1.1, top * 1.1];
  return padded(bottom, top, 0.06);
}

/** The index with a value that is next to `hovered`, so that lines with other steps answer too. */
function nearest(values: ArrayLike<number | null | undefined>, hovered: number): number {
  for (let away = 0; away < values.length; away++) {
    if (values[hovered - away] !== null && values[hovered - away] !== undefined) return hovered - away;
    if (values[hovered + away] !== null && values[hovered + away] !== undefined) return hovered + away;
  }
  return hovered;
}

function single(line: Drawn): boolean {
  let count = 0;
  for (const value of line.value) if (value !== null && ++count > 1) return false;
  return true;
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
