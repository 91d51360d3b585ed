import { expect, test } from "vitest";
import { columnsOf, placeOf } from "./columns";

test("columns of one name are kept apart within a table and meet across tables", () => {
  const columns = columnsOf([
    ["text", "score", "score"],
    ["score", "text"],
  ]);
  expect(columns).toEqual([
    { name: "text", nth: 0 },
    { name: "score", nth: 0 },
    { name: "score", nth: 1 },
  ]);
  expect(columns.map(({ name, nth }) => placeOf(["text", "score", "score"], name, nth))).toEqual([0, 1, 2]);
  expect(columns.map(({ name, nth }) => placeOf(["score", "text"], name, nth))).toEqual([1, 0, -1]);
});
