/** Fetches media of runs: once, and again of a run that logged more. Panels that ask together share a request. */

import * as api from "./api";
import type { MediaSeries } from "./wire";

/** The first `limit` of the runs that have any of the keys, with at most `most` steps of each key. */
export type MediaWish = { runs: readonly string[]; keys: readonly string[]; most: number; limit: number };
export type RunMedia = { run: string; series: MediaSeries[] };

/** `state` is that of the run when it was asked; null where it had no such media. */
type Entry = { state: number; series: MediaSeries | null };
type Waiting = { wish: MediaWish; resolve: (found: RunMedia[]) => void; reject: (error: Error) => void };

/** Panels that are new share few requests, so that the first ones are not kept waiting by the others. */
const NEW_TOGETHER = 4;
const KNOWN_TOGETHER = 100;
const ENTRIES = 5000;

export class MediaLoader {
  private readonly cache = new Map<string, Entry>();
  private readonly busy = new Set<string>();
  private waiting: Waiting[] = [];
  private due = false;

  /** `state` changes when a run logs media. */
  constructor(
    private readonly project: string,
    private readonly state: (run: string) => number,
  ) {}

  get(wish: MediaWish): Promise<RunMedia[]> {
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
    const later: Waiting[] = [];
    const batches = new Map<string, Waiting[]>();
    for (const it of this.waiting) {
      if (this.busy.has(JSON.stringify(it.wish))) {
        later.push(it);
        continue;
      }
      const known = it.wish.runs.some((run) => it.wish.keys.some((key) => this.cache.has(place(it.wish, run, key))));
      const name = JSON.stringify([it.wish.most, it.wish.limit, known]);
      const batch = batches.get(name);
      if (batch && batch.length < (known ? KNOWN_TOGETHER : NEW_TOGETHER)) batch.push(it);
      else {
        if (batch) void this.load(batch);
        batches.set(name, [it]);
      }
    }
    this.waiting = later;
    for (const batch of batches.values()) void this.load(batch);
  }

  private async load(batch: Waiting[]): Promise<void> {
    const names = batch.map((it) => JSON.stringify(it.wish));
    for (const name of names) this.busy.add(name);
    try {
      for (;;) {
        const gaps = batch.map(({ wish }) => this.missing(wish));
        const runs = [...new Set(gaps.flat())];
        if (runs.length === 0) break;
        const keys = [...new Set(batch.flatMap(({ wish }, i) => (gaps[i]!.length ? wish.keys : [])))];
        await this.fill({ ...batch[0]!.wish, runs, keys });
      }
      for (const { wish, resolve } of batch) resolve(this.found(wish));
      this.trim();
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
    } finally {
      for (const name of names) this.busy.delete(name);
      if (this.waiting.length) this.wake();
    }
  }

  /** The runs that must be asked, up to the last that the wish is for. */
  private missing(wish: MediaWish): string[] {
    const gap: string[] = [];
    let count = 0;
    for (const run of wish.runs) {
      if (count >= wish.limit) break;
      const entries = wish.keys.map((key) => this.cache.get(place(wish, run, key)));
      if (entries.some((it) => it?.state !== this.state(run))) gap.push(run);
      else if (entries.some((it) => it!.series)) count++;
    }
    return gap;
  }

  private async fill(wish: MediaWish): Promise<void> {
    const states = new Map(wish.runs.map((run) => [run, this.state(run)]));
    const answers = new Map(
      (await api.runsMedia(this.project, wish)).map(({ run, series }) => [
        run,
        new Map(series.map((it) => [it.key, it])),
      ]),
    );
    for (const key of wish.keys) {
      let count = 0;
      for (const run of wish.runs) {
        if (count >= wish.limit) break; // the server did not look at the others
        const series = answers.get(run)?.get(key) ?? null;
        if (series) count++;
        const name = place(wish, run, key);
        this.cache.delete(name); // to be the youngest
        this.cache.set(name, { state: states.get(run)!, series });
      }
    }
  }

  private found(wish: MediaWish): RunMedia[] {
    const all = wish.runs.map((run) => ({
      run,
      series: wish.keys.flatMap((key) => this.cache.get(place(wish, run, key))?.series ?? []),
    }));
    return all.filter(({ series }) => series.length).slice(0, wish.limit);
  }

  private trim(): void {
    for (const name of this.cache.keys()) {
      if (this.cache.size <= ENTRIES) return;
      this.cache.delete(name);
    }
  }
}

function place({ most, limit }: MediaWish, run: string, key: string): string {
  return JSON.stringify([most, limit, run, key]);
}
