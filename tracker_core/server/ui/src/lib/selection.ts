/** Which runs the list shows and which of them the charts draw. */

import { FilterError, compile } from "./filter";
import { type Table, filter, parse, sort } from "./table";

export type Chosen = { rows: number[]; error: string | null; needs: string[] };

/** The rows of the list: filtered, then sorted. `resolve` turns short column names into whole ones. */
export function choose(
  table: Table,
  expression: string,
  order: readonly string[],
  resolve: (key: string) => string,
): Chosen {
  const orders = parse(order);
  const all = table.keys.map((_, i) => i);
  const wanted = orders.map((it) => it.key);
  try {
    const { test, keys } = compile(expression);
    const whole = new Map(keys.map((key) => [key, resolve(key)]));
    const named = (lookup: (key: string) => unknown) => test((key) => lookup(whole.get(key) ?? key));
    return { rows: sort(table, filter(table, named), orders), error: null, needs: [...whole.values(), ...wanted] };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return { rows: sort(table, all, orders), error: error.message, needs: wanted };
  }
}

/** The keys that are drawn: the first `limit` rows that no eye is closed on; `only`, when given, draws nothing else. */
export function drawn(
  keys: readonly string[],
  hide: readonly string[],
  only: readonly string[],
  limit: number,
): string[] {
  const [closed, alone] = [new Set(hide), new Set(only)];
  return keys.filter((key) => !closed.has(key) && (alone.size === 0 || alone.has(key))).slice(0, limit);
}
