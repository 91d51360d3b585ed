import { describe, expect, it } from "vitest";
import { correlation, importances } from "./importance";

const runs = Array.from({ length: 120 }, (_, i) => i);
const noise = runs.map((i) => ((i * 7919) % 97) / 97);
const lr = runs.map((i) => ((i * 31) % 50) / 50);
const model = runs.map((i) => ["cnn", "vit", "mlp"][(i * 13) % 3]!);
const columns = new Map<string, unknown[]>([
  ["lr", lr],
  ["model", model],
  ["noise", noise],
  ["same", runs.map(() => 1)],
  ["name", runs.map((i) => `run-${i}`)],
]);

describe("importance", () => {
  it("finds what decides, bent and by name, and nothing else", () => {
    const target = runs.map((i) => 4 * (lr[i]! - 0.5) ** 2 + (model[i] === "vit" ? 1 : 0));
    const found = importances(columns, target);
    expect(found.map((it) => it.column)).toEqual(["model", "lr", "noise"]);
    expect(found[2]!.importance).toBeLessThan(0.1);
    expect(found.reduce((sum, it) => sum + it.importance, 0)).toBeCloseTo(1);
    expect(found.find((it) => it.column === "model")!.correlation).toBeNull();
    expect(importances(columns, target)).toEqual(found);
  });

  it("tells the direction of what is straight", () => {
    const found = importances(
      new Map([["lr", lr]]),
      lr.map((it) => -2 * it),
    );
    expect(found[0]!.correlation).toBeCloseTo(-1);
  });

  it("says nothing of too little", () => {
    expect(importances(columns, [1, 2])).toEqual([]);
    expect(
      importances(
        columns,
        runs.map(() => NaN),
      ),
    ).toEqual([]);
  });

  it("takes ten thousand runs", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => i % 101);
    expect(importances(new Map([["a", many]]), many).length).toBe(1);
  });

  it("correlates as Pearson did", () => {
    expect(correlation([1, 2, 3, NaN], [2, 4, 6, 1])).toBeCloseTo(1);
    expect(correlation([1, 2, 3], [1, 3, 2])).toBeCloseTo(0.5);
    expect(correlation([1, 1], [1, 2])).toBeNull();
  });
});
