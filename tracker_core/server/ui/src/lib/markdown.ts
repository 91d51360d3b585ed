/** Markdown as a tree that components draw: what people write never becomes markup. The usual parts of CommonMark, and tables. */

export type Inline =
  | { kind: "text" | "code"; text: string }
  | { kind: "strong" | "em" | "del"; parts: Inline[] }
  | { kind: "link"; url: string; parts: Inline[] };
export type Block =
  | { kind: "heading"; level: number; parts: Inline[] }
  | { kind: "paragraph"; parts: Inline[] }
  | { kind: "code"; text: string }
  | { kind: "quote"; blocks: Block[] }
  | { kind: "list"; ordered: boolean; items: Block[][] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

const DEEPEST = 8;

export function parse(source: string, depth = 0): Block[] {
  const lines = source.replace(/\r\n?/g, "\n").replaceAll("\t", "    ").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at]!;
    if (line.trim() === "") {
      at++;
    } else if (/^\s{0,3}(```|~~~)/.test(line)) {
      const fence = line.trim().slice(0, 3);
      const from = ++at;
      while (at < lines.length && !lines[at]!.trim().startsWith(fence)) at++;
      blocks.push({ kind: "code", text: lines.slice(from, at++).join("\n") });
    } else if (/^#{1,6}\s/.test(line)) {
      const level = line.indexOf(" ");
      blocks.push({
        kind: "heading",
        level,
        parts: inline(
          line
            .slice(level)
            .replace(/\s+#+\s*$/, "")
            .trim(),
        ),
      });
      at++;
    } else if (/^\s{0,3}([-*_])(\s*\1){2,}\s*$/.test(line)) {
      blocks.push({ kind: "rule" });
      at++;
    } else if (/^\s{0,3}>/.test(line) && depth < DEEPEST) {
      const from = at;
      while (at < lines.length && /^\s{0,3}>/.test(lines[at]!)) at++;
      const inner = lines.slice(from, at).map((it) => it.replace(/^\s{0,3}> ?/, ""));
      blocks.push({ kind: "quote", blocks: parse(inner.join("\n"), depth + 1) });
    } else if (ITEM.test(line) && depth < DEEPEST) {
      const [list, next] = listAt(lines, at, depth);
      blocks.push(list);
      at = next;
    } else if (line.includes("|") && /^[\s|:-]+$/.test(lines[at + 1] ?? "") && lines[at + 1]!.includes("-")) {
      const from = at;
      at += 2;
      while (at < lines.length && lines[at]!.includes("|")) at++;
      blocks.push({ kind: "table", head: row(line), rows: lines.slice(from + 2, at).map(row) });
    } else {
      const from = at++;
      while (at < lines.length && lines[at]!.trim() !== "" && !STARTS.test(lines[at]!)) at++;
      blocks.push({
        kind: "paragraph",
        parts: inline(
          lines
            .slice(from, at)
            .map((it) => it.trim())
            .join("\n"),
        ),
      });
    }
  }
  return blocks;
}

const ITEM = /^(\s{0,3})([-*+]|\d{1,9}[.)])\s+/;
const STARTS = /^\s{0,3}(#{1,6}\s|>|```|~~~|[-*+]\s|\d{1,9}[.)]\s)/;

function listAt(lines: readonly string[], at: number, depth: number): [Block, number] {
  const ordered = /\d/.test(ITEM.exec(lines[at]!)![2]!);
  const items: Block[][] = [];
  while (at < lines.length) {
    const match = ITEM.exec(lines[at]!);
    if (!match || /\d/.test(match[2]!) !== ordered) break;
    const indent = match[0].length;
    const inner = [lines[at]!.slice(indent)];
    for (at++; at < lines.length; at++) {
      const next = lines[at]!;
      if (next.trim() === "" && /^\s{2,}\S/.test(lines[at + 1] ?? "")) inner.push("");
      else if (/^\s{2,}\S/.test(next)) inner.push(next.replace(new RegExp(`^\\s{1,${indent}}`), ""));
      else break;
    }
    items.push(parse(inner.join("\n"), depth + 1));
  }
  return [{ kind: "list", ordered, items }, at];
}

function row(line: string): Inline[][] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => inline(cell.trim()));
}

const INLINE =
  /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)|\*\*(?=\S)([\s\S]*?\S)\*\*|~~(?=\S)([\s\S]*?\S)~~|(?<![\w*])[*_](?=[^\s*_])([^*_]*?[^\s*_])[*_](?!\w)|\[([^\][]*)\]\(([^()\s]+)\)|(https?:\/\/[^\s<>()]*[^\s<>().,;:!?])/;

export function inline(source: string, depth = 0): Inline[] {
  const parts: Inline[] = [];
  let rest = source;
  while (rest !== "") {
    const match = depth < DEEPEST ? INLINE.exec(rest) : null;
    if (!match) break;
    if (match.index > 0) parts.push({ kind: "text", text: rest.slice(0, match.index) });
    const [whole, , code, strong, del, em, label, url, bare] = match;
    if (code !== undefined) parts.push({ kind: "code", text: code.trim() });
    else if (strong !== undefined) parts.push({ kind: "strong", parts: inline(strong, depth + 1) });
    else if (del !== undefined) parts.push({ kind: "del", parts: inline(del, depth + 1) });
    else if (em !== undefined) parts.push({ kind: "em", parts: inline(em, depth + 1) });
    else parts.push(link(bare ?? url!, bare ? [{ kind: "text", text: bare }] : inline(label!, depth + 1), whole));
    rest = rest.slice(match.index + whole.length);
  }
  if (rest !== "") parts.push({ kind: "text", text: rest });
  return parts;
}

/** Only links to the web and to our own pages; anything else stays text. */
function link(url: string, parts: Inline[], whole: string): Inline {
  return /^(https?:\/\/|\/(?!\/)|mailto:)/i.test(url) ? { kind: "link", url, parts } : { kind: "text", text: whole };
}
