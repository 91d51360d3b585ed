/**
 * Plain data as text for an address: what JSON says in half the room, as nothing of it has to be escaped.
 *
 *   (key:value,key:value)   !(value,value)   !t  !f  !n   3.5   word   'any text, with !' and !! for ' and !'
 */

export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };

/** Keys with undefined are left out, as JSON does. */
export function spell(data: unknown): string {
  if (data === null || data === undefined) return "!n";
  if (data === true) return "!t";
  if (data === false) return "!f";
  if (typeof data === "number") return Number.isFinite(data) ? String(data).replace("+", "") : "!n";
  if (typeof data === "string") return text(data);
  if (Array.isArray(data)) return `!(${data.map(spell).join(",")})`;
  const entries = Object.entries(data as object).filter(([, value]) => value !== undefined);
  return `(${entries.map(([key, value]) => `${text(key)}:${spell(value)}`).join(",")})`;
}

/** Null for what is none of this. */
export function parse(source: string): Plain {
  const reader = new Reader(source);
  try {
    const value = reader.value(0);
    return reader.done ? value : null;
  } catch {
    return null;
  }
}

const WORD = /^[^\s!'(),:]+$/;
const NUMBER = /^-?\d+(\.\d+)?(e-?\d+)?$/;
const DEEPEST = 20;

function text(it: string): string {
  return WORD.test(it) && !NUMBER.test(it) ? it : `'${it.replace(/[!']/g, "!$&")}'`;
}

class Reader {
  private at = 0;

  constructor(private readonly source: string) {}

  get done(): boolean {
    return this.at === this.source.length;
  }

  value(depth: number): Plain {
    if (depth > DEEPEST) throw new Error("too deep");
    const first = this.source[this.at];
    if (first === "(") return this.map(depth);
    if (first === "'") return this.quoted();
    if (first !== "!") {
      const word = this.word();
      return NUMBER.test(word) ? Number(word) : word;
    }
    const kind = this.source[this.at + 1];
    this.at += 2;
    if (kind === "(") return this.list(depth);
    if (kind === "t" || kind === "f") return kind === "t";
    if (kind === "n") return null;
    throw new Error("unknown mark");
  }

  private map(depth: number): Plain {
    const found: Record<string, Plain> = {};
    this.at++;
    while (!this.took(")")) {
      const key = this.source[this.at] === "'" ? this.quoted() : this.word();
      if (!this.took(":")) throw new Error("a value is missing");
      Object.defineProperty(found, key, {
        value: this.value(depth + 1),
        enumerable: true,
        writable: true,
        configurable: true,
      });
      if (!this.took(",") && this.source[this.at] !== ")") throw new Error("not closed");
    }
    return found;
  }

  private list(depth: number): Plain {
    const found: Plain[] = [];
    while (!this.took(")")) {
      found.push(this.value(depth + 1));
      if (!this.took(",") && this.source[this.at] !== ")") throw new Error("not closed");
    }
    return found;
  }

  private quoted(): string {
    let found = "";
    for (this.at++; this.at < this.source.length; this.at++) {
      const letter = this.source[this.at]!;
      if (letter === "'") {
        this.at++;
        return found;
      }
      found += letter === "!" ? (this.source[++this.at] ?? "") : letter;
    }
    throw new Error("not closed");
  }

  private word(): string {
    const start = this.at;
    while (this.at < this.source.length && !/[\s!'(),:]/.test(this.source[this.at]!)) this.at++;
    if (this.at === start) throw new Error("a word is missing");
    return this.source.slice(start, this.at);
  }

  private took(letter: string): boolean {
    if (this.source[this.at] !== letter) return false;
    this.at++;
    return true;
  }
}
