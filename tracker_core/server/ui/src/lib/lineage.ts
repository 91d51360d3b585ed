/** Who made what from what: a graph of runs and versions of artifacts, laid out in columns from left to right. */

import type { ArtifactHead, RunLink } from "./wire";

export type Node = {
  id: string;
  kind: "run" | "artifact";
  label: string;
  note: string;
  run: RunLink | null;
  artifact: ArtifactHead | null;
  column: number;
  row: number;
};
export type Graph = { nodes: Node[]; edges: [Node, Node][]; columns: number; rows: number };

export const runId = (run: { key: string; name: string }) => `run ${run.key || run.name}`;
export const artifactId = (it: { project: string; name: string; version: number }) =>
  JSON.stringify(["artifact", it.project, it.name, it.version]);

/** All that `focus` was made from, and all that was made from it; at most `most` nodes, the nearest first. */
export function lineage(
  heads: readonly ArtifactHead[],
  focus: readonly string[],
  most = 150,
): Graph & { cut: boolean } {
  const all = new Map<string, Omit<Node, "column" | "row">>();
  const after = new Map<string, string[]>();
  const before = new Map<string, string[]>();
  const link = (from: string, to: string) => {
    after.set(from, [...(after.get(from) ?? []), to]);
    before.set(to, [...(before.get(to) ?? []), from]);
  };
  const addRun = (run: RunLink) => {
    all.set(runId(run), { id: runId(run), kind: "run", label: run.name, note: run.state ?? "", run, artifact: null });
    return runId(run);
  };
  for (const head of heads) {
    const id = artifactId(head);
    const label = `${head.name}:v${head.version}`;
    all.set(id, { id, kind: "artifact", label, note: head.type, run: null, artifact: head });
    const makers = new Set(head.made_by.map(addRun));
    for (const maker of makers) link(maker, id);
    // A run that uses what it made itself would close a circle.
    for (const user of new Set(head.used_by.map(addRun))) if (!makers.has(user)) link(id, user);
  }
  const starts = focus.filter((id) => all.has(id));
  const seen = new Set(starts);
  const cut = [before, after].map((next) => walk(starts, next, seen, most)).some(Boolean);
  return {
    ...arrange(
      [...seen].map((id) => all.get(id)!),
      after,
    ),
    cut,
  };
}

/** Adds to `seen` what can be reached; whether there was more than `most`. */
function walk(
  starts: readonly string[],
  next: ReadonlyMap<string, string[]>,
  seen: Set<string>,
  most: number,
): boolean {
  const queue = [...starts];
  const been = new Set(queue);
  for (let at = 0; at < queue.length; at++) {
    for (const id of next.get(queue[at]!) ?? []) {
      if (been.has(id)) continue;
      if (seen.size >= most && !seen.has(id)) return true;
      been.add(id);
      seen.add(id);
      queue.push(id);
    }
  }
  return false;
}

/** A node stands right of all that it comes from; within a column near its neighbours in the one before. */
function arrange(found: Omit<Node, "column" | "row">[], after: ReadonlyMap<string, string[]>): Graph {
  const nodes = new Map<string, Node>(found.map((it) => [it.id, { ...it, column: 0, row: 0 }]));
  const edges = [...nodes.values()].flatMap((from) =>
    (after.get(from.id) ?? []).flatMap((id): [Node, Node][] => (nodes.has(id) ? [[from, nodes.get(id)!]] : [])),
  );
  const deepen = (node: Node, path: Set<string>) => {
    path.add(node.id);
    for (const [from, to] of edges) {
      if (from !== node || path.has(to.id) || to.column > node.column) continue;
      to.column = node.column + 1;
      deepen(to, path);
    }
    path.delete(node.id);
  };
  const targets = new Set(edges.map(([, to]) => to));
  for (const node of nodes.values()) if (!targets.has(node)) deepen(node, new Set());
  const columns: Node[][] = [];
  for (const node of nodes.values()) (columns[node.column] ??= []).push(node);
  for (const column of columns) {
    const place = (node: Node) => {
      const from = edges.filter(([, to]) => to === node).map(([it]) => it.row);
      return from.length ? from.reduce((sum, row) => sum + row, 0) / from.length : 0;
    };
    const order = (node: Node) => node.run?.created ?? node.artifact!.created;
    const places = new Map(column.map((node) => [node, place(node)]));
    column.sort((a, b) => places.get(a)! - places.get(b)! || order(a) - order(b));
    column.forEach((node, row) => (node.row = row));
  }
  const rows = Math.max(0, ...columns.map((column) => column.length));
  for (const column of columns) for (const node of column) node.row += (rows - column.length) / 2;
  return { nodes: [...nodes.values()], edges, columns: columns.length, rows };
}
