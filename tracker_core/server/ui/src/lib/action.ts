/** What people do to runs. Each asks what it has to know, tells the server, and shows the outcome at once. */

import * as api from "./api";
import type { BoardState } from "./board.svelte";
import { question } from "./dialog.svelte";

export async function rename(board: BoardState, key: string): Promise<void> {
  const name = await question("Rename run", { value: board.byKey.get(key)?.name ?? "", action: "Rename" });
  if (!name?.trim()) return;
  await api.edit(key, { name: name.trim() });
  board.patch(key, { name: name.trim() });
}

export async function tag(board: BoardState, keys: readonly string[]): Promise<void> {
  const text = await question(`Tag ${plural(keys.length)}`, {
    text: "Tags to add, separated by commas; -name takes one away.",
    value: "",
    action: "Tag",
  });
  if (!text?.trim()) return;
  for (const key of keys) {
    const tags = retag(board.byKey.get(key)?.tags ?? [], text);
    await api.edit(key, { tags });
    board.patch(key, { tags });
  }
}

/** Empty for the colours that the pages choose. */
export async function paint(board: BoardState, keys: readonly string[], color: string): Promise<void> {
  for (const key of keys) {
    await api.edit(key, { color });
    board.patch(key, { color });
  }
}

export async function remove(board: BoardState, keys: readonly string[]): Promise<boolean> {
  const sure = await question(`Delete ${plural(keys.length)}?`, {
    text: "Their folders with all files are removed from the disk. This cannot be undone.",
    action: "Delete",
    danger: true,
  });
  if (sure === null) return false;
  for (const key of keys) await api.remove(key);
  board.drop(keys);
  return true;
}

/** `a, -b` applied to a list of tags. */
export function retag(tags: readonly string[], text: string): string[] {
  const changed = new Set(tags);
  for (const part of text.split(",").map((it) => it.trim())) {
    if (part.startsWith("-")) changed.delete(part.slice(1).trim());
    else if (part) changed.add(part);
  }
  return [...changed];
}

function plural(count: number): string {
  return count === 1 ? "one run" : `${count} runs`;
}
