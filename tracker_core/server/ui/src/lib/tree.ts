/** Nested plain data as paths, and what differs between several of them. */

export type Plain = Record<string, unknown>;
/** `id` tells `{"a.b": 1}` from `{"a": {"b": 1}}`, which have the same path. */
export type Leaf = { id: string; path: string; value: unknown };
export type Row = { id: string; path: string; name: string; depth: number; value: unknown; members: number };
export type Difference = { id: string; path: string; values: unknown[]; differs: boolean };

/** Every leaf with its dotted path, in the order of the data. Lists are leaves; an empty map is one too. */
export function leaves(data: Plain, parents: readonly string[] = []): Leaf[] {
  return Object.entries(data).flatMap(([key, value]) => {
    const keys = [...parents, key];
    if (isMap(value) && Object.keys(value).length > 0) return leaves(value, keys);
    return [{ id: JSON.stringify(keys), path: keys.join("."), value }];
  });
}

/**
 * The lines of a tree that are seen: branches (`members` counts what is in them; leaves have -1) and what is below those
 * that are not in `folded`, by their ids. A search leaves what matches by path or value, with the branches above it, unfolded.
 */
export function rows(data: Plain, folded: ReadonlySet<string>, search: string, spell: (it: unknown) => string): Row[] {
  const wanted = search.toLowerCase();
  const walk = (branch: object, parents: readonly string[]): Row[] =>
    Object.entries(branch).flatMap(([name, value]) => {
      const keys = [...parents, name];
      const [id, path, depth] = [JSON.stringify(keys), keys.join("."), parents.length];
      if (!isBranch(value)) {
        const found = `${path} ${spell(value)}`.toLowerCase().includes(wanted);
        return found ? [{ id, path, name, depth, value, members: -1 }] : [];
      }
      const inner = wanted !== "" || !folded.has(id) ? walk(value, keys) : [];
      if (wanted !== "" && inner.length === 0) return [];
      return [{ id, path, name, depth, value, members: Object.keys(value).length }, ...inner];
    });
  return walk(data, []);
}

/** One row per path that any of `datas` has, sorted; undefined where one lacks it. */
export function differences(datas: readonly Plain[]): Difference[] {
  const maps = datas.map((data) => new Map(leaves(data).map(({ id, value }) => [id, value])));
  const paths = new Map(datas.flatMap((data) => leaves(data).map(({ id, path }): [string, string] => [id, path])));
  return [...paths]
    .sort(([, a], [, b]) => collator.compare(a, b))
    .map(([id, path]) => {
      const values = maps.map((map) => map.get(id));
      const texts = new Set(values.map((value) => JSON.stringify(value) ?? "undefined"));
      return { id, path, values, differs: texts.size > 1 };
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
