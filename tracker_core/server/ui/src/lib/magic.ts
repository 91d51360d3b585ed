/** What the switches of a run were attached to, as people read it: a line a part, those that wait for their module last. */

import type { Plain } from "./tree";

/** A part of `magic` by its module, one of another switch with that in front. Anything else is shown as it is. */
export function attached(magic: unknown): Plain {
  if (!Array.isArray(magic)) return magic !== null && typeof magic === "object" ? (magic as Plain) : { report: magic };
  const told: Plain = {};
  const waiting: string[] = [];
  for (const part of magic as Record<string, unknown>[]) {
    const own = part["switch"] === "magic" || part["switch"] === "magic.opt_in";
    const name = own ? text(part["module"]) : `${text(part["switch"])}: ${text(part["module"])}`;
    if (part["state"] === "waiting") waiting.push(name);
    else told[name] = [text(part["version"]), happened(part)].filter(Boolean).join(" · ");
  }
  if (waiting.length) told["not imported"] = waiting.join(", ");
  return told;
}

function happened(part: Record<string, unknown>): string {
  if (part["state"] === "failed") return `failed: ${text(part["error"])}`;
  return Array.isArray(part["functions"]) ? part["functions"].map(text).join(", ") : "";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
