import { describe, expect, it } from "vitest";
import { environment, packages, rest } from "./machine";

const METADATA = {
  command: "python train.py --lr 0.1",
  python: "3.12.1",
  cpu: { model: "EPYC", count: 64, usable: 8 },
  memory: { total: 64e9, limit: 32e9 },
  gpu: [
    { name: "H100", memory: 80e9 },
    { name: "H100", memory: 80e9 },
  ],
  cuda: "12.8",
  slurm: { job_id: "17" },
  git: { commit: "abc" },
};

describe("environment", () => {
  it("says what is known and nothing else", () => {
    expect(environment(METADATA)).toEqual([
      ["Command", "python train.py --lr 0.1"],
      ["Python", "3.12.1"],
      ["CPU", "EPYC · 64 cores · 8 usable"],
      ["Memory", "32 GB"],
      ["GPU", "2 × H100, 80 GB"],
      ["Driver", "CUDA 12.8"],
    ]);
    expect(environment({})).toEqual([]);
  });

  it("survives what a run may have put there", () => {
    expect(environment({ cpu: 3, gpu: "many", memory: [], command: { a: 1 } })).toEqual([]);
  });
});

it("keeps the rest for its own tree", () => expect(rest(METADATA)).toEqual({ slurm: { job_id: "17" } }));

it("reads packages", () =>
  expect(packages("numpy==2.4.0\n\nodd line\ntorch==2.9\n")).toEqual({ numpy: "2.4.0", torch: "2.9" }));
