/**
 * The filter language of the runs table.
 *
 *   expression := or ;  or := and ("or" and)* ;  and := not ("and"? not)* ;  not := "not" not | "(" or ")" | test
 *   test       := key op value | key "in" "[" value, ... "]" | key ("has" | "exists") ... | word
 *   op         := = == != < <= > >= ~ !~        (~ is a regular expression, without regard to case)
 *
 * A key is a column (`config.lr`, `summary.loss`, `state`), quoted by backticks when it holds odd characters. A word
 * alone looks for itself in the name, the id and the tags.
 */

export type Cell = unknown;
/** The value of a column for the run that is being tested; undefined when the run has none. */
export type Lookup = (key: string) => Cell;
export type Test = (lookup: Lookup) => boolean;

export class FilterError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

type Token = { kind: "key" | "text" | "number" | "op" | "end"; text: string; at: number };

const TOKEN =
  /\s*(?:(`[^`]*`)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(!~|[<>=!]=|[=<>~()[\],])|([^\s()[\],=<>!~"'`]+))/y;

/** Compiles an expression; throws FilterError with the place of the mistake. An empty one passes everything. */
export function compile(expression: string): { test: Test; keys: string[] } {
  const parser = new Parser(scan(expression));
  return { test: parser.all(), keys: [...parser.keys] };
}

function scan(expression: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  while (expression.slice(at).trim() !== "") {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(expression);
    if (match === null) throw new FilterError(`unexpected “${expression.slice(at).trim()[0]}”`, at);
    const [whole, quotedKey, quoted, op, word] = match;
    const from = at + whole.length - whole.trimStart().length;
    at += whole.length;
    if (quotedKey !== undefined) tokens.push({ kind: "key", text: quotedKey.slice(1, -1), at: from });
    else if (quoted !== undefined)
      tokens.push({ kind: "text", text: quoted.slice(1, -1).replace(/\\(.)/g, "$1"), at: from });
    else if (op !== undefined) tokens.push({ kind: "op", text: op, at: from });
    else tokens.push({ kind: isNumber(word!) ? "number" : "key", text: word!, at: from });
  }
  tokens.push({ kind: "end", text: "", at: expression.length });
  return tokens;
}

class Parser {
  readonly keys = new Set<string>();
  private next = 0;

  constructor(private readonly tokens: Token[]) {}

  all(): Test {
    if (this.peek().kind === "end") return () => true;
    const test = this.or();
    const rest = this.peek();
    if (rest.kind !== "end") throw new FilterError(`unexpected “${rest.text}”`, rest.at);
    return test;
  }

  private peek(): Token {
    return this.tokens[this.next]!;
  }

  private take(): Token {
    return this.tokens[this.next++]!;
  }

  private word(text: string): boolean {
    return this.peek().kind === "key" && this.peek().text.toLowerCase() === text;
  }

  private op(text: string): boolean {
    return this.peek().kind === "op" && this.peek().text === text;
  }

  private or(): Test {
    const tests = [this.and()];
    while (this.word("or")) {
      this.take();
      tests.push(this.and());
    }
    return tests.length === 1 ? tests[0]! : (lookup) => tests.some((test) => test(lookup));
  }

  private and(): Test {
    const tests = [this.not()];
    for (;;) {
      if (this.word("and")) this.take();
      else if (this.peek().kind === "end" || this.op(")") || this.word("or")) break;
      tests.push(this.not());
    }
    return tests.length === 1 ? tests[0]! : (lookup) => tests.every((test) => test(lookup));
  }

  private not(): Test {
    if (this.word("not")) {
      this.take();
      const test = this.not();
      return (lookup) => !test(lookup);
    }
    if (this.op("(")) {
      this.take();
      const test = this.or();
      if (!this.op(")")) throw new FilterError("a “)” is missing", this.peek().at);
      this.take();
      return test;
    }
    return this.comparison();
  }

  private comparison(): Test {
    const key = this.take();
    if (key.kind === "end") throw new FilterError("something is missing at the end", key.at);
    if (key.kind === "op") throw new FilterError(`a column is missing before “${key.text}”`, key.at);
    const op = this.peek();
    if (key.kind === "key" && op.kind === "op" && OPERATORS[op.text] !== undefined) {
      this.take();
      return this.compare(key.text, OPERATORS[op.text]!, this.value());
    }
    if (key.kind === "key" && this.word("in")) return this.within(key.text);
    if (key.kind === "key" && this.word("has")) {
      this.take();
      return this.compare(key.text, has, this.value());
    }
    if (key.kind === "key" && this.word("exists")) {
      this.take();
      this.keys.add(key.text);
      return (lookup) => lookup(key.text) !== undefined && lookup(key.text) !== null;
    }
    return anywhere(key.text);
  }

  private within(key: string): Test {
    this.take();
    if (!this.op("[")) throw new FilterError("“in” wants a list: [a, b]", this.peek().at);
    this.take();
    const wanted: Value[] = [];
    while (!this.op("]")) {
      wanted.push(this.value());
      if (this.op(",")) this.take();
    }
    this.take();
    this.keys.add(key);
    return (lookup) => wanted.some((value) => equal(lookup(key), value));
  }

  private compare(key: string, operator: Operator, value: Value): Test {
    this.keys.add(key);
    const test = operator(value);
    return (lookup) => test(lookup(key));
  }

  private value(): Value {
    const token = this.take();
    if (token.kind === "end") throw new FilterError("a value is missing at the end", token.at);
    if (token.kind === "op") throw new FilterError(`a value is missing before “${token.text}”`, token.at);
    return { text: token.text, number: token.kind === "text" ? NaN : toNumber(token.text), at: token.at };
  }
}

type Value = { text: string; number: number; at: number };
type Operator = (value: Value) => (cell: Cell) => boolean;

const OPERATORS: Record<string, Operator> = {
  "=": (value) => (cell) => equal(cell, value),
  "==": (value) => (cell) => equal(cell, value),
  "!=": (value) => (cell) => !equal(cell, value),
  "<": (value) => (cell) => order(cell, value) < 0,
  "<=": (value) => (cell) => order(cell, value) <= 0,
  ">": (value) => (cell) => order(cell, value) > 0,
  ">=": (value) => (cell) => order(cell, value) >= 0,
  "~": (value) => {
    const pattern = regular(value);
    return (cell) => cell !== undefined && cell !== null && pattern.test(plain(cell));
  },
  "!~": (value) => {
    const pattern = regular(value);
    return (cell) => !(cell !== undefined && cell !== null && pattern.test(plain(cell)));
  },
};

const has: Operator = (value) => (cell) => Array.isArray(cell) && cell.some((part) => equal(part, value));

function equal(cell: Cell, value: Value): boolean {
  if (Array.isArray(cell)) return cell.some((part) => equal(part, value));
  if (typeof cell === "number" && !Number.isNaN(value.number)) return cell === value.number;
  if (cell === undefined || cell === null) return value.text === "null" || value.text === "none";
  return plain(cell).toLowerCase() === value.text.toLowerCase();
}

/** NaN when the two cannot be ordered, which no comparison passes. */
function order(cell: Cell, value: Value): number {
  if (typeof cell === "number") return cell - value.number;
  if (typeof cell === "string" && Number.isNaN(value.number)) return cell < value.text ? -1 : cell > value.text ? 1 : 0;
  return NaN;
}

function anywhere(text: string): Test {
  const wanted = text.toLowerCase();
  return (lookup) =>
    ["name", "id", "tags"].some((key) =>
      plain(lookup(key) ?? "")
        .toLowerCase()
        .includes(wanted),
    );
}

function regular(value: Value): RegExp {
  try {
    return new RegExp(value.text, "i");
  } catch {
    throw new FilterError(`“${value.text}” is no regular expression`, value.at);
  }
}

function plain(cell: Cell): string {
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

function isNumber(text: string): boolean {
  return !Number.isNaN(toNumber(text));
}

/** Numbers as people write them in configs: 3, -1e-4, inf. */
function toNumber(text: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return NaN;
}
