import { PatternError } from "./event-pattern.ts";

/** What one step over a JSON text finds; "end" is after the last value. */
export type JsonToken = "{" | "}" | "[" | "]" | "name" | "string" | "number" | "true" | "false" | "null" | "end";

interface Scope {
  readonly kind: "Object" | "Array";
  readonly startedAt: number;
  /** Members so far. */
  members: number;
}

/** Nesting that AWS's reader refuses to follow. */
const DEPTH_MAX = 1000;
/** Characters of the text that a message repeats. */
const QUOTED_CHARACTERS_MAX = 500;
const TOKEN_CHARACTERS_MAX = 256;
const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const WORDS: Readonly<Record<string, "true" | "false" | "null">> = { t: "true", f: "false", n: "null" };
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/**
 * Reads a JSON text token by token and can say at any moment, in AWS's words, where it is. Its places are those of the
 * parser behind EventBridge: it has read the beginning of a member's value when it tells the name, and of a string
 * only the opening quote until `text()` is asked for.
 */
export class JsonReader {
  readonly #source: string;
  #at = 0;
  #scopes: Scope[] = [];
  #token: JsonToken | undefined;
  /** The value whose beginning was read together with its name. */
  #ahead: JsonToken | undefined;
  #text = "";
  /** The number that was read last. */
  #number = "";
  /** The current token is a string of which only the opening quote has been read. */
  #stringOpen = false;

  constructor(source: string) {
    this.#source = source;
  }

  /** A reader at the same place; the two go on independently. */
  fork(): JsonReader {
    const fork = new JsonReader(this.#source);
    fork.#at = this.#at;
    fork.#scopes = this.#scopes.map((scope) => ({ ...scope }));
    fork.#token = this.#token;
    fork.#ahead = this.#ahead;
    fork.#text = this.#text;
    fork.#number = this.#number;
    fork.#stringOpen = this.#stringOpen;
    return fork;
  }

  /** @throws {PatternError} when the text is no JSON. */
  next(): JsonToken {
    this.#token = this.#read();
    return this.#token;
  }

  /** The current name, the contents of the current string, or the current token as it is written. */
  text(): string {
    if (this.#stringOpen) {
      this.#stringOpen = false;
      this.#text = this.#readString(": was expecting closing quote for a string value");
    }
    return this.#text;
  }

  /** Goes to the end of the value that begins with the current token. */
  skip(): void {
    if (this.#token !== "{" && this.#token !== "[") return;
    const depth = this.#scopes.length;
    while (this.#scopes.length >= depth) this.next();
  }

  /** `message`, and where the reader stands. */
  error(message: string): PatternError {
    return new PatternError(`${message}${this.#suffix()}`);
  }

  #read(): JsonToken {
    if (this.#ahead !== undefined) {
      const value = this.#ahead;
      this.#ahead = undefined;
      return this.#open(value);
    }
    if (this.#stringOpen) this.text();
    this.#skipSpace();
    const scope = this.#scopes.at(-1);
    if (this.#at >= this.#source.length) return this.#end(scope);
    const character = this.#source[this.#at];
    if (character === "}" || character === "]") return this.#close(character);
    if (scope === undefined) return this.#open(this.#startValue());
    if (scope.members > 0) this.#separator(",", `was expecting comma to separate ${scope.kind} entries`, scope);
    scope.members += 1;
    if (scope.kind === "Array") return this.#open(this.#startValue());
    return this.#name(scope);
  }

  #name(scope: Scope): JsonToken {
    if (this.#source[this.#at] !== '"') throw this.#unexpected("was expecting double-quote to start field name");
    this.#at += 1;
    const name = this.#readString(" in field name");
    this.#skipSpace();
    this.#separator(":", "was expecting a colon to separate field name and value", scope);
    this.#ahead = this.#startValue();
    this.#text = name;
    this.#stringOpen = false;
    return "name";
  }

  /** Makes a token that has been read the current one. */
  #open(token: JsonToken): JsonToken {
    if (token === "{" || token === "[") {
      this.#scopes.push({ kind: token === "{" ? "Object" : "Array", startedAt: this.#at - 1, members: 0 });
      if (this.#scopes.length > DEPTH_MAX) {
        throw this.error(`Document nesting depth (${this.#scopes.length}) exceeds the maximum allowed (${DEPTH_MAX})`);
      }
    }
    this.#stringOpen = token === "string";
    if (token !== "string") this.#text = token === "number" ? this.#number : token;
    return token;
  }

  #close(character: "}" | "]"): JsonToken {
    const scope = this.#scopes.at(-1);
    const kind = character === "}" ? "Object" : "Array";
    if (scope?.kind !== kind) {
      if (scope === undefined) throw this.#unexpected("expected a value");
      const expected = scope.kind === "Object" ? "}" : "]";
      const start = this.#place(scope.startedAt);
      const place = `(for ${scope.kind} starting at ${start})`;
      throw this.error(`Unexpected close marker '${character}': expected '${expected}' ${place}`);
    }
    this.#at += 1;
    this.#scopes.pop();
    this.#text = character;
    return character;
  }

  #end(scope: Scope | undefined): JsonToken {
    if (scope === undefined) return "end";
    const start = this.#place(scope.startedAt);
    throw this.error(`Unexpected end-of-input: expected close marker for ${scope.kind} (start marker at ${start})`);
  }

  #separator(wanted: string, message: string, scope: Scope): void {
    if (this.#at >= this.#source.length) {
      throw this.error(`Unexpected end-of-input within/between ${scope.kind} entries`);
    }
    if (this.#source[this.#at] !== wanted) throw this.#unexpected(message);
    this.#at += 1;
    this.#skipSpace();
    if (this.#at >= this.#source.length) {
      throw this.error(`Unexpected end-of-input within/between ${scope.kind} entries`);
    }
  }

  #startValue(): JsonToken {
    const character = this.#source[this.#at] ?? "";
    if (character === "{" || character === "[" || character === '"') {
      this.#at += 1;
      return character === '"' ? "string" : character;
    }
    if (character === "-" || isDigit(character)) return this.#readNumber();
    const word = WORDS[character];
    if (word !== undefined && this.#wordAhead() === word) {
      this.#at += word.length;
      return word;
    }
    if (/[\p{L}_$]/u.test(character)) throw this.#unrecognized();
    throw this.#unexpected(`expected a valid value ${VALUES}`);
  }

  #readNumber(): "number" {
    const start = this.#at;
    if (this.#source[this.#at] === "-") this.#at += 1;
    if (this.#source[this.#at] === "0") this.#at += 1;
    else this.#digits("expected digit (0-9) to follow minus sign, for valid numeric value");
    if (isDigit(this.#source[this.#at])) {
      throw this.error("Invalid numeric value: Leading zeroes not allowed");
    }
    if (this.#source[this.#at] === ".") {
      this.#at += 1;
      this.#digits("Decimal point not followed by a digit");
    }
    if (this.#source[this.#at] === "e" || this.#source[this.#at] === "E") {
      this.#at += 1;
      if (this.#source[this.#at] === "+" || this.#source[this.#at] === "-") this.#at += 1;
      this.#digits("Exponent indicator not followed by a digit");
    }
    this.#number = this.#source.slice(start, this.#at);
    return "number";
  }

  #digits(message: string): void {
    if (this.#at >= this.#source.length) throw this.error("Unexpected end-of-input in a Number value");
    if (!isDigit(this.#source[this.#at])) {
      throw this.error(`Unexpected character (${this.#describe()}) in numeric value: ${message}`);
    }
    while (isDigit(this.#source[this.#at])) this.#at += 1;
  }

  /** From behind the opening quote to behind the closing one. */
  #readString(whenCut: string): string {
    let text = "";
    for (;;) {
      const from = this.#at;
      while (!isSpecial(this.#source.charCodeAt(this.#at))) this.#at += 1;
      text += this.#source.slice(from, this.#at);
      const character = this.#source[this.#at];
      if (character === undefined) throw this.error(`Unexpected end-of-input${whenCut}`);
      this.#at += 1;
      if (character === '"') return text;
      if (character !== "\\") throw this.#unescaped(character, whenCut);
      text += this.#escape();
    }
  }

  #escape(): string {
    const character = this.#source[this.#at];
    if (character === undefined) throw this.error("Unexpected end-of-input in character escape sequence");
    this.#at += 1;
    const escaped = ESCAPES[character];
    if (escaped !== undefined) return escaped;
    if (character !== "u") throw this.error(`Unrecognized character escape ${describe(character)}`);
    const digits = this.#source.slice(this.#at, this.#at + 4);
    if (!/^[\da-fA-F]{4}$/.test(digits)) {
      throw this.error(
        `Unexpected character (${this.#describe()}): expected a hex-digit for character escape sequence`,
      );
    }
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #unescaped(character: string, whenCut: string): PatternError {
    const inside = whenCut === " in field name" ? "name" : "string value";
    this.#at -= 1;
    return this.error(
      `Illegal unquoted character (${describe(character)}): has to be escaped using backslash to be included in ${inside}`,
    );
  }

  #wordAhead(): string {
    const rest = this.#source.slice(this.#at, this.#at + TOKEN_CHARACTERS_MAX);
    return /^[\p{L}\p{N}_$]*/u.exec(rest)?.[0] ?? "";
  }

  #unrecognized(): PatternError {
    const token = this.#wordAhead();
    this.#at += token.length;
    return this.error(`Unrecognized token '${token}': was expecting ${VALUES}`);
  }

  #unexpected(message: string): PatternError {
    return this.error(`Unexpected character (${this.#describe()}): ${message}`);
  }

  #describe(): string {
    return describe(this.#source[this.#at] ?? "");
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#source.charCodeAt(this.#at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.#at += 1;
    }
  }

  #suffix(): string {
    return `\n at ${this.#place(this.#at)}`;
  }

  #place(at: number): string {
    const before = this.#source.slice(0, at);
    const line = before.split("\n").length;
    const column = at - (before.lastIndexOf("\n") + 1) + 1;
    return `[Source: (String)"${this.#quoted()}; line: ${line}, column: ${column}]`;
  }

  #quoted(): string {
    const left = this.#source.length - QUOTED_CHARACTERS_MAX;
    if (left <= 0) return `${this.#source}"`;
    return `${this.#source.slice(0, QUOTED_CHARACTERS_MAX)}"[truncated ${left} chars]`;
  }
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

/** Ends a run of plain characters of a string: quote, backslash, control characters, the end (NaN). */
function isSpecial(code: number): boolean {
  return !(code >= 32) || code === 34 || code === 92;
}

function describe(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 32) return `(CTRL-CHAR, code ${code})`;
  if (code > 255) return `'${character}' (code ${code} / 0x${code.toString(16)})`;
  return `'${character}' (code ${code})`;
}
