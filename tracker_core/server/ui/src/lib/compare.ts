/** Several runs beside each other: in which sections their values stand, and which of their files are the same. */

import type { Plain } from "./tree";
import type { FileEntry, Run } from "./wire";

const HARDWARE = new Set(
  "cpu memory disk gpu gpu_count gpu_driver cuda cuda_visible_devices host os container slurm".split(" "),
);

/** The sections of a run; packages are a file, which is read on its own. */
export function sections(run: Run): { name: string; data: Plain }[] {
  const part = (wanted: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(run.metadata).filter(([name]) => wanted(name)));
  const git = run.metadata["git"];
  return [
    {
      name: "Run",
      data: {
        state: run.state,
        seconds: Math.round((run.ended ?? run.updated) - run.created),
        exit_code: run.exit_code,
        "last step": run.steps,
        tags: run.tags,
        group: run.group,
        job_type: run.job_type,
        notes: run.notes,
        user: run.user,
      },
    },
    { name: "Config", data: run.config },
    { name: "Summary", data: Object.fromEntries(Object.entries(run.summary).filter(([, value]) => !isMedia(value))) },
    { name: "Git", data: typeof git === "object" && git !== null ? (git as Plain) : {} },
    { name: "Hardware", data: lasting(part((name) => HARDWARE.has(name))) },
    { name: "Environment", data: part((name) => !HARDWARE.has(name) && name !== "git" && name !== "user") },
  ];
}

/** Without what differs between any two moments. */
function lasting(hardware: Plain): Plain {
  const { disk, ...others } = hardware;
  const total = (disk as Plain | undefined)?.["total"];
  return total === undefined ? others : { ...others, disk: { total } };
}

/** Media have their own tab. */
const isMedia = (value: unknown) => typeof value === "object" && value !== null && "_type" in value;

export type Shared = { path: string; files: (FileEntry | undefined)[]; mark: "" | "differs" | "missing" };

/** Every text that any of the runs saved, the code first. `mark` says what sizes tell: equal ones may hold anything. */
export function texts(runs: readonly { files: readonly FileEntry[] }[]): Shared[] {
  const readable = (file: FileEntry) =>
    (file.type.startsWith("text/") || file.type === "application/json") && !file.path.startsWith("media/");
  const maps = runs.map((run) => new Map(run.files.filter(readable).map((file) => [file.path, file])));
  const paths = new Set(maps.flatMap((map) => [...map.keys()]));
  const first = (path: string) => (path.startsWith("code/") ? 0 : 1);
  return [...paths]
    .sort((a, b) => first(a) - first(b) || a.localeCompare(b))
    .map((path) => {
      const files = maps.map((map) => map.get(path));
      const sizes = new Set(files.flatMap((file) => (file ? [file.size] : [])));
      return { path, files, mark: files.includes(undefined) ? "missing" : sizes.size > 1 ? "differs" : "" };
    });
}
