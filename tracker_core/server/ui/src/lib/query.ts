/** The state of a page in its URL: short names, nothing for what is at its default. */

import { parse, spell } from "./compact";

export type Fields = Record<string, string | number | boolean | readonly string[] | object>;

/** Reads a query string over the defaults; a value that does not fit the default's type is ignored,
 * and so is an entry that a list has already. */
export function read<T extends Fields>(search: string, defaults: T): T {
  const given = new URLSearchParams(search);
  const state: Fields = { ...defaults };
  for (const [name, standard] of Object.entries(defaults)) {
    const text = given.get(name);
    if (text === null) continue;
    if (typeof standard === "string") state[name] = text;
    else if (typeof standard === "boolean") state[name] = text !== "0";
    else if (typeof standard === "number") state[name] = Number.isFinite(Number(text)) ? Number(text) : standard;
    else if (Array.isArray(standard))
      state[name] = text === "" ? [] : [...new Set(text.split(",").map(decodeURIComponent))];
    else state[name] = plain(text) ?? standard;
  }
  return state as T;
}

/** The query string (with its `?`, or empty) that `read` turns back into `state`. */
export function write<T extends Fields>(state: T, defaults: T): string {
  const parts: string[] = [];
  for (const [name, standard] of Object.entries(defaults)) {
    const value = state[name]!;
    const text = encode(value);
    if (text === encode(standard)) continue;
    parts.push(`${name}=${text}`);
  }
  return parts.length ? `?${parts.join("&")}` : "";
}

function plain(text: string): object | null {
  const data = parse(text);
  return typeof data === "object" && !Array.isArray(data) ? data : null;
}

function encode(value: Fields[string]): string {
  if (typeof value === "boolean") return value ? "1" : "0";
  if (Array.isArray(value)) return value.map((part) => encodeURIComponent(encodeURIComponent(part))).join(",");
  if (typeof value === "object") return readable(encodeURIComponent(spell(value)));
  return encodeURIComponent(String(value));
}

/** Signs that mean nothing in a query string stay as they are. */
function readable(escaped: string): string {
  return escaped.replace(/%(2C|3A|2F|40|24)/g, decodeURIComponent);
}
