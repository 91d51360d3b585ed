/** Fetches chart data: panels that appear together share a request, what is known is extended by its tail. */

import * as api from "./api";
import { type Series, extend, thin } from "./series";

export type Wish = {
  metric: string;
  stream: "metrics" | "system";
  runs: readonly string[];
  x: string;
  from?: number;
  to?: number;
  buckets: number;
};

/** How far a run is: `version` rises with each of its changes, `steps` is its largest step. */
export type Progress = { version: number; steps: number };

/** `series`: the run's own line, and those of further writers whose values differ. */
type Entry = Progress & { series: Series[] };
type Waiting = { wish: Wish; resolve: (series: Series[]) => void; reject: (error: Error) => void };
/** What metrics lack: runs that are read whole, and where the others go on. */
type Gap = { metrics: string[]; whole: string[]; tails: Map<string, number> };

const METRICS_PER_REQUEST = 3;
const TAILS_PER_REQUEST = 50;
const ENTRIES = 6000;

export class Loader {
  private readonly cache = new Map<string, Entry>();
  private readonly busy = new Set<string>();
  private waiting: Waiting[] = [];
  private due = false;

  constructor(
    private readonly project: string,
    private readonly progress: (run: string) => Progress,
  ) {}

  /** The series of one metric, one per run and further writer, in the order of `wish.runs`; runs without it are left out. A slow
   * server is not asked for a chart again before it answered. */
  get(wish: Wish): Promise<Series[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ wish, resolve, reject });
      this.wake();
    });
  }

  private wake(): void {
    if (this.due) return;
    this.due = true;
    setTimeout(() => this.flush(), 0);
  }

  private flush(): void {
    this.due = false;
    const batches = new Map<string, Waiting[]>();
    const later: Waiting[] = [];
    for (const it of this.waiting) {
      if (this.busy.has(JSON.stringify(it.wish))) {
        later.push(it);
        continue;
      }
      const key = JSON.stringify({ ...it.wish, metric: "" });
      const list = batches.get(key);
      if (list) list.push(it);
      else batches.set(key, [it]);
    }
    this.waiting = later;
    for (const batch of batches.values()) {
      const known = batch.filter((it) => this.gap(it.wish).whole.length === 0);
      const fresh = batch.filter((it) => !known.includes(it));
      for (let i = 0; i < fresh.length; i += METRICS_PER_REQUEST)
        void this.load(fresh.slice(i, i + METRICS_PER_REQUEST));
      for (let i = 0; i < known.length; i += TAILS_PER_REQUEST) void this.load(known.slice(i, i + TAILS_PER_REQUEST));
    }
  }

  private async load(batch: Waiting[]): Promise<void> {
    const names = batch.map((it) => JSON.stringify(it.wish));
    for (const name of names) this.busy.add(name);
    try {
      const shared = batch[0]!.wish;
      const metrics = [...new Set(batch.map((it) => it.wish.metric))];
      const gaps = metrics.map((metric) => this.gap({ ...shared, metric }));
      await Promise.all(together(gaps).map((gap) => this.fill(gap, shared)));
      for (const { wish, resolve } of batch) {
        resolve(shared.runs.flatMap((run) => this.cache.get(place(wish, run))?.series ?? []));
      }
      this.trim();
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
    } finally {
      for (const name of names) this.busy.delete(name);
      if (this.waiting.length) this.wake();
    }
  }

  private gap(wish: Wish): Gap {
    const gap: Gap = { metrics: [wish.metric], whole: [], tails: new Map() };
    for (const run of wish.runs) {
      const known = this.cache.get(place(wish, run));
      const now = this.progress(run);
      if (known?.version === now.version) continue;
      const end = known?.series.length === 1 ? known.series[0]!.x.at(-1) : undefined;
      const rewound = known !== undefined && now.steps < known.steps;
      // Steps and times only rise; values of a metric do not, and have no tail.
      if (rewound || end === undefined || !wish.x.startsWith("_")) gap.whole.push(run);
      else if (wish.to === undefined || known!.steps <= wish.to) gap.tails.set(run, end);
    }
    return gap;
  }

  private async fill({ metrics, whole, tails }: Gap, shared: Wish): Promise<void> {
    const asked = new Map([...whole, ...tails.keys()].map((run) => [run, this.progress(run)]));
    const [fresh, more] = await Promise.all([
      whole.length ? api.series(this.project, { ...shared, metrics, runs: whole }) : [],
      tails.size
        ? api.series(this.project, { ...shared, metrics, runs: [...tails.keys()], after: [...tails.values()] })
        : [],
    ]);
    // A second writer's line has no beginning here yet.
    const split = [...new Set(more.filter((it) => it.writer !== "").map((it) => it.run))];
    const again = split.length ? await api.series(this.project, { ...shared, metrics, runs: split }) : [];
    for (const metric of metrics) {
      for (const [run, progress] of asked) {
        const at = place({ ...shared, metric }, run);
        const known = tails.has(run) && !split.includes(run) ? (this.cache.get(at)?.series ?? []) : [];
        this.cache.set(at, { ...progress, series: known });
      }
    }
    for (const series of [...fresh, ...again])
      this.cache.get(place({ ...shared, metric: series.metric }, series.run))!.series.push(series);
    for (const tail of more) {
      if (split.includes(tail.run)) continue;
      const entry = this.cache.get(place({ ...shared, metric: tail.metric }, tail.run))!;
      const [base] = entry.series;
      if (base) entry.series = [thin(extend(base, tail), shared.buckets)];
    }
  }

  private trim(): void {
    for (const key of this.cache.keys()) {
      if (this.cache.size <= ENTRIES) return;
      this.cache.delete(key);
    }
  }
}

/** Metrics that lack the same, as those that were logged together do, are asked for at once. */
function together(gaps: readonly Gap[]): Gap[] {
  const found = new Map<string, Gap>();
  for (const gap of gaps) {
    if (gap.whole.length + gap.tails.size === 0) continue;
    const key = JSON.stringify([gap.whole, [...gap.tails]]);
    const known = found.get(key);
    if (known) known.metrics.push(...gap.metrics);
    else found.set(key, gap);
  }
  return [...found.values()];
}

function place(wish: Wish, run: string): string {
  const { metric, stream, x, from, to, buckets } = wish;
  return [metric, stream, run, x, from ?? "", to ?? "", buckets].join("\n");
}
