/** Nested plain data as paths, and what differs between several of them. */

export type Plain = Record<string, unknown>;
export type Leaf = { path: string; value: unknown };
export type Row = { path: string; name: string; depth: number; value: unknown; members: number };
export type Difference = { path: string; values: unknown[]; differs: boolean };

/** Every leaf with its dotted path, in the order of the data. Lists are leaves; an empty map is one too. */
export function leaves(data: Plain, prefix = ""): Leaf[] {
  return Object.entries(data).flatMap(([key, value]) => {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    return isMap(value) && Object.keys(value).length > 0 ? leaves(value, path) : [{ path, value }];
  });
}

/**
 * The lines of a tree that are seen: branches (`members` counts what is in them; leaves have -1) and what is below those
 * that are not in `folded`. A search leaves what matches by path or value, with the branches above it, unfolded.
 */
export function rows(data: Plain, folded: ReadonlySet<string>, search: string, spell: (it: unknown) => string): Row[] {
  const wanted = search.toLowerCase();
  const walk = (branch: object, prefix: string, depth: number): Row[] =>
    Object.entries(branch).flatMap(([name, value]) => {
      const path = prefix === "" ? name : `${prefix}.${name}`;
      if (!isBranch(value)) {
        const found = `${path} ${spell(value)}`.toLowerCase().includes(wanted);
        return found ? [{ path, name, depth, value, members: -1 }] : [];
      }
      const inner = wanted !== "" || !folded.has(path) ? walk(value, path, depth + 1) : [];
      if (wanted !== "" && inner.length === 0) return [];
      return [{ path, name, depth, value, members: Object.keys(value).length }, ...inner];
    });
  return walk(data, "", 0);
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

/** Maps, and lists that hold any: what takes more than one line. */
function isBranch(value: unknown): value is object {
  if (Array.isArray(value)) return value.some((it) => typeof it === "object" && it !== null);
  return isMap(value) && Object.keys(value).length > 0;
}

const collator = new Intl.Collator(undefined, { numeric: true });
