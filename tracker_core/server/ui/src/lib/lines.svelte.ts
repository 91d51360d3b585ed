/** The console of a run, a million lines of it: only what is looked at is fetched. */

import * as api from "./api";
import type { ConsoleLine } from "./wire";

const BLOCK = 500;
/** Blocks that are kept. */
const MOST = 60;

export class Lines {
  /** All lines, or all that were found; -1 before the first answer. */
  total = $state(-1);
  failure = $state<string | null>(null);
  private readonly blocks = $state.raw<{ known: Map<number, readonly ConsoleLine[]> }>({ known: new Map() });
  private readonly asked = new Set<number>();
  private stamp = $state(0);
  private seen: [number, number] = [0, 0];

  constructor(
    private readonly run: string,
    readonly search: string,
  ) {}

  /** The last lines are the first that are wanted. */
  async open(): Promise<void> {
    await this.fetch(this.search === "" ? -BLOCK : 0, BLOCK);
  }

  /** Lines `first` to `last` are about to be seen. */
  want(first: number, last: number): void {
    this.seen = [first, last];
    for (let block = Math.floor(first / BLOCK); block * BLOCK < last; block++) {
      if (!this.blocks.known.has(block)) void this.load(block);
    }
  }

  /** The run wrote: what is seen is fetched again, since bars are redrawn and ranks write in between. */
  async refresh(): Promise<void> {
    const [first, last] = this.seen;
    const kept = new Set<number>();
    for (let block = Math.floor(first / BLOCK); block * BLOCK <= last; block++) kept.add(block);
    for (const block of [...this.blocks.known.keys()]) if (!kept.has(block)) this.blocks.known.delete(block);
    await Promise.all([...kept].map((block) => this.load(block)));
  }

  /** Null stands for a line that is on its way. */
  readonly items = $derived.by(() => {
    void this.stamp;
    const known = this.blocks.known;
    return {
      length: Math.max(0, this.total),
      slice: (from: number, to: number) =>
        Array.from({ length: Math.max(0, to - from) }, (_, i) => {
          const at = from + i;
          return { at, line: known.get(Math.floor(at / BLOCK))?.[at % BLOCK] ?? null };
        }),
    };
  });

  private async load(block: number): Promise<void> {
    if (this.asked.has(block)) return;
    this.asked.add(block);
    await this.fetch(block * BLOCK, BLOCK);
    this.asked.delete(block);
  }

  private async fetch(first: number, count: number): Promise<void> {
    try {
      const part = await api.consoleLines(this.run, first, count, this.search);
      this.total = part.total;
      this.failure = null;
      if (part.first % BLOCK === 0) this.keep(part.first / BLOCK, part.lines);
      else this.want(part.first, part.total);
    } catch (error) {
      this.failure = (error as Error).message;
    }
  }

  private keep(block: number, lines: readonly ConsoleLine[]): void {
    const known = this.blocks.known;
    known.delete(block);
    known.set(block, lines);
    for (const oldest of known.keys()) {
      if (known.size <= MOST) break;
      known.delete(oldest);
    }
    this.stamp++;
  }
}
