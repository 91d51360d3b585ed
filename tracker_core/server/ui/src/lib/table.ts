/** The runs table as columns: sort, filter, group. A column is an array with one cell per run, in the order of `keys`. */

import { type Test } from "./filter";

export type Column = readonly unknown[];
export type Table = { keys: readonly string[]; columns: ReadonlyMap<string, Column> };
export type Order = { key: string; descending: boolean };
export type Group = { label: string; path: string; depth: number; rows: number[]; groups: Group[] };

/** The rows that pass, in table order. */
export function filter(table: Table, test: Test): number[] {
  const rows: number[] = [];
  let row = 0;
  const lookup = (key: string) => table.columns.get(key)?.[row] ?? undefined;
  for (; row < table.keys.length; row++) if (test(lookup)) rows.push(row);
  return rows;
}

/** The rows by several columns; cells without a value come last in either direction, equal ones keep their order. */
export function sort(table: Table, rows: readonly number[], orders: readonly Order[]): number[] {
  const active = orders.flatMap(({ key, descending }) => {
    const column = table.columns.get(key);
    return column === undefined ? [] : [{ column, sign: descending ? -1 : 1 }];
  });
  return [...rows].sort((a, b) => {
    for (const { column, sign } of active) {
      const [left, right] = [column[a], column[b]];
      const [noLeft, noRight] = [missing(left), missing(right)];
      if (noLeft || noRight) {
        if (noLeft !== noRight) return noLeft ? 1 : -1;
        continue;
      }
      const difference = compare(left, right);
      if (difference !== 0) return sign * difference;
    }
    return 0;
  });
}

/** Nested groups by the columns in turn, largest-first order kept from `rows`. */
export function group(
  table: Table,
  rows: readonly number[],
  by: readonly string[],
  parents: readonly string[] = [],
): Group[] {
  const [key, ...rest] = by;
  if (key === undefined) return [];
  const column = table.columns.get(key);
  const members = new Map<string, number[]>();
  for (const row of rows) {
    const label = text(column?.[row]);
    const list = members.get(label);
    if (list) list.push(row);
    else members.set(label, [row]);
  }
  return [...members].map(([label, list]) => {
    const labels = [...parents, label];
    return {
      label,
      path: JSON.stringify(labels),
      depth: parents.length,
      rows: list,
      groups: group(table, list, rest, labels),
    };
  });
}

/** The mean of the numbers among the cells; null where there is none. */
export function mean(column: Column, rows: readonly number[]): number | null {
  let [sum, count] = [0, 0];
  for (const row of rows) {
    const cell = column[row];
    if (typeof cell !== "number" || !Number.isFinite(cell)) continue;
    sum += cell;
    count++;
  }
  return count ? sum / count : null;
}

/** A new order after a click on a column head: ascending, descending, none; `add` keeps the others. */
export function toggle(orders: readonly Order[], key: string, add: boolean): Order[] {
  const known = orders.find((order) => order.key === key);
  const others = add ? orders.filter((order) => order.key !== key) : [];
  if (known === undefined) return [...others, { key, descending: false }];
  return known.descending ? others : [...others, { key, descending: true }];
}

/** Orders as text for the URL: `-created`, `config.lr`. */
export const spell = (orders: readonly Order[]): string[] =>
  orders.map(({ key, descending }) => (descending ? "-" : "") + key);
export const parse = (texts: readonly string[]): Order[] =>
  texts.map((it) => (it.startsWith("-") ? { key: it.slice(1), descending: true } : { key: it, descending: false }));

/** What stands over a column: its name without the tree it is from. */
export function heading(key: string): string {
  if (key === "steps") return "last step"; // the key is the one that filters and saved views have
  return key.replace(/^(config|summary)\./, "").replace(/^(min|max|best)\.(.*)$/, "$2 ($1)");
}

export function text(cell: unknown): string {
  if (missing(cell)) return "none";
  if (Array.isArray(cell)) return cell.join(", ") || "none";
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

function missing(cell: unknown): boolean {
  return cell === null || cell === undefined || cell === "" || Number.isNaN(cell);
}

const collator = new Intl.Collator(undefined, { numeric: true });

function compare(left: unknown, right: unknown): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return collator.compare(text(left), text(right));
}
