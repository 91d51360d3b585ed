/** What metrics have in common: the part of their names that they stand under, and how they are searched. */

/** What stands before the first slash, else before the first dot of a nested name; empty names have none. */
export function prefix(name: string): string {
  const slash = name.indexOf("/");
  const end = slash >= 0 ? slash : name.indexOf(".");
  return end > 0 && end < name.length - 1 ? name.slice(0, end) : "Charts";
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
