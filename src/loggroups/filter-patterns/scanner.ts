import type { Refusal } from "../../core/index.ts";
import { invalidPattern, invalidTerm } from "./refusals.ts";
import { compileRegex } from "./regex.ts";

/** Regular expressions that a JSON or space-delimited pattern may hold. */
const REGEXES_MAX = 2;

/** What a refusal names: a quoted text, a word, or one character. */
const TERM = /"(?:[^"\\]|\\[\s\S])*"|[^\s()&|"%=<>!{}[\],]+|[\s\S]/uy;

/** Reads a filter pattern from left to right; white space before a token is skipped. */
export class Scanner {
  readonly text: string;
  #at = 0;
  #regexes = 0;

  constructor(text: string) {
    this.text = text;
  }

  get offset(): number {
    return this.#at;
  }

  get ended(): boolean {
    this.#skip();
    return this.#at >= this.text.length;
  }

  /** Whether the token is next; then it is behind us. */
  take(token: string): boolean {
    this.#skip();
    if (!this.text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.refusal();
  }

  /** `sticky` bears the flag `y`. */
  match(sticky: RegExp): string | undefined {
    this.#skip();
    return this.matchHere(sticky);
  }

  /** The same without skipping white space. */
  matchHere(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  /** `"…"`, in which `\"` and `\\` stand for themselves. */
  quoted(): string | undefined {
    const found = this.match(/"(?:[^"\\]|\\[\s\S])*"/y);
    return found?.slice(1, -1).replace(/\\(["\\])/g, "$1");
  }

  /** `%…%`; a percent sign in it is written `\x25`. */
  regex(): ((text: string) => boolean) | undefined {
    const found = this.match(/%(?:[^%\\]|\\[\s\S])*%/y);
    if (found === undefined) return undefined;
    this.#regexes++;
    if (this.#regexes > REGEXES_MAX) throw invalidPattern(`it has more than ${REGEXES_MAX} regular expressions`);
    return compileRegex(found.slice(1, -1));
  }

  /** Why what is next cannot stand there. */
  refusal(): Refusal {
    const term = this.match(TERM);
    return term === undefined ? invalidPattern("it ends too early") : invalidTerm(term);
  }

  #skip(): void {
    while (/\s/.test(this.text[this.#at] ?? "x")) this.#at++;
  }
}
