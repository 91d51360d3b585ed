import { expect, test } from "vitest";
import { differences, leaves } from "./tree";

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
