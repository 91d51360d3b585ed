import { expect, test } from "vitest";
import { decades } from "./decade";

test("few decades are divided, many are thinned", () => {
  expect(decades(0.5, 30)).toEqual([0.5, 1, 2, 5, 10, 20]);
  expect(decades(1e-3, 10)).toEqual([1e-3, 1e-2, 0.1, 1, 10]);
  expect(decades(1e-30, 1).length).toBeLessThanOrEqual(9);
});

test("a range as small as numbers go ends", () => {
  expect(decades(5e-324, 1e-300).length).toBeGreaterThan(1);
});
