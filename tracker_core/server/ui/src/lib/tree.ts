/** Nested plain data as paths, and what differs between several of them. */

export type Plain = Record<string, unknown>;
export type Leaf = { path: string; value: unknown };
export type Difference = { path: string; values: unknown[]; differs: boolean };

/** Every leaf with its dotted path, in the order of the data. Lists are leaves; an empty map is one too. */
export function leaves(data: Plain, prefix = ""): Leaf[] {
  return Object.entries(data).flatMap(([key, value]) => {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    return isMap(value) && Object.keys(value).length > 0 ? leaves(value, path) : [{ path, value }];
  });
}

/** One row per path that any of `datas` has, sorted; undefined where one lacks it. */
export function differences(datas: readonly Plain[]): Difference[] {
  const maps = datas.map((data) => new Map(leaves(data).map(({ path, value }) => [path, value])));
  const paths = [...new Set(maps.flatMap((map) => [...map.keys()]))].sort(collator.compare);
  return paths.map((path) => {
    const values = maps.map((map) => map.get(path));
    const texts = new Set(values.map((value) => JSON.stringify(value) ?? "undefined"));
    return { path, values, differs: texts.size > 1 };
  });
}

function isMap(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !("_type" in value);
}

const collator = new Intl.Collator(undefined, { numeric: true });
