import { describe, expect, it } from "vitest";
import { sections, texts } from "./compare";
import type { FileEntry, Run } from "./wire";

const file = (path: string, size: number, type = "text/plain"): FileEntry => ({ path, size, type });

describe("texts", () => {
  it("lists the texts of all, code first, and tells which cannot be equal", () => {
    const found = texts([
      { files: [file("a.txt", 3), file("code/train.py", 10), file("code/own.py", 5), file("model.bin", 9, "x/y")] },
      { files: [file("a.txt", 3), file("code/train.py", 11), file("media/table.json", 9)] },
    ]);
    expect(found.map((it) => [it.path, it.mark])).toEqual([
      ["code/own.py", "missing"],
      ["code/train.py", "differs"],
      ["a.txt", ""],
    ]);
    expect(found[0]!.files[1]).toBeUndefined();
  });
});

describe("sections", () => {
  it("gives every value one place", () => {
    const run = {
      metadata: { cpu: { count: 2 }, disk: { total: 9, free: 1 }, git: { commit: "abc" }, python: "3.12", user: "me" },
      config: { lr: 1 },
      summary: { loss: 1, sample: { _type: "image-file" } },
      user: "me",
    } as unknown as Run;
    const found = Object.fromEntries(sections(run).map((it) => [it.name, it.data]));
    expect(found).toMatchObject({
      Config: { lr: 1 },
      Git: { commit: "abc" },
      Hardware: { cpu: { count: 2 }, disk: { total: 9 } },
      Summary: { loss: 1 },
      Environment: { python: "3.12" },
    });
    expect(Object.keys(found["Environment"]!)).toEqual(["python"]);
    expect(found["Hardware"]!["disk"]).toEqual({ total: 9 });
    expect(found["Summary"]).toEqual({ loss: 1 });
  });
});
