/** Metrics in sections by what stands before the first slash. */

export type Section<T> = { name: string; items: T[] };

export const LOOSE = "Charts";

/** Sections in alphabetical order, the loose metrics first, system last; `pattern` is a regular expression. */
export function sections<T extends { name: string; stream: string }>(
  metrics: readonly T[],
  pattern = "",
): Section<T>[] {
  const passes = matcher(pattern);
  const found = new Map<string, T[]>();
  for (const metric of metrics) {
    if (!passes(metric.name)) continue;
    const name = metric.stream === "system" ? "System" : prefix(metric.name);
    const list = found.get(name);
    if (list) list.push(metric);
    else found.set(name, [metric]);
  }
  return [...found]
    .map(([name, items]) => ({ name, items: items.sort((a, b) => collator.compare(a.name, b.name)) }))
    .sort((a, b) => rank(a.name) - rank(b.name) || collator.compare(a.name, b.name));
}

/** A pattern that is no regular expression yet (half typed) is taken as plain text. */
export function matcher(pattern: string): (text: string) => boolean {
  if (pattern === "") return () => true;
  try {
    const regular = new RegExp(pattern, "i");
    return (text) => regular.test(text);
  } catch {
    const plain = pattern.toLowerCase();
    return (text) => text.toLowerCase().includes(plain);
  }
}

function prefix(name: string): string {
  const slash = name.indexOf("/");
  return slash > 0 ? name.slice(0, slash) : LOOSE;
}

function rank(name: string): number {
  return name === LOOSE ? 0 : name === "System" ? 2 : 1;
}

const collator = new Intl.Collator(undefined, { numeric: true });
