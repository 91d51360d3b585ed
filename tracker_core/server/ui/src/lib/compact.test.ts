import { describe, expect, it } from "vitest";
import { parse, spell } from "./compact";

const DATA = [
  null,
  true,
  "",
  "it's !odd (very), a:b",
  "12",
  -1.5e-7,
  1e21,
  [],
  {},
  { a: [1, "two", { three: null }], "odd key": { "": "x/y" } },
  { add: [{ id: "p1", kind: "line", of: ["train/loss", "val/loss"] }], size: { "train/loss": [2, 1] } },
];

describe("compact", () => {
  it.each(DATA.map((it) => [it]))("gives %j back", (data) => {
    expect(parse(spell(data))).toEqual(data);
  });

  it("is shorter than JSON once it stands in an address", () => {
    const data = DATA.at(-1);
    expect(encodeURIComponent(spell(data)).length).toBeLessThan(encodeURIComponent(JSON.stringify(data)).length / 1.5);
  });

  it.each(["(", "!", "(a", "(a:", "!(1", "'x", "a b", "!x", "(a:1", "(".repeat(10_000)])("refuses %s", (text) => {
    expect(parse(text)).toBeNull();
  });

  it("makes no prototype", () => {
    expect(Object.getPrototypeOf(parse("(__proto__:(a:1))"))).toBe(Object.prototype);
  });
});
