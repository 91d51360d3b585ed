/** What is known of the machine, the command and the packages of a run, as people read it. */

import { bytes } from "./format";
import type { Plain } from "./tree";

/** Names and values of the environment, in the order in which they are read; what is not known is left out. */
export function environment(metadata: Plain): [string, string][] {
  const cpu = map(metadata["cpu"]);
  const memory = map(metadata["memory"]);
  const container = map(metadata["container"]);
  const facts: [string, string][] = [
    ["Command", text(metadata["command"]) || text(metadata["program"])],
    ["Folder", text(metadata["cwd"])],
    ["Python", [text(metadata["python"]), text(metadata["executable"])].filter(Boolean).join(" · ")],
    ["System", text(metadata["os"])],
    [
      "CPU",
      [text(cpu["model"]), cpu["count"] ? `${text(cpu["count"])} cores` : "", limits(cpu)].filter(Boolean).join(" · "),
    ],
    ["Memory", size(memory["limit"] ?? memory["total"])],
    ["GPU", gpus(metadata["gpu"])],
    [
      "Driver",
      [text(metadata["gpu_driver"]), metadata["cuda"] ? `CUDA ${text(metadata["cuda"])}` : ""]
        .filter(Boolean)
        .join(" · "),
    ],
    ["Visible GPUs", text(metadata["cuda_visible_devices"])],
    ["Container", [text(container["kind"]), text(container["image"])].filter(Boolean).join(" · ")],
  ];
  return facts.filter(([, value]) => value !== "");
}

/** What of the metadata no other part of the page draws. */
export function rest(metadata: Plain): Plain {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !DRAWN.has(name)));
}

const DRAWN = new Set(
  (
    "command program cwd python executable os cpu memory gpu gpu_count gpu_driver cuda cuda_visible_devices container" +
    " host user git magic"
  ).split(" "),
);

/** `name==version` lines as a map. */
export function packages(requirements: string): Plain {
  const pairs = requirements.split("\n").map((line) => line.trim().split("=="));
  return Object.fromEntries(pairs.filter((it) => it.length === 2 && it[0]));
}

/** Two of one kind are `2 × name, 80 GB`. */
function gpus(value: unknown): string {
  const counts = new Map<string, number>();
  for (const it of Array.isArray(value) ? value.map(map) : []) {
    const name = [text(it["name"]), size(it["memory"])].filter(Boolean).join(", ");
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count > 1 ? `${count} × ${name}` : name)).join(" · ");
}

function limits(cpu: Plain): string {
  const given = cpu["limit"] ?? (cpu["usable"] === cpu["count"] ? undefined : cpu["usable"]);
  return given === undefined ? "" : `${text(given)} usable`;
}

function map(value: unknown): Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Plain) : {};
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function size(value: unknown): string {
  return typeof value === "number" ? bytes(value) : "";
}
