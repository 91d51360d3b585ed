import { expect, test } from "vitest";
import { PALETTE, assign, fade } from "./color";

const keys = Array.from({ length: 60 }, (_, i) => `run-${i}`);

test("a later run never changes the colour of an earlier one", () => {
  const before = assign(keys.slice(0, 30));
  const after = assign(keys);
  for (const [key, color] of before) expect(after.get(key)).toBe(color);
});

test("neighbours differ as long as the palette lasts", () => {
  const colors = [...assign(keys).values()];
  for (let i = 0; i + PALETTE.length <= colors.length; i++) {
    expect(new Set(colors.slice(i, i + PALETTE.length - 1)).size).toBe(PALETTE.length - 1);
  }
});

test("a chosen colour wins", () => {
  expect(assign(["a"], { a: "#123456" }).get("a")).toBe("#123456");
});

test("fade appends two hex digits", () => {
  expect(fade("#000000", 0.5)).toBe("#00000080");
  expect(fade("#000000", 7)).toBe("#000000ff");
});
