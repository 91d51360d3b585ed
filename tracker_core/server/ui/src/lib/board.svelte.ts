/** A project as the pages see it: its runs, the loaded columns, and what changes while one looks. */

import * as api from "./api";
import { PALETTE, SAFE, assign } from "./color";
import type { Progress } from "./loader";
import { MediaLoader } from "./medialoader";
import { settings } from "./settings.svelte";
import type { Column, Table } from "./table";
import type { Change, Field, Head, MediaKey, Metric, Project, SavedView } from "./wire";

const BASE: Record<string, (head: Head) => unknown> = {
  name: (head) => head.name,
  id: (head) => head.id,
  state: (head) => head.state,
  created: (head) => head.created,
  duration: (head) => (head.ended ?? head.updated) - head.created,
  tags: (head) => head.tags,
  group: (head) => head.group,
  job_type: (head) => head.job_type,
  notes: (head) => head.notes,
  user: (head) => head.user,
  host: (head) => head.host,
  steps: (head) => head.steps,
  damage: (head) => head.damage,
};

export const BASE_COLUMNS = Object.keys(BASE);

/** Milliseconds before a server that did not answer is asked again. */
const PAUSE = 2000;

export class BoardState {
  project = $state.raw<Project | null>(null);
  heads = $state.raw<Head[]>([]);
  fields = $state.raw<Field[]>([]);
  metrics = $state.raw<Metric[]>([]);
  media = $state.raw<MediaKey[]>([]);
  views = $state.raw<SavedView[]>([]);
  failure = $state<string | null>(null);
  loaded = $state(false);
  live = $state(true);
  /** The run under the pointer, in the list or on a chart. */
  focus = $state<string | null>(null);
  /** The stretch of the x-axis while it is dragged: in the address it stands when the button is let go. */
  window = $state.raw<[number, number] | null>(null);
  /** Run key -> how often its data changed since the page was opened. */
  versions = $state.raw<ReadonlyMap<string, number>>(new Map());

  private readonly extra = $state.raw<{ columns: Map<string, unknown[]> }>({ columns: new Map() });
  private readonly asked = new Set<string>();
  private cursor = "";
  private events: EventSource | null = null;
  private again = 0;
  private closed = false;

  /** Media of the runs, for panels. */
  readonly gallery: MediaLoader;

  constructor(readonly key: string) {
    this.gallery = new MediaLoader(key, (run) => this.byKey.get(run)?.media ?? 0);
  }

  readonly byKey = $derived(new Map(this.heads.map((head) => [head.key, head])));
  readonly colors = $derived(assign(this.heads, settings.palette === "safe" ? SAFE : PALETTE));
  private columnVersion = $state(0);

  readonly table: Table = $derived.by(() => {
    void this.columnVersion;
    const columns = new Map<string, Column>();
    for (const [name, read] of Object.entries(BASE)) columns.set(name, this.heads.map(read));
    for (const [name, column] of this.extra.columns) columns.set(name, column);
    return { keys: this.heads.map((head) => head.key), columns };
  });

  /** Whether the server told everything. */
  async load(): Promise<boolean> {
    try {
      const board = await api.board(this.key);
      this.project = board.project;
      this.heads = board.runs;
      this.fields = board.fields;
      this.metrics = board.metrics;
      this.media = board.media;
      this.views = board.views;
      this.cursor = board.cursor;
      this.failure = null;
      this.loaded = true;
      this.extra.columns.clear(); // they were in the order of the old runs
      if (this.asked.size) await this.fetchColumns([...this.asked], []);
      return true;
    } catch (error) {
      this.missed(error);
      return false;
    }
  }

  /** Loads the columns among `keys` that are not here yet. */
  async need(keys: readonly string[]): Promise<void> {
    const known = new Set(this.fields.map((field) => field.key));
    const missing = keys.filter((key) => known.has(key) && !this.asked.has(key));
    if (missing.length === 0) return;
    for (const key of missing) this.asked.add(key);
    try {
      await this.fetchColumns(missing, []);
    } catch (error) {
      this.missed(error);
    }
  }

  /** A column as people name it: `lr` for `config.lr`, `loss` for `summary.loss`. */
  resolve(key: string): string {
    if (BASE[key]) return key;
    const known = new Set(this.fields.map((field) => field.key));
    return [key, `config.${key}`, `summary.${key}`].find((name) => known.has(name)) ?? key;
  }

  progress(run: string): Progress {
    return { version: this.versions.get(run) ?? 0, steps: this.byKey.get(run)?.steps ?? -1 };
  }

  connect(): void {
    const events = new EventSource(api.eventsUrl(this.key, this.cursor));
    this.events = events;
    events.addEventListener("change", (event) => {
      this.live = true;
      this.apply(JSON.parse((event as MessageEvent<string>).data) as Change).catch((error: unknown) =>
        this.missed(error),
      );
    });
    events.onopen = () => {
      if (!this.live) void this.load(); // what was deleted meanwhile no event tells
      this.live = true;
    };
    events.onerror = () => {
      this.live = false;
      if (events.readyState === EventSource.CLOSED) this.later(); // a proxy's 502, which browsers take for the end
    };
  }

  close(): void {
    this.closed = true;
    this.disconnect();
  }

  private disconnect(): void {
    clearTimeout(this.again);
    this.events?.close();
  }

  /** Keeps what is shown while the server is away, and loads everything when it answers again. */
  private missed(error: unknown): void {
    const { message, status } = error as api.Failure;
    if (!this.loaded || (status > 0 && status < 500)) this.failure = message;
    else this.later();
  }

  private later(): void {
    if (this.closed) return;
    this.live = false;
    this.disconnect();
    this.again = window.setTimeout(() => void this.resume(), PAUSE);
  }

  private async resume(): Promise<void> {
    if (!(await this.load()) || this.closed) return;
    this.live = true;
    this.connect();
  }

  /** Shows an edit at once; the server's word replaces it with the next change. */
  patch(key: string, change: Partial<Head>): void {
    this.heads = this.heads.map((head) => (head.key === key ? { ...head, ...change } : head));
  }

  drop(keys: readonly string[]): void {
    const gone = new Set(keys);
    const kept = this.heads.map((head) => !gone.has(head.key));
    for (const [name, column] of this.extra.columns) {
      this.extra.columns.set(
        name,
        column.filter((_, i) => kept[i]),
      );
    }
    this.heads = this.heads.filter((head) => !gone.has(head.key));
  }

  private async apply(change: Change): Promise<void> {
    this.cursor = change.cursor;
    if (change.removed.length) this.drop(change.removed);
    const news = new Map(change.runs.map((head) => [head.key, head]));
    for (const growth of change.grown) {
      const head = this.byKey.get(growth.key);
      if (head) news.set(growth.key, { ...head, ...growth });
    }
    if (news.size === 0) return;
    const added = change.runs.filter((head) => !this.byKey.has(head.key));
    this.heads = [...this.heads.map((head) => news.get(head.key) ?? head), ...added];
    const versions = new Map(this.versions);
    for (const key of news.keys()) versions.set(key, (versions.get(key) ?? 0) + 1);
    this.versions = versions;
    if (change.named) await this.catalogue();
    if (this.asked.size) await this.fetchColumns([...this.asked], [...news.keys()]);
  }

  private async catalogue(): Promise<void> {
    const board = await api.board(this.key);
    this.fields = board.fields;
    this.metrics = board.metrics;
    this.media = board.media;
  }

  private async fetchColumns(names: string[], runs: string[]): Promise<void> {
    const { keys, columns } = await api.columns(this.key, names, runs);
    const rows = new Map(this.heads.map((head, i) => [head.key, i]));
    for (const [name, cells] of Object.entries(columns)) {
      const column = runs.length ? [...(this.extra.columns.get(name) ?? [])] : new Array<unknown>(this.heads.length);
      keys.forEach((key, i) => {
        const row = rows.get(key);
        if (row !== undefined) column[row] = cells[i];
      });
      this.extra.columns.set(name, column);
    }
    this.columnVersion++;
  }
}
