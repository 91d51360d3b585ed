/** Bars: one a run or one a group, with the spread of the group's members. */

import { number } from "./format";
import type { Mark } from "./mark";
import { axes, extent, fit, inside, names } from "./scale";
import type { Band } from "./combine";

export type Item = { key: string; name: string; color: string; value: number; group: string | null };
export type Bar = { key: string; name: string; color: string; value: number; low: number; high: number; count: number };

/** Groups become their mean, in the order in which they come; `how` says what the whisker shows. */
export function bars(items: readonly Item[], how: Band): Bar[] {
  const finite = items.filter((item) => Number.isFinite(item.value));
  const groups = new Map<string, Item[]>();
  for (const item of finite) {
    if (item.group === null) continue;
    const list = groups.get(item.group);
    if (list) list.push(item);
    else groups.set(item.group, [item]);
  }
  const single = finite.filter((item) => item.group === null);
  return [
    ...single.map(({ key, name, color, value }) => ({ key, name, color, value, low: value, high: value, count: 1 })),
    ...[...groups].map(([name, members]) => together(name, members, how)),
  ];
}

function together(name: string, members: readonly Item[], how: Band): Bar {
  const mean = members.reduce((sum, item) => sum + item.value, 0) / members.length;
  const spread = Math.sqrt(members.reduce((sum, item) => sum + (item.value - mean) ** 2, 0) / members.length);
  const [low, high] = how === "range" ? extent(members.map((item) => item.value)) : [mean - spread, mean + spread];
  const key = members.length === 1 ? members[0]!.key : `group:${name}`;
  return { key, name, color: members[0]!.color, value: mean, low, high, count: members.length };
}

/** How many bars a drawing of this height holds. */
export const room = (height: number) => Math.max(1, Math.floor((height - 50) / 13));

/** Lying bars with their names, as many as there is room for. */
export function draw(
  found: readonly Bar[],
  width: number,
  height: number,
  options: { name: string; log: boolean },
): Mark[] {
  const shown = found.slice(0, room(height));
  const labels = shown.map((bar) => bar.name);
  const frame = inside(
    width,
    height,
    labels.map((label) => label.slice(0, 24)),
    58,
  );
  const x = fit(
    shown.flatMap((bar) => [bar.value, bar.low, bar.high]),
    frame.left,
    frame.right,
    options.log,
    true,
  );
  const y = names(labels, frame.top, frame.bottom);
  const step = (frame.bottom - frame.top) / Math.max(1, shown.length);
  const thick = Math.min(26, step * 0.72);
  const start = options.log ? frame.left : x.at(0);
  const marks = axes(frame, x, y, options.name, "").filter(
    (mark) => mark.kind !== "line" || mark.points[1] !== mark.points[3],
  );
  shown.forEach((bar, i) => {
    const [end, middle] = [x.at(bar.value), y.at(i)];
    const spread = bar.low !== bar.high;
    const tip = [
      bar.name,
      `${options.name}: ${number(bar.value)}`,
      ...(bar.count > 1 ? [`${bar.count} runs, ${number(bar.low)} to ${number(bar.high)}`] : []),
    ];
    const common = { key: bar.key, color: bar.color };
    marks.push({
      ...common,
      kind: "box",
      x: Math.min(start, end),
      y: middle - thick / 2,
      width: Math.max(1, Math.abs(end - start)),
      height: thick,
      tip,
      alpha: 0.9,
    });
    if (spread) {
      const points = [x.at(bar.low), middle, x.at(bar.high), middle];
      marks.push({ kind: "line", points, width: 1.5, color: "ink", key: bar.key });
    }
    const right = Math.max(end, spread ? x.at(bar.high) : end, start);
    marks.push({ kind: "text", x: right + 6, y: middle, text: number(bar.value), color: "soft", key: bar.key });
  });
  return marks;
}
