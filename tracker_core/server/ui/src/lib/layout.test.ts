import { describe, expect, it } from "vitest";
import {
  type Layout,
  type Spec,
  add,
  arrange,
  change,
  move,
  moveSection,
  remove,
  replace,
  resize,
  sizeOf,
  titleOf,
} from "./layout";

const METRICS = ["train/loss", "train/accuracy", "val.loss", "reward", "step10", "step9"].map((name) => ({
  name,
  stream: "metrics" as const,
  hidden: false,
  step_metric: null,
}));
const SYSTEM = { name: "system.cpu", stream: "system" as const, hidden: false, step_metric: null };
const MEDIA = [{ name: "train/weights", kind: "histogram" }];

const see = (layout: Layout, pattern = "") =>
  arrange([...METRICS, SYSTEM], MEDIA, layout, pattern).map(({ name, panels }) => [name, ...panels.map((it) => it.id)]);
const find = (layout: Layout, id: string): Spec =>
  arrange([...METRICS, SYSTEM], MEDIA, layout)
    .flatMap((it) => it.panels)
    .find((it) => it.id === id)!;

describe("ids", () => {
  it("differ, whatever metrics, media and added panels are called", () => {
    const metrics = ["p1", "*weights", "~cpu"].map((name) => ({ ...METRICS[0]!, name }));
    const layout = { add: ["p1", "p1"].map((id) => ({ id, kind: "line", section: "Panels", of: ["a", "a"] })) };
    const sections = arrange(
      [...metrics, { ...SYSTEM, name: "cpu" }],
      [{ name: "weights", kind: "histogram" }],
      layout as unknown as Layout,
    );
    const panels = sections.flatMap((it) => it.panels);
    expect(panels.length).toBe(7);
    expect(new Set(panels.map((it) => it.id)).size).toBe(7);
    expect(panels.filter((it) => it.own).map((it) => it.of)).toEqual([["a"], ["a"]]);
  });
});

const sections = (layout: Layout) => arrange([...METRICS, SYSTEM], MEDIA, layout);

describe("layout", () => {
  it("gives every metric and medium a panel under its prefix", () => {
    expect(see({})).toEqual([
      ["Charts", "reward", "step9", "step10"],
      ["train", "train/accuracy", "train/loss", "*train/weights"],
      ["val", "val.loss"],
      ["System", "~system.cpu"],
    ]);
    expect(find({}, "*train/weights").kind).toBe("histogram");
  });

  it("leaves hidden metrics out", () => {
    expect(arrange([{ ...METRICS[0]!, hidden: true }], [], {})).toEqual([]);
  });

  it("finds panels by a regular expression", () => {
    expect(see({}, "loss$")).toEqual([
      ["train", "train/loss"],
      ["val", "val.loss"],
    ]);
  });

  it("adds, changes and removes panels", () => {
    const one = add({}, { kind: "bar", section: "Panels", of: ["summary.reward"] });
    const two = add(one, { kind: "markdown", section: "Panels", of: [], text: "hello" });
    expect(see(two)[0]).toEqual(["Panels", "p2", "p1"]);
    const changed = change(two, find(two, "p1"), { title: "Best" });
    expect(titleOf(find(changed, "p1"))).toBe("Best");
    const automatic = change(changed, find(changed, "reward"), { logy: true });
    expect(find(automatic, "reward").logy).toBe(true);
    const edited = replace(automatic, find(automatic, "reward"), {
      kind: "line",
      section: "Charts",
      of: ["reward"],
      title: "Return",
      stream: "metrics",
      over: null,
    });
    expect(edited.set).toEqual({ reward: { title: "Return" } });
    const left = remove(remove(automatic, find(automatic, "p1")), find(automatic, "reward"));
    expect(see(left).slice(0, 2)).toEqual([
      ["Panels", "p2"],
      ["Charts", "step9", "step10"],
    ]);
  });

  it("says no more than is needed when panels move", () => {
    const moved = move({}, sections({}), find({}, "step10"), "Charts", "reward");
    expect(see(moved)[0]).toEqual(["Charts", "step10", "reward", "step9"]);
    expect(moved.order).toEqual({ Charts: ["step10"] });
    const back = move(moved, sections(moved), find(moved, "step10"), "Charts", null);
    expect(back.order).toEqual({ Charts: [] });
  });

  it("moves panels between sections, and sections", () => {
    const moved = move({}, sections({}), find({}, "reward"), "val", "val.loss");
    expect(see(moved).find(([name]) => name === "val")).toEqual(["val", "reward", "val.loss"]);
    const turned = moveSection(moved, sections(moved), "val", "Charts");
    expect(see(turned)[0]![0]).toBe("val");
  });

  it("keeps sizes within bounds, and forgets the standard one", () => {
    const large = resize({}, "reward", 9, 2);
    expect(sizeOf(large, "reward")).toEqual([4, 2]);
    expect(resize(large, "reward", 1, 1).size).toEqual({});
    expect(sizeOf({ size: { x: [Number.NaN, 99] } }, "x")).toEqual([1, 4]);
  });

  it("ignores panels that an address made up", () => {
    const odd = {
      add: [
        { id: "p1", kind: "evil" },
        { id: 3, kind: "bar" },
        { id: "p2", kind: "bar", of: 1 },
      ],
    };
    expect(see(odd as unknown as Layout)[0]![0]).toBe("Charts");
  });

  it("shortens titles by their section", () => {
    expect(titleOf(find({}, "train/loss"))).toBe("loss");
    expect(titleOf(find({}, "val.loss"))).toBe("loss");
    expect(titleOf(find({}, "val.loss"), true)).toBe("val.loss");
    expect(titleOf(find({}, "~system.cpu"))).toBe("cpu");
  });
});
