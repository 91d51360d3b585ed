import { describe, expect, it } from "vitest";
import { attached } from "./magic";

const PART = { switch: "magic", module: "keras", state: "attached", version: "3.15.1", functions: ["fit"], error: "" };

describe("attached", () => {
  it("has a line for each part that found its module, and one for the others", () => {
    expect(
      attached([
        { ...PART, module: "absl", state: "waiting", version: "", functions: [] },
        PART,
        { ...PART, switch: "magic.opt_in", module: "torch", functions: ["step", "backward"] },
        { ...PART, switch: "monitor_gym", module: "gymnasium", state: "failed", version: "0.26", error: "too old" },
        { ...PART, switch: "monitor_gym", module: "sb3", state: "waiting" },
      ]),
    ).toEqual({
      keras: "3.15.1 · fit",
      torch: "3.15.1 · step, backward",
      "monitor_gym: gymnasium": "0.26 · failed: too old",
      "not imported": "absl, monitor_gym: sb3",
    });
  });

  it("shows what it does not know as it is", () => {
    expect(attached({ a: 1 })).toEqual({ a: 1 });
    expect(attached("on")).toEqual({ report: "on" });
  });
});
