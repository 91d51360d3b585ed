import { expect, test } from "vitest";
import { choose, drawn } from "./selection";

const table = {
  keys: ["a", "b", "c"],
  columns: new Map<string, unknown[]>([
    ["name", ["x", "y", "z"]],
    ["config.lr", [3, 1, 2]],
  ]),
};
const resolve = (key: string) => (key === "lr" ? "config.lr" : key);

test("short names find their column, and the caller learns which columns to load", () => {
  const chosen = choose(table, "lr >= 2", ["-config.lr"], resolve);
  expect(chosen.rows).toEqual([0, 2]);
  expect(chosen.needs).toEqual(["config.lr", "config.lr"]);
});

test("a mistake shows everything and says what is wrong", () => {
  const chosen = choose(table, "lr >=", ["name"], resolve);
  expect(chosen.rows).toEqual([0, 1, 2]);
  expect(chosen.error).toContain("missing");
});

test("eyes: closed ones, one alone, the limit", () => {
  expect(drawn(["a", "b", "c"], ["a"], [], 9)).toEqual(["b", "c"]);
  expect(drawn(["a", "b", "c"], [], ["c"], 9)).toEqual(["c"]);
  expect(drawn(["a", "b", "c"], [], [], 2)).toEqual(["a", "b"]);
});
