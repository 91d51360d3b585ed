import { expect, test } from "vitest";
import { read, write } from "./query";

const defaults = { view: "charts", smooth: 0, log: false, band: true, columns: ["state"] as readonly string[] };

test("the default state has a bare URL", () => {
  expect(write(defaults, defaults)).toBe("");
});

test("what is written is read back, odd characters too", () => {
  const state = { view: "a&b=c ü", smooth: 0.75, log: true, band: false, columns: ["config.a,b", "100%", "x/y"] };
  expect(read(write(state, defaults), defaults)).toEqual(state);
});

test("an emptied list is not the default list", () => {
  const state = { ...defaults, columns: [] };
  expect(read(write(state, defaults), defaults)).toEqual(state);
});

test("a list has every entry once", () => {
  expect(read("?columns=a,b,a", defaults).columns).toEqual(["a", "b"]);
});

test("nonsense is ignored", () => {
  expect(read("?smooth=much&unknown=1", defaults)).toEqual(defaults);
});
