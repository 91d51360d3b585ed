/** Which page the address names. Links are plain `<a href>`; a click on one changes the address without a load, or, in
 * a frame of somebody else's page, opens a window. */

import { base, here } from "./base";
import { allowed, embedded } from "./embed";

export type Route =
  | { page: "projects" }
  | { page: "project"; project: string }
  | { page: "run"; project: string; run: string }
  | { page: "compare"; project: string }
  | { page: "artifacts"; project: string }
  | { page: "settings" }
  /** A run by itself: its project is not known yet. */
  | { page: "found"; run: string }
  | { page: "missing" };

export const place = $state({ path: here(), search: location.search });

export function route(path: string): Route {
  const [first, project, second, run, ...rest] = path.split("/").filter(Boolean).map(decodeURIComponent);
  if (first === undefined) return { page: "projects" };
  if (rest.length) return { page: "missing" };
  if (first === "run" && project !== undefined && second === undefined) return { page: "found", run: project };
  if (first === "settings" && project === undefined) return { page: "settings" };
  if (first !== "project" || project === undefined) return { page: "missing" };
  if (second === undefined) return { page: "project", project };
  if (second === "compare" && run === undefined) return { page: "compare", project };
  if (second === "artifacts" && run === undefined) return { page: "artifacts", project };
  if (second === "run" && run !== undefined) return { page: "run", project, run };
  return { page: "missing" };
}

export const projectPath = (project: string) => `project/${encodeURIComponent(project)}`;
export const runPath = (project: string, run: string) => `${projectPath(project)}/run/${encodeURIComponent(run)}`;
/** The page of an artifact; `version` as in "v3". */
export const artifactPath = (project: string, name = "", version = -1) =>
  `${projectPath(project)}/artifacts${name && `?item=${encodeURIComponent(`${name}:v${version}`)}`}`;
export const comparePath = (project: string, runs: readonly string[]) =>
  `${projectPath(project)}/compare?runs=${runs.map((run) => encodeURIComponent(encodeURIComponent(run))).join(",")}`;

/** The page takes another address, by which it is known from now on. */
export function move(to: string): void {
  history.replaceState(null, "", to);
  follow();
}

export function go(to: string): void {
  if (embedded) {
    open(allowed(to), "_blank", "noopener");
    return;
  }
  history.pushState(null, "", to);
  follow();
}

/** The state of the page changed: same entry in the history, so that "back" leaves the page. */
export function replaceSearch(search: string): void {
  if (embedded || search === place.search) return;
  history.replaceState(null, "", place.path + search);
  place.search = search;
}

/** Whether an address is one of the pages, not another site, what lies beside us, or data. */
const ours = (link: HTMLAnchorElement) =>
  link.origin === location.origin &&
  link.pathname.startsWith(base) &&
  !link.pathname.startsWith(`${base}api/`) &&
  link.pathname !== `${base}signin`;

function follow(): void {
  place.path = here();
  place.search = location.search;
}

/** Wires the window; call it once. */
export function start(): void {
  addEventListener("popstate", follow);
  addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = (event.target as Element).closest("a");
    if (!link?.href || link.target || !ours(link)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
