import { expect, test } from "vitest";
import { tester } from "./cell";

test.each<[string, unknown[], unknown[]]>([
  ["> 0.5", [0.6, 2], [0.5, null, "a"]],
  ["<=2", [2, -1], [3]],
  ["= cat", ["cat", "Cat"], ["cats", null, 1]],
  ["!= cat", ["dog", null, 3], ["cat"]],
  ["= true", [true], [false]],
  [">= 2026-02", ["2026-03-01"], ["2026-01-31"]],
  ["AT", ["cat", "at"], ["dog", 7]],
  ["7", [7, "a7", 0.75], [8]],
])("%s", (typed, taken, left) => {
  expect(taken.filter(tester(typed))).toEqual(taken);
  expect(left.filter(tester(typed))).toEqual([]);
});
