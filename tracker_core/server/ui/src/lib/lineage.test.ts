import { describe, expect, it } from "vitest";
import { artifactId, lineage, runId } from "./lineage";
import type { ArtifactHead, RunLink } from "./wire";

const run = (name: string): RunLink => ({ project: "p", key: name, name, state: "finished", created: 0 });
const head = (name: string, version: number, maker: string | null, ...users: string[]): ArtifactHead => ({
  project: "p",
  name,
  version,
  type: "data",
  digest: "",
  size: 0,
  created: version,
  aliases: [],
  tags: [],
  expired: false,
  made_by: maker === null ? [] : [run(maker)],
  used_by: users.map(run),
});

const HEADS = [
  head("data", 0, "collect", "train-a", "train-b"),
  head("model", 0, "train-a", "evaluate"),
  head("model", 1, "train-b"),
  head("report", 0, "evaluate"),
  head("other", 0, "stranger"),
];
const columns = (...focus: string[]) =>
  Object.fromEntries(lineage(HEADS, focus).nodes.map((node) => [node.label, node.column]));

describe("lineage", () => {
  it("goes back to what a run came from and on to what came of it, over other runs", () => {
    expect(columns(runId(run("train-a")))).toEqual({
      collect: 0,
      "data:v0": 1,
      "train-a": 2,
      "model:v0": 3,
      evaluate: 4,
      "report:v0": 5,
    });
  });

  it("leaves out siblings, unless they are asked for too", () => {
    expect(Object.keys(columns(runId(run("train-a"))))).not.toContain("train-b");
    expect(columns(runId(run("train-a")), runId(run("train-b")))["model:v1"]).toBe(3);
  });

  it("starts at an artifact as well", () => {
    expect(columns(artifactId(HEADS[1]!))).toMatchObject({ collect: 0, "model:v0": 3, evaluate: 4 });
  });

  it("knows circles: a run that uses what it made, two runs that use each other's", () => {
    expect(lineage([head("own", 0, "a", "a")], [runId(run("a"))]).edges).toHaveLength(1);
    const circle = lineage([head("x", 0, "a", "b"), head("y", 0, "b", "a")], [runId(run("a"))]);
    expect([circle.nodes.length, circle.edges.length]).toEqual([4, 4]);
  });

  it("has all runs that logged the same files", () => {
    const twice = { ...head("data", 0, "a", "user"), made_by: [run("a"), run("b")] };
    const { nodes, edges } = lineage([twice], ["run user"]);
    expect([nodes.map((node) => node.label).sort(), edges.length]).toEqual([["a", "b", "data:v0", "user"], 3]);
  });

  it("keeps the nearest when there are too many", () => {
    const wide = lineage(
      [head("data", 0, "maker", ...Array.from({ length: 99 }, (_, i) => `user ${i}`))],
      ["run maker"],
      10,
    );
    expect([wide.nodes.length, wide.cut]).toEqual([10, true]);
  });

  it("is empty for what is not there", () => expect(lineage(HEADS, ["run none"]).nodes).toEqual([]));
});
