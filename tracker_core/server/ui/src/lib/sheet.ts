/** Columns as text for a spreadsheet. */

export function csv(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

/** A text that a spreadsheet would take for a formula is marked as text. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  if (typeof value !== "number" && /^[=+\-@\t\r]/.test(text)) return `"'${text.replace(/"/g, '""')}"`;
  return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
