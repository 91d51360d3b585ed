import { describe, expect, it } from "vitest";
import { type Stored, describe as read, draw, told } from "./stored";

const stored = (chart: string, fields: Record<string, string>): Stored => ({ chart, fields, strings: {}, facts: {} });
const table = {
  columns: ["step", "loss", "split", "n"],
  rows: [
    [0, 1, "train", 3],
    [1, 0.5, "train", 1],
    [0, 1.2, "val", 2],
    [1, "NaN", "val", 5],
  ],
};
const marks = (chart: string, fields: Record<string, string>, kind: string) =>
  draw(stored(chart, fields), table, 400, 300)!.marks.filter(
    (it) => it.kind === kind && (kind !== "line" || it.color.startsWith("#")),
  );

describe("stored chart", () => {
  it("is read from what was logged, whatever that is", () => {
    expect(read({ _type: "chart", chart: "line", fields: { x: "a" } })).toMatchObject({
      chart: "line",
      fields: { x: "a" },
    });
    expect(read({ _type: "image-file" })).toBeNull();
    expect(read({ _type: "chart", chart: 3, fields: "x" })).toBeNull();
  });

  it("draws a line for each group", () => {
    const found = draw(stored("line", { x: "step", y: "loss", stroke: "split" }), table, 400, 300)!;
    expect(found.legend.map((it) => it.label)).toEqual(["train", "val"]);
    expect(marks("line", { x: "step", y: "loss", stroke: "split" }, "line").length).toBe(2);
    expect(marks("line", { x: "step", y: "loss" }, "line").length).toBe(1);
  });

  it("draws points, bars and distributions", () => {
    expect(marks("scatter", { x: "step", y: "n", group: "split" }, "dot").length).toBe(4);
    expect(marks("bar", { label: "split", value: "n", group: "step" }, "box").length).toBe(4);
    expect(marks("histogram", { value: "n" }, "box").length).toBeGreaterThan(3);
  });

  it("draws a curve with its diagonal, and kinds that it does not know by their axes", () => {
    expect(marks("area_under_nothing", { x: "step", y: "loss" }, "line").length).toBe(1);
    const roc = draw(stored("roc_curve", { x: "step", y: "loss", class: "split" }), table, 400, 300)!;
    expect(roc.marks.some((it) => it.kind === "line" && it.dashed)).toBe(true);
  });

  it("draws nothing where columns are missing", () => {
    expect(draw(stored("line", { x: "step", y: "gone" }), table, 400, 300)).toBeNull();
    expect(draw(stored("confusion_matrix", {}), table, 400, 300)).toBeNull();
  });

  it("tells facts", () => {
    expect(told({ auc: { cat: 0.9, dog: 0.8 }, mean: 0.5, show_text: true })).toEqual([
      "auc: cat 0.9, dog 0.8",
      "mean: 0.5",
    ]);
  });
});
