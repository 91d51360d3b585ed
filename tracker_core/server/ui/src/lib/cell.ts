/** What somebody types to filter a column, as the server understands it for tables of any size. */

import { value as spell } from "./format";

const SIGNS: Record<string, (sign: number) => boolean> = {
  "<": (it) => it < 0,
  "<=": (it) => it <= 0,
  ">": (it) => it > 0,
  ">=": (it) => it >= 0,
  "=": (it) => it === 0,
  "!=": (it) => it !== 0,
};

/** `> 0.5`, `= cat`, `!= cat`: compared with; any other text: held by the cell, in whatever case. */
export function tester(typed: string): (cell: unknown) => boolean {
  const found = /^(<=|>=|!=|<|>|=)\s*(.+)$/.exec(typed.trim());
  if (!found) {
    const wanted = typed.trim().toLowerCase();
    return (cell) => spell(cell).toLowerCase().includes(wanted);
  }
  const holds = SIGNS[found[1]!]!;
  const operand = found[2]!;
  const number = Number(operand);
  const numeric = !Number.isNaN(number);
  const equal = found[1] === "=" || found[1] === "!=";
  return (cell) => {
    if (typeof cell === "number" && numeric) return holds(cell - number);
    if (typeof cell === "number" || cell === null || cell === undefined) return found[1] === "!=";
    if (numeric && !equal) return false; // a text is neither more nor less than a number
    const [one, other] = [spell(cell).toLowerCase(), operand.toLowerCase()];
    return holds(one < other ? -1 : one > other ? 1 : 0);
  };
}
