import { expect, test } from "vitest";
import { csv } from "./sheet";

test("numbers stay numbers, and no text becomes a formula", () => {
  expect(
    csv(
      ["a", "b,c"],
      [
        [-1.5, null],
        ["=SUM(A1)", 'say "x"'],
        [{ k: 1 }, true],
      ],
    ),
  ).toBe('a,"b,c"\n-1.5,\n"\'=SUM(A1)","say ""x"""\n"{""k"":1}",true\n');
});
