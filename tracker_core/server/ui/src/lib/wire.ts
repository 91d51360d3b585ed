/** What the server sends: the shapes of `/api/openapi.json` that the pages use. Times are seconds since the epoch. */

export type State = "running" | "finished" | "failed" | "crashed" | "killed" | "preempted";

/** Who looks on a team's server; `user` is empty where nobody signs in. */
export type Visitor = { user: string; entities: string[] };

export type Project = {
  key: string;
  name: string;
  entity: string;
  folder: string;
  runs: number;
  running: number;
  updated: number;
};

export type Head = {
  key: string;
  id: string;
  name: string;
  state: State;
  created: number;
  ended: number | null;
  updated: number;
  tags: string[];
  group: string;
  job_type: string;
  /** As in #d1495b; empty where nobody chose one. */
  color: string;
  notes: string;
  user: string;
  host: string;
  steps: number;
  /** A sentence where records are lost or unreadable. */
  damage: string;
  /** Changes when the run logs media. */
  media: number;
};

export type Field = { key: string; runs: number };
export type Metric = {
  name: string;
  stream: "metrics" | "system";
  runs: number;
  hidden: boolean;
  step_metric: string | null;
  goal: "minimize" | "maximize" | null;
};
export type MediaKey = { name: string; kind: string; runs: number };
export type SavedView = { name: string; state: string; home: boolean };
export type Board = {
  project: Project;
  cursor: string;
  runs: Head[];
  fields: Field[];
  metrics: Metric[];
  media: MediaKey[];
  views: SavedView[];
};
export type Columns = { keys: string[]; columns: Record<string, unknown[]> };
export type Growth = Pick<Head, "key" | "updated" | "steps">;
export type Change = { cursor: string; runs: Head[]; grown: Growth[]; removed: string[]; named: boolean };

export type Attempt = {
  number: number;
  start: number;
  end: number | null;
  state: State;
  exit_code: number | null;
  signal: string | null;
  host: string;
};
export type FileEntry = { path: string; size: number; type: string };
export type Run = Head & {
  project: Project;
  entity: string;
  config: Record<string, unknown>;
  summary: Record<string, unknown>;
  metadata: Record<string, unknown>;
  attempts: Attempt[];
  metrics: Metric[];
  files: FileEntry[];
  alerts: { time: number; title: string; text: string; level: string }[];
  exit_code: number | null;
  lost: number;
  unreadable: number;
  damaged_journals: string[];
  headless: boolean;
  folder: string;
};
export type MediaValue = { _type: string; path?: string; caption?: string; error?: string; [more: string]: unknown };
export type MediaSeries = { key: string; logged: number; steps: number[]; values: MediaValue[] };
export type TablePage = { columns: string[]; total: number; matching: number; first: number; rows: unknown[][] };
export type ConsoleLine = { number: number; time: number; stream: "stdout" | "stderr"; text: string };
export type Console = { total: number; first: number; lines: ConsoleLine[] };
export type Edit = Partial<Pick<Head, "name" | "notes" | "tags" | "group" | "job_type" | "color">>;

export type Preferences = { file: string; project: string | null; save_code: boolean | null };
export type RunLink = { project: string; key: string; name: string; state: State | null; created: number };
export type ArtifactHead = {
  project: string;
  name: string;
  version: number;
  type: string;
  digest: string;
  size: number;
  created: number;
  aliases: string[];
  tags: string[];
  expired: boolean;
  made_by: RunLink[];
  used_by: RunLink[];
};
export type ArtifactFile = FileEntry & { ref: string };
export type ArtifactVersion = {
  head: ArtifactHead;
  description: string;
  metadata: Record<string, unknown>;
  source: string;
  total: number;
  files: ArtifactFile[];
};
