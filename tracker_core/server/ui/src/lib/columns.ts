/** Columns of logged tables that are shown together. Names may repeat within a table. */

/** `nth` counts the columns of the same name before it. */
export type TableColumn = { name: string; nth: number };

/** The columns of several tables, those of one name and number as one, in the order in which they come. */
export function columnsOf(tables: readonly (readonly string[])[]): TableColumn[] {
  const columns = new Map<string, TableColumn>();
  for (const names of tables) {
    const counts = new Map<string, number>();
    for (const name of names) {
      const nth = counts.get(name) ?? 0;
      counts.set(name, nth + 1);
      columns.set(`${nth}=${name}`, { name, nth });
    }
  }
  return [...columns.values()];
}

/** The position of the column in a table, -1 where it has none. */
export function placeOf(names: readonly string[], name: string, nth: number): number {
  let place = names.indexOf(name);
  for (let count = 0; count < nth && place >= 0; count++) place = names.indexOf(name, place + 1);
  return place;
}
