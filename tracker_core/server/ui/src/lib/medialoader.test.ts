import { beforeEach, expect, test, vi } from "vitest";
import * as api from "./api";
import { MediaLoader, type MediaWish } from "./medialoader";
import type { MediaSeries } from "./wire";

vi.mock("./api", () => ({ runsMedia: vi.fn() })); // the real one wants a document

/** The media of a made-up server: run -> key -> steps. */
let logged: Map<string, Record<string, number[]>>;
let states: Map<string, number>;
let queries: MediaWish[];
let loader: MediaLoader;

function log(run: string, key: string, step: number): void {
  const media = logged.get(run) ?? {};
  logged.set(run, { ...media, [key]: [...(media[key] ?? []), step] });
  states.set(run, (states.get(run) ?? 0) + 1);
}

beforeEach(() => {
  logged = new Map();
  states = new Map();
  queries = [];
  loader = new MediaLoader("project", (run) => states.get(run) ?? 0);
  vi.mocked(api.runsMedia).mockImplementation((_, wish) => {
    queries.push(wish);
    const counts = new Map<string, number>();
    const runs = wish.runs.map((run) => {
      const series: MediaSeries[] = [];
      for (const key of wish.keys) {
        const steps = logged.get(run)?.[key];
        if (!steps || (counts.get(key) ?? 0) >= wish.limit) continue;
        counts.set(key, (counts.get(key) ?? 0) + 1);
        series.push({ key, logged: steps.length, steps, values: steps.map(() => ({ _type: "image-file" })) });
      }
      return { run, series };
    });
    return Promise.resolve(runs.filter(({ series }) => series.length));
  });
});

const wish = (runs: string[], keys: string[], limit = 2): MediaWish => ({ runs, keys, most: 10, limit });
const names = (found: { run: string; series: MediaSeries[] }[]) =>
  found.map(({ run, series }) => [run, ...series.map((it) => `${it.key} ${it.steps.join()}`)]);

test("what is known is not asked for again", async () => {
  log("a", "sample", 1);
  const first = await loader.get(wish(["a", "b"], ["sample"]));
  const again = await loader.get(wish(["a", "b"], ["sample"]));
  expect(names(first)).toEqual([["a", "sample 1"]]);
  expect(again[0]!.series[0]).toBe(first[0]!.series[0]);
  expect(queries.length).toBe(1);
});

test("only a run that logged media since is asked again", async () => {
  for (const run of ["a", "b"]) log(run, "sample", 1);
  const first = await loader.get(wish(["a", "b"], ["sample"]));
  log("b", "sample", 2);
  const then = await loader.get(wish(["a", "b"], ["sample"]));
  expect(queries.map((query) => query.runs)).toEqual([["a", "b"], ["b"]]);
  expect(names(then)).toEqual([
    ["a", "sample 1"],
    ["b", "sample 1,2"],
  ]);
  expect(then[0]!.series[0]).toBe(first[0]!.series[0]);
});

test("panels that ask together share a request", async () => {
  log("a", "sample", 1);
  const keys = ["k1", "k2", "k3", "sample"];
  await Promise.all(keys.map((key) => loader.get(wish(["a"], [key]))));
  expect(queries.map((query) => query.keys)).toEqual([keys]);
  log("a", "k2", 2);
  const found = await Promise.all(keys.map((key) => loader.get(wish(["a"], [key]))));
  expect(queries.length).toBe(2);
  expect(names(found.flat())).toEqual([
    ["a", "k2 2"],
    ["a", "sample 1"],
  ]);
});

test("as many runs are shown as there is room for, the first that have any", async () => {
  const runs = ["a", "b", "c", "d", "e"];
  for (const run of ["b", "d", "e"]) log(run, "sample", 1);
  expect(names(await loader.get(wish(runs, ["sample"]))).map(([run]) => run)).toEqual(["b", "d"]);
  log("a", "sample", 3);
  expect(names(await loader.get(wish(runs, ["sample"]))).map(([run]) => run)).toEqual(["a", "b"]);
  expect(names(await loader.get(wish(["e", "a"], ["sample"]))).map(([run]) => run)).toEqual(["e", "a"]);
});

test("what failed is asked again", async () => {
  log("a", "sample", 1);
  vi.mocked(api.runsMedia).mockRejectedValueOnce(new Error("gone"));
  await expect(loader.get(wish(["a"], ["sample"]))).rejects.toThrow("gone");
  expect(names(await loader.get(wish(["a"], ["sample"])))).toEqual([["a", "sample 1"]]);
});
