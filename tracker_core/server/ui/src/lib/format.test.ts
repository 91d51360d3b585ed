import { expect, test } from "vitest";
import { ago, bytes, difference, duration, number, tick, value } from "./format";

test.each([
  [0, "0"],
  [1234567, "1,234,567"],
  [0.1 + 0.2, "0.3"],
  [-0.000012345, "−1.234e−5"],
  [123456.789, "123456.8"],
  [2.5e12, "2.5e12"],
  [NaN, "NaN"],
  [-Infinity, "−∞"],
])("number %d", (given, shown) => {
  expect(number(given)).toBe(shown);
});

test("ticks are as short as their distance allows", () => {
  expect(tick(0.25, 0.05)).toBe("0.25");
  expect(tick(20000, 5000)).toBe("20k");
  expect(tick(2500, 2500)).toBe("2.5k");
  expect(tick(0.75, 0.25)).toBe("0.75");
  expect(tick(1500000, 500000)).toBe("1.5M");
  expect(tick(0, 0.1)).toBe("0");
});

test("durations", () => {
  expect([0.34, 8.11, 59.9, 252, 7500, 273600].map(duration)).toEqual([
    "340ms",
    "8.1s",
    "59s",
    "4m 12s",
    "2h 05m",
    "3d 4h",
  ]);
});

test("ago", () => {
  expect(ago(1000, 1010)).toBe("just now");
  expect(ago(0, 720)).toBe("12 min ago");
  expect(ago(0, 3 * 86400)).toBe("3 d ago");
});

test("sizes", () => {
  expect([0, 999, 4210, 123456, 1.3e9].map(bytes)).toEqual(["0 B", "999 B", "4.2 kB", "123 kB", "1.3 GB"]);
});

test("any value has one line", () => {
  expect([null, true, "x", [1, 2], { a: 1 }].map(value)).toEqual(["–", "true", "x", "[1,2]", '{"a":1}']);
});

test("differences have a sign and three digits", () => {
  expect([0.5, -0.021345, 0].map(difference)).toEqual(["+0.5", "−0.0213", "0"]);
});
