import { expect, test } from "vitest";
import { isLight, ramp, shades } from "./shade";

test("few different values get a colour each, many numbers a ramp", () => {
  const names = shades(["b", "a", "b", null]);
  expect(names.legend.map((it) => it.label)).toEqual(["a", "b"]);
  expect(names.of("a")).not.toBe(names.of("b"));
  const numbers = shades(Array.from({ length: 20 }, (_, i) => i));
  expect(numbers.legend.map((it) => it.label)).toEqual(["0", "9.5", "19"]);
  expect(numbers.of(0)).toBe(ramp(0));
  expect(numbers.of(null)).toMatch(/^#/);
});

test("a ramp stays within its ends", () => {
  expect(ramp(-1)).toBe(ramp(0));
  expect(ramp(9)).toBe(ramp(1));
  expect(ramp(NaN)).toBe(ramp(0));
  expect(isLight("#ffffff")).toBe(true);
  expect(isLight(ramp(0))).toBe(false);
});
