import { describe, expect, it, test } from "vitest";
import { differences, leaves, rows } from "./tree";

test("leaves have dotted paths; lists, empty maps and media are leaves", () => {
  const data = { a: { b: 1, c: [1, 2] }, d: {}, e: { _type: "image", path: "x.png" } };
  expect(leaves(data).map((it) => it.path)).toEqual(["a.b", "a.c", "d", "e"]);
});

test("differences know what is missing and what is equal by value", () => {
  const rows = differences([
    { lr: 0.1, opt: { name: "adam" }, list: [1] },
    { lr: 0.2, opt: { name: "adam" }, list: [1], x: null },
  ]);
  expect(rows.map((it) => [it.path, it.differs])).toEqual([
    ["list", false],
    ["lr", true],
    ["opt.name", false],
    ["x", true],
  ]);
  expect(rows[3]!.values).toEqual([undefined, null]);
});

test("a dotted key is not the branch of the same path", () => {
  const both = { "opt.lr": 1, opt: { lr: 2 } };
  const found = leaves(both);
  expect(found.map((it) => [it.path, it.value])).toEqual([
    ["opt.lr", 1],
    ["opt.lr", 2],
  ]);
  expect(new Set(found.map((it) => it.id)).size).toBe(2);
  const ids = rows(both, new Set(), "", String).map((row) => row.id);
  expect(new Set(ids).size).toBe(3);
  expect(differences([both, { "opt.lr": 1 }]).map((it) => it.values)).toEqual([
    [1, 1],
    [2, undefined],
  ]);
});

describe("rows", () => {
  const data = { lr: 0.1, model: { depth: 3, blocks: [{ kind: "conv" }, { kind: "pool" }] }, sizes: [1, 2], empty: {} };
  const seen = (folded: string[], search = "") =>
    rows(data, new Set(folded.map((key) => JSON.stringify([key]))), search, (it) => JSON.stringify(it)).map(
      (row) => `${row.depth} ${row.path}`,
    );

  it("opens maps and lists of maps, and keeps the rest in one line", () => {
    expect(seen([])).toEqual([
      "0 lr",
      "0 model",
      "1 model.depth",
      "1 model.blocks",
      "2 model.blocks.0",
      "3 model.blocks.0.kind",
      "2 model.blocks.1",
      "3 model.blocks.1.kind",
      "0 sizes",
      "0 empty",
    ]);
  });

  it("leaves out what is folded, but not from a search", () => {
    expect(seen(["model"])).toEqual(["0 lr", "0 model", "0 sizes", "0 empty"]);
    expect(seen(["model"], "POOL")).toEqual(["0 model", "1 model.blocks", "2 model.blocks.1", "3 model.blocks.1.kind"]);
    expect(seen([], "nothing")).toEqual([]);
  });
});
