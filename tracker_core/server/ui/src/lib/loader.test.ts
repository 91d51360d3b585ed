import { beforeEach, expect, test, vi } from "vitest";
import * as api from "./api";
import { Loader, type Progress, type Wish } from "./loader";
import { single } from "./points";
import type { Series } from "./series";

vi.mock("./api", () => ({ series: vi.fn() })); // the real one wants a document

/** The rows that each run of a made-up server has, by step. */
let rows: Map<string, number>;
let queries: api.SeriesQuery[];
const now = new Map<string, Progress>();

function wrote(run: string, count: number): void {
  rows.set(run, count);
  now.set(run, { version: (now.get(run)?.version ?? 0) + 1, steps: count - 1 });
}

function series(metric: string, run: string, first: number, last: number): Series {
  const step = Float64Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  const value = step.map((it) => 10 * it);
  return { run, metric, writer: "", ...single(step, step, value) };
}

beforeEach(() => {
  rows = new Map();
  queries = [];
  now.clear();
  vi.mocked(api.series).mockImplementation((_, query) => {
    queries.push(query);
    const to = query.to ?? Infinity;
    return Promise.resolve(
      query.metrics
        .filter((metric) => metric !== "absent")
        .flatMap((metric) =>
          query.runs.map((run, i) =>
            series(metric, run, query.after?.[i] ?? query.from ?? 0, Math.min(to, rows.get(run)! - 1)),
          ),
        ),
    );
  });
});

const wish = (more: Partial<Wish> = {}): Wish => ({
  metric: "loss",
  stream: "metrics",
  runs: ["a", "b"],
  x: "_step",
  buckets: 100,
  ...more,
});
const loader = () => new Loader("p", (run) => now.get(run)!);

test("a live run costs what it wrote, and only the run that wrote is asked for", async () => {
  const one = loader();
  wrote("a", 10);
  wrote("b", 10);
  await one.get(wish());
  wrote("b", 14);
  const found = await one.get(wish());
  expect(queries.map((it) => [it.runs, it.after])).toEqual([
    [["a", "b"], undefined],
    [["b"], [9]],
  ]);
  expect(found.map((it) => it.step.length)).toEqual([10, 14]);
  await one.get(wish());
  expect(queries.length).toBe(2);
});

test("a series that grows for long is made coarser here, and never fetched again", async () => {
  const one = loader();
  wrote("a", 10);
  for (let count = 10; count <= 2000; count += 10) {
    wrote("a", count);
    await one.get(wish({ runs: ["a"] }));
  }
  const [found] = await one.get(wish({ runs: ["a"] }));
  expect(queries.filter((it) => !it.after).length).toBe(1);
  expect(found!.step.length).toBeLessThanOrEqual(300);
  expect([found!.step[0], found!.step.at(-1), found!.low[0], found!.value.at(-1)]).toEqual([0, 1999, 0, 19990]);
  for (let i = 1; i < found!.high.length - 1; i++) expect(found!.low[i]).toBeGreaterThan(found!.high[i - 1]!);
});

test("metrics that were logged together share a request, one that a run never logged asks for itself", async () => {
  const one = loader();
  wrote("a", 5);
  const names = ["m1", "m2", "m3", "m4", "absent"];
  const all = () => Promise.all(names.map((metric) => one.get(wish({ metric, runs: ["a"] }))));
  await all();
  queries = [];
  wrote("a", 6);
  const found = await all();
  expect(queries.map((it) => [it.metrics, it.after])).toContainEqual([["m1", "m2", "m3", "m4"], [4]]);
  expect(queries.length).toBe(2);
  expect(found.map((it) => it.length)).toEqual([1, 1, 1, 1, 0]);
});

test("after a rewind the whole series is read anew", async () => {
  const one = loader();
  wrote("a", 10);
  await one.get(wish({ runs: ["a"] }));
  wrote("a", 4);
  const [found] = await one.get(wish({ runs: ["a"] }));
  expect(queries.at(-1)!.after).toBeUndefined();
  expect(found!.step.length).toBe(4);
});

test("a stretch that lies behind a run is not asked for again", async () => {
  const one = loader();
  wrote("a", 100);
  await one.get(wish({ runs: ["a"], from: 10, to: 20 }));
  wrote("a", 110);
  await one.get(wish({ runs: ["a"], from: 10, to: 20 }));
  expect(queries.length).toBe(1);
  await one.get(wish({ runs: ["a"], from: 90, to: 200 }));
  wrote("a", 120);
  const [found] = await one.get(wish({ runs: ["a"], from: 90, to: 200 }));
  expect(queries.at(-1)!.after).toEqual([109]);
  expect(found!.step.at(-1)).toBe(119);
});

test("times have tails too; values of a metric come whole", async () => {
  const one = loader();
  for (const x of ["_timestamp", "epoch"]) {
    wrote("a", 3);
    await one.get(wish({ runs: ["a"], x }));
    wrote("a", 5);
    await one.get(wish({ runs: ["a"], x }));
  }
  expect(queries.map((it) => it.after)).toEqual([undefined, [2], undefined, undefined]);
});

test("a slow server is asked once at a time", async () => {
  const one = loader();
  wrote("a", 3);
  const first = one.get(wish({ runs: ["a"] }));
  await new Promise((done) => setTimeout(done, 5));
  wrote("a", 4);
  const [, [last]] = await Promise.all([first, one.get(wish({ runs: ["a"] }))]);
  expect(queries.map((it) => it.after)).toEqual([undefined, [2]]);
  expect(last!.step.length).toBe(4);
});
