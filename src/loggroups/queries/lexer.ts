import type { Refusal } from "../../core/index.ts";
import { malformedQuery } from "./query-error.ts";

export interface Token {
  readonly kind: "name" | "quotedName" | "text" | "number" | "period" | "symbol" | "end";
  /** What it says: without quotation marks, escapes resolved. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const BLANK = /(?:\s|#[^\n]*)*/y;
const NAME = /[@A-Za-z_$][A-Za-z0-9_@$]*(?:\.[A-Za-z0-9_@$]+)*/y;
const PERIOD = /\d+[A-Za-z]+/y;
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![A-Za-z_0-9.])/y;
const TEXT = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/y;
const QUOTED_NAME = /`[^`]+`/y;
const REGEX = /\/(?:[^/\\\n]|\\[^\n])+\//y;
const SYMBOL = /=~|!=|<=|>=|[|(),+\-*/%^=<>[\]]/y;

/** Reads the tokens of a query; one may be looked at before it is taken. */
export class Lexer {
  readonly text: string;
  #at = 0;
  #peeked: Token | undefined;
  #lastEnd = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Where the last token that was taken ends. */
  get lastEnd(): number {
    return this.#lastEnd;
  }

  peek(): Token {
    this.#peeked ??= this.#read();
    return this.#peeked;
  }

  next(): Token {
    const token = this.peek();
    this.#peeked = undefined;
    this.#lastEnd = token.end;
    return token;
  }

  /** Takes the symbol if it is next. */
  take(symbol: string): boolean {
    const token = this.peek();
    if (token.kind !== "symbol" || token.value !== symbol) return false;
    this.next();
    return true;
  }

  /** Takes the word if it is next, whatever its case. */
  takeWord(word: string): boolean {
    const token = this.peek();
    if (token.kind !== "name" || token.value.toLowerCase() !== word) return false;
    this.next();
    return true;
  }

  expect(symbol: string): Token {
    const token = this.next();
    if (token.kind === "symbol" && token.value === symbol) return token;
    throw this.unexpected(token);
  }

  /** The source of `/…/`, if that is next; only the grammar knows it from a division. */
  takeRegex(): Token | undefined {
    const { start } = this.peek();
    const found = matchAt(REGEX, this.text, start);
    if (found === undefined) return undefined;
    this.#peeked = undefined;
    this.#at = start + found.length;
    this.#lastEnd = this.#at;
    return { kind: "text", value: found.slice(1, -1), start, end: this.#at };
  }

  unexpected(token: Token): Refusal {
    const found = token.kind === "end" ? "end of query" : this.text.slice(token.start, token.end);
    return this.error(`unexpected symbol found ${found}`, token.start, token.end);
  }

  error(message: string, start: number, end: number): Refusal {
    return malformedQuery(this.text, message, start, end);
  }

  #read(): Token {
    this.#at += matchAt(BLANK, this.text, this.#at)?.length ?? 0;
    const start = this.#at;
    if (start >= this.text.length) return { kind: "end", value: "", start, end: start };
    const [kind, found] = this.#recognize(start);
    this.#at = start + found.length;
    return { kind, value: valueOf(kind, found), start, end: this.#at };
  }

  #recognize(start: number): readonly [Token["kind"], string] {
    for (const [kind, pattern] of KINDS) {
      const found = matchAt(pattern, this.text, start);
      if (found !== undefined) return [kind, found];
    }
    throw this.error(`unexpected symbol found ${this.text[start] ?? ""}`, start, start + 1);
  }
}

const KINDS: readonly (readonly [Token["kind"], RegExp])[] = [
  ["name", NAME],
  ["quotedName", QUOTED_NAME],
  ["text", TEXT],
  ["number", NUMBER],
  ["period", PERIOD],
  ["symbol", SYMBOL],
];

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

function valueOf(kind: Token["kind"], found: string): string {
  if (kind === "quotedName") return found.slice(1, -1);
  if (kind !== "text") return found;
  return found.slice(1, -1).replace(/\\([\s\S])/g, (whole, char: string) => {
    return ESCAPES[char] ?? (/["'\\]/.test(char) ? char : whole);
  });
}
