import { expect, test } from "vitest";
import { PALETTE, assign, fade } from "./color";

const runs = Array.from({ length: 60 }, (_, i) => ({ key: `run-${i}`, color: "" }));

test("a later run never changes the colour of an earlier one", () => {
  const before = assign(runs.slice(0, 30));
  const after = assign(runs);
  for (const [key, color] of before) expect(after.get(key)).toBe(color);
});

test("neighbours differ as long as the palette lasts", () => {
  const colors = [...assign(runs).values()];
  for (let i = 0; i + PALETTE.length <= colors.length; i++) {
    expect(new Set(colors.slice(i, i + PALETTE.length - 1)).size).toBe(PALETTE.length - 1);
  }
});

test("a chosen colour wins", () => {
  expect(assign([{ key: "a", color: "#123456" }]).get("a")).toBe("#123456");
});

test("fade appends two hex digits", () => {
  expect(fade("#000000", 0.5)).toBe("#00000080");
  expect(fade("#000000", 7)).toBe("#000000ff");
});
