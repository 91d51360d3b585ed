import { describe, expect, it } from "vitest";
import { matcher, prefix } from "./section";

describe("section", () => {
  it.each([
    ["train/loss", "train"],
    ["a/b/c", "a"],
    ["val.loss", "val"],
    ["model.v2/loss", "model.v2"],
    ["loss", "Charts"],
    ["/odd", "Charts"],
    ["odd/", "Charts"],
    [".5", "Charts"],
  ])("%s stands under %s", (name, section) => {
    expect(prefix(name)).toBe(section);
  });

  it("takes half a pattern as text", () => {
    expect(matcher("^val|loss$")("train/loss")).toBe(true);
    expect(matcher("(val")("(VAL)")).toBe(true);
    expect(matcher("")("x")).toBe(true);
  });
});
