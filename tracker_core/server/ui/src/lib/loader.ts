/** Fetches chart data: panels that appear together share a request, what is known is extended by its tail. */

import * as api from "./api";
import { type Series, extend } from "./series";

export type Wish = {
  metric: string;
  stream: "metrics" | "system";
  runs: readonly string[];
  x: string;
  from?: number;
  to?: number;
  buckets: number;
  /** Whether the envelope is drawn. */
  extremes: boolean;
};
type Entry = { series: Series | null; version: number; added: number };
type Waiting = { wish: Wish; resolve: (series: Series[]) => void; reject: (error: Error) => void };

const METRICS_PER_REQUEST = 3;
const ENTRIES = 6000;

export class Loader {
  private readonly cache = new Map<string, Entry>();
  private waiting: Waiting[] = [];

  constructor(
    private readonly project: string,
    private readonly version: (run: string) => number,
  ) {}

  /** The series of one metric, at most one per run, in the order of `wish.runs`; runs without it are left out. */
  get(wish: Wish): Promise<Series[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ wish, resolve, reject });
      if (this.waiting.length === 1) setTimeout(() => this.flush(), 0);
    });
  }

  private flush(): void {
    const batches = new Map<string, Waiting[]>();
    for (const it of this.waiting) {
      const key = JSON.stringify({ ...it.wish, metric: "" });
      const list = batches.get(key);
      if (list) list.push(it);
      else batches.set(key, [it]);
    }
    this.waiting = [];
    for (const batch of batches.values()) {
      for (let i = 0; i < batch.length; i += METRICS_PER_REQUEST) {
        void this.load(batch.slice(i, i + METRICS_PER_REQUEST));
      }
    }
  }

  private async load(batch: Waiting[]): Promise<void> {
    const shared = batch[0]!.wish;
    const metrics = [...new Set(batch.map((it) => it.wish.metric))];
    const place = (metric: string, run: string) =>
      [metric, shared.stream, run, shared.x, shared.from ?? "", shared.to ?? "", shared.buckets, shared.extremes].join(
        "\n",
      );
    try {
      const fresh: string[] = [];
      const tails: string[] = [];
      for (const run of shared.runs) {
        const entries = metrics.map((metric) => this.cache.get(place(metric, run)));
        const version = this.version(run);
        if (entries.every((entry) => entry?.version === version)) continue;
        const extendable = entries.every((entry) => entry?.series && entry.added < shared.buckets / 2);
        (extendable && shared.from === undefined && shared.x === "_step" ? tails : fresh).push(run);
      }
      await Promise.all([
        this.fetch(metrics, fresh, shared, place),
        tails.length ? this.fetchTails(metrics, tails, shared, place) : undefined,
      ]);
      for (const { wish, resolve } of batch) {
        resolve(shared.runs.flatMap((run) => this.cache.get(place(wish.metric, run))?.series ?? []));
      }
      this.trim();
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
    }
  }

  private async fetch(metrics: string[], runs: string[], shared: Wish, place: Place): Promise<void> {
    if (runs.length === 0) return;
    const versions = runs.map((run) => this.version(run));
    const found = await api.series(this.project, { ...shared, metrics, runs });
    runs.forEach((run, i) => {
      for (const metric of metrics) {
        this.cache.set(place(metric, run), { series: null, version: versions[i]!, added: 0 });
      }
    });
    for (const series of found) this.cache.get(place(series.metric, series.run))!.series = series;
  }

  private async fetchTails(metrics: string[], runs: string[], shared: Wish, place: Place): Promise<void> {
    const versions = runs.map((run) => this.version(run));
    const after = runs.map((run) =>
      Math.min(...metrics.map((metric) => this.cache.get(place(metric, run))!.series!.step.at(-1) ?? 0)),
    );
    const found = await api.series(this.project, { ...shared, metrics, runs, after });
    for (const tail of found) {
      const entry = this.cache.get(place(tail.metric, tail.run))!;
      entry.series = extend(entry.series!, tail);
      entry.added += tail.step.length;
    }
    runs.forEach((run, i) => {
      for (const metric of metrics) this.cache.get(place(metric, run))!.version = versions[i]!;
    });
  }

  private trim(): void {
    for (const key of this.cache.keys()) {
      if (this.cache.size <= ENTRIES) return;
      this.cache.delete(key);
    }
  }
}

type Place = (metric: string, run: string) => string;
