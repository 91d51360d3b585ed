import { expect, it } from "vitest";
import { parse } from "./csv";

it("knows quotes, line ends and empty cells", () => {
  expect(parse('a,b\r\n"x, ""y""",\n"two\nlines",3', ",", 10)).toEqual([
    ["a", "b"],
    ['x, "y"', ""],
    ["two\nlines", "3"],
  ]);
});

it("stops at the last row that is wanted", () => expect(parse("1\n2\n3\n", ",", 2)).toEqual([["1"], ["2"]]));

it("splits by tabs", () => expect(parse("a\tb\n", "\t", 9)).toEqual([["a", "b"]]));
