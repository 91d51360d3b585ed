import { expect, test } from "vitest";
import { ago, bytes, date, difference, duration, exact, moment, number, precise, utc, value } from "./format";

test.each([
  [0, "0"],
  [1234567, "1,234,567"],
  [0.1 + 0.2, "0.3"],
  [-0.000012345, "−1.2345e−5"],
  [123456.789, "123,456.79"],
  [1234567890123.25, "1,234,567,890,123.25"],
  [2.5e12, "2,500,000,000,000"],
  [-123456789012, "−123,456,789,012"],
  [2.5e21, "2.5e21"],
  [-0, "0"],
  [0.9999999, "1"],
  [NaN, "NaN"],
  [-Infinity, "−∞"],
])("number %d", (given, shown) => {
  expect(number(given)).toBe(shown);
});

test("values that lie close together get the digits that tell them apart", () => {
  expect(precise(0.90000012, 1e-8)).toBe("0.90000012");
  expect(precise(0.90000012, 0.1)).toBe("0.9");
  expect(precise(1e12 + 0.5, 1e-3)).toBe("1,000,000,000,000.5");
});

test("values that differ look different", () => {
  expect([0.1 + 0.2, 0.3, 1e-20].map(exact)).toEqual(["0.30000000000000004", "0.3", "1e−20"]);
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

test("times beyond what a date can hold are years", () => {
  expect(utc(0)).toBe("1970-01-01T00:00:00.000Z");
  expect([utc(1.79e15), date(1.79e15), moment(1.79e15)]).toEqual(Array(3).fill("year 56724811"));
  expect(utc(NaN)).toBe("");
});
