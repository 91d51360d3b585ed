/** The calls to the server. Every one throws a Failure that can be shown as it is. */

import { here } from "./base";
import { allowed } from "./embed";
import type { MediaWish, RunMedia } from "./medialoader";
import { type Series, decode } from "./series";
import type {
  ArtifactHead,
  ArtifactVersion,
  Board,
  Columns,
  Console,
  Edit,
  MediaSeries,
  Preferences,
  Project,
  Run,
  SavedView,
  TablePage,
  Visitor,
} from "./wire";

export class Failure extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

const path = encodeURIComponent;

export const visitor = () => get<Visitor>("api/visitor");
export const projects = () => get<{ projects: Project[] }>("api/projects").then((it) => it.projects);
export const board = (project: string) => get<Board>(`api/projects/${path(project)}/board`);
export const preferences = () => get<Preferences>("api/settings");
export const prefer = (change: Partial<Omit<Preferences, "file">>) =>
  send<Preferences>("PATCH", "api/settings", change);
export const run = (key: string) => get<Run>(`api/runs/${path(key)}`);
export const edit = (key: string, change: Edit) => send<Run>("PATCH", `api/runs/${path(key)}`, change);
export const remove = (key: string) => send<undefined>("DELETE", `api/runs/${path(key)}`);
/** The address that shows a run in a frame of any page. */
export async function frameUrl(key: string): Promise<string> {
  const { folder, token } = await get<{ folder: string; token: string }>(`api/runs/${path(key)}/frame`);
  return new URL(`embed/run/${path(folder)}${token && `?token=${path(token)}`}`, document.baseURI).href;
}

export const fileUrl = (key: string, file: string) =>
  allowed(`api/runs/${path(key)}/files/${file.split("/").map(encodeURIComponent).join("/")}`);
export const eventsUrl = (project: string, cursor: string) =>
  allowed(`api/projects/${path(project)}/events?cursor=${cursor}`);

/** The same address, for a file that is kept and not shown. */
export const downloadUrl = (url: string) => `${url}${url.includes("?") ? "&" : "?"}download=1`;

export function columns(project: string, keys: readonly string[], runs: readonly string[] = []): Promise<Columns> {
  return get(`api/projects/${path(project)}/columns?${list("key", keys)}${list("run", runs)}`);
}

export function consoleLines(key: string, first: number, count: number, search: string): Promise<Console> {
  return get(`api/runs/${path(key)}/console?first=${first}&count=${count}&search=${path(search)}`);
}

/** All media of a run, or those of some keys; `most` steps of each. */
export function media(key: string, keys: readonly string[] = [], most = 300): Promise<MediaSeries[]> {
  const url = `api/runs/${path(key)}/media?most=${most}${list("key", keys)}`;
  return get<{ series: MediaSeries[] }>(url).then((it) => it.series);
}

/** Media of several runs: of each key those of the first `limit` runs that have any. */
export function runsMedia(project: string, wish: MediaWish): Promise<RunMedia[]> {
  const url = `api/projects/${path(project)}/media?most=${wish.most}&limit=${wish.limit}`;
  return get<{ runs: RunMedia[] }>(url + list("key", wish.keys) + list("run", wish.runs)).then((it) => it.runs);
}

/** Keeps a view, in the place of `instead_of` if that is given; answers with all views of the project. */
export function saveView(project: string, view: SavedView & { instead_of?: string }): Promise<SavedView[]> {
  return send<{ views: SavedView[] }>("PUT", `api/projects/${path(project)}/views`, view).then((it) => it.views);
}

export function removeView(project: string, name: string): Promise<SavedView[]> {
  const url = `api/projects/${path(project)}/views?name=${path(name)}`;
  return send<{ views: SavedView[] }>("DELETE", url).then((it) => it.views);
}

export function artifacts(project: string): Promise<ArtifactHead[]> {
  return get<{ versions: ArtifactHead[] }>(`api/projects/${path(project)}/artifacts`).then((it) => it.versions);
}

export function artifact(project: string, name: string, version: number): Promise<ArtifactVersion> {
  return get(`api/projects/${path(project)}/artifacts/${path(name)}/${version}`);
}

export const artifactFileUrl = (project: string, name: string, version: number, file: string) =>
  allowed(
    `api/projects/${path(project)}/artifacts/${path(name)}/${version}/files/${file.split("/").map(path).join("/")}`,
  );

export type TableQuery = {
  key: string;
  step: number;
  first: number;
  count: number;
  search?: string;
  /** The number of a column, with a minus for falling. */
  sort?: string;
  /** The number of a column, a colon, and what was typed for it. */
  filter?: readonly string[];
};

export function tablePage(run: string, { filter = [], ...query }: TableQuery): Promise<TablePage> {
  const parts = Object.entries(query).map(([name, value]) => `${name}=${path(value)}`);
  return get(`api/runs/${path(run)}/table?${parts.join("&")}${list("filter", filter)}`);
}

/** What stands in a file, or in its first `most` bytes. */
export async function text(url: string, most?: number): Promise<string> {
  return (await fetched(url, most === undefined ? {} : { headers: { range: `bytes=0-${most - 1}` } })).text();
}

export async function fileBytes(key: string, file: string): Promise<ArrayBuffer> {
  return (await ask(fileUrl(key, file), {})).arrayBuffer();
}

export type SeriesQuery = {
  metrics: readonly string[];
  stream: "metrics" | "system";
  runs: readonly string[];
  /** Per run the first step wanted, in the order of `runs`; none for whole series. */
  after?: readonly number[];
  /** `_step`, `_timestamp` or a metric. */
  x: string;
  from?: number;
  to?: number;
  buckets: number;
};

export async function series(project: string, query: SeriesQuery): Promise<Series[]> {
  const parts = [
    list("metric", query.metrics),
    list("run", query.runs),
    `&buckets=${query.buckets}&stream=${query.stream}&x=${path(query.x)}&writers=true`,
  ];
  if (query.after) parts.push(list("after", query.after.map(String)));
  if (query.from !== undefined) parts.push(`&from=${query.from}`);
  if (query.to !== undefined) parts.push(`&to=${query.to}`);
  const answer = await ask(`api/projects/${path(project)}/series?${parts.join("")}`, {
    headers: { accept: "application/octet-stream" },
  });
  return decode(await answer.arrayBuffer());
}

function list(name: string, values: readonly string[]): string {
  return values.map((value) => `&${name}=${path(value)}`).join("");
}

async function get<T>(url: string): Promise<T> {
  return (await ask(url, {})).json() as Promise<T>;
}

async function send<T>(method: string, url: string, body?: unknown): Promise<T> {
  const answer = await ask(url, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

const ask = (url: string, options: RequestInit) => fetched(allowed(url), options);

async function fetched(url: string, options: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, options);
  } catch {
    throw new Failure("The server does not answer. Is `tracker ui` still running?", 0);
  }
  if (answer.ok) return answer;
  if (answer.status === 401) location.assign(`signin?next=${path(`/${here()}${location.search}`)}`);
  const told = (await answer.json().catch(() => null)) as { error?: string } | null;
  throw new Failure(told?.error ?? `The server answered ${answer.status}.`, answer.status);
}
