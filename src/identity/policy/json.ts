/**
 * JSON, strictly, and with what `JSON.parse` forgets: a key given twice is refused rather than dropped, and every
 * object knows where it stands in the text. Objects are Maps, so that no key (`__proto__`) is special.
 */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly members: ReadonlyMap<string, Json>;
  /** Offsets of `{` and of what follows `}`, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && "members" in value;
}

export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Not JSON, or JSON with a key twice. `offset` is where, in UTF-16 units. */
export class JsonSyntaxError extends Error {
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(problem);
    this.name = "JsonSyntaxError";
    this.offset = offset;
  }
}

/** @throws {JsonSyntaxError} for anything but one JSON value, nested at most 32 deep. */
export function parseJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Json {
    if (depth > DEPTH_MAX) this.#fail("nested too deep");
    this.#skip();
    switch (this.#text.charAt(this.#at)) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.#string();
      default:
        return this.#word();
    }
  }

  end(): void {
    this.#skip();
    if (this.#at < this.#text.length) this.#fail("text after the end");
  }

  #object(depth: number): JsonObject {
    const start = this.#at++;
    const members = new Map<string, Json>();
    this.#skip();
    while (this.#text[this.#at] !== "}") {
      if (members.size > 0) this.#take(",");
      this.#skip();
      const keyAt = this.#at;
      if (this.#text[keyAt] !== '"') this.#fail("a key was expected");
      const key = this.#string();
      if (members.has(key)) throw new JsonSyntaxError(`duplicate key ${JSON.stringify(key)}`, keyAt);
      this.#skip();
      this.#take(":");
      members.set(key, this.value(depth + 1));
      this.#skip();
    }
    return { members, start, end: ++this.#at };
  }

  #array(depth: number): Json[] {
    this.#at++;
    const items: Json[] = [];
    this.#skip();
    while (this.#text[this.#at] !== "]") {
      if (items.length > 0) this.#take(",");
      items.push(this.value(depth + 1));
      this.#skip();
    }
    this.#at++;
    return items;
  }

  #string(): string {
    const start = this.#at++;
    while (this.#text[this.#at] !== '"') {
      if (this.#at >= this.#text.length) this.#fail("a text without end");
      this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
    }
    return this.#native(start, ++this.#at) as string;
  }

  /** A number, `true`, `false` or `null`. */
  #word(): number | boolean | null {
    const start = this.#at;
    while (this.#at < this.#text.length && !ENDS_WORD.has(this.#text[this.#at] as string)) this.#at++;
    return this.#native(start, this.#at) as number | boolean | null;
  }

  /** Escapes and number syntax are the platform's business. */
  #native(start: number, end: number): unknown {
    try {
      return JSON.parse(this.#text.slice(start, end));
    } catch {
      throw new JsonSyntaxError("not JSON", start);
    }
  }

  #take(sign: string): void {
    if (this.#text[this.#at] !== sign) this.#fail(`"${sign}" was expected`);
    this.#at++;
  }

  #skip(): void {
    while (SPACES.has(this.#text[this.#at] ?? "")) this.#at++;
  }

  #fail(problem: string): never {
    throw new JsonSyntaxError(problem, this.#at);
  }
}

const DEPTH_MAX = 32;
const SPACES: ReadonlySet<string> = new Set([" ", "\t", "\n", "\r"]);
const ENDS_WORD: ReadonlySet<string> = new Set([...SPACES, ",", "]", "}", ":", "{", "[", '"']);
