import { type CharSet, DIGITS, ignoringCase, LINE_ENDS, negate, SPACES, single, union, WORD } from "./char-set.ts";

/** A regular expression as a tree. `greedy` decides only what groups hold, never whether there is a match. */
export type RegexNode =
  | { readonly kind: "empty" }
  | { readonly kind: "set"; readonly set: CharSet }
  | { readonly kind: "sequence"; readonly parts: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly parts: readonly RegexNode[] }
  | {
      readonly kind: "repeat";
      readonly part: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly greedy: boolean;
    }
  | { readonly kind: "group"; readonly part: RegexNode; readonly index: number }
  | { readonly kind: "assert"; readonly what: Assertion };

export type Assertion = "start" | "end" | "lineStart" | "lineEnd" | "wordEdge" | "noWordEdge";

export interface ParsedRegex {
  readonly node: RegexNode;
  /** The names of the capturing groups, in order; undefined for those without name. */
  readonly groups: readonly (string | undefined)[];
}

export interface RegexFlags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
}

/** What is wrong with a regular expression. `offset` counts UTF-16 code units from its start. */
export class RegexError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = "RegexError";
    this.offset = offset;
  }
}

const REPEAT_MAX = 1000;
const DEPTH_MAX = 50;
const GROUPS_MAX = 50;
const INFINITE = Number.POSITIVE_INFINITY;

const CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGITS,
  D: negate(DIGITS),
  w: WORD,
  W: negate(WORD),
  s: SPACES,
  S: negate(SPACES),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };

/**
 * The usual subset: literals, `.`, classes, `\d \w \s \b` and their opposites, groups (named ones too), `|`, quantifiers,
 * `^ $`, leading flags as `(?i)`.
 * @throws {RegexError} for anything else: look-around and references back cannot be matched in linear time.
 */
export function parseRegex(source: string, flags: Partial<RegexFlags> = {}): ParsedRegex {
  return new RegexParser(source, { ignoreCase: false, multiline: false, dotAll: false, ...flags }).parse();
}

class RegexParser {
  readonly #source: string;
  readonly #groups: (string | undefined)[] = [];
  #flags: RegexFlags;
  #at = 0;
  #depth = 0;

  constructor(source: string, flags: RegexFlags) {
    this.#source = source;
    this.#flags = flags;
  }

  parse(): ParsedRegex {
    const leading = /^\(\?([ims]+)\)/.exec(this.#source);
    if (leading !== null) {
      this.#flags = withFlags(this.#flags, leading[1] ?? "");
      this.#at = leading[0].length;
    }
    const node = this.#choice();
    if (this.#at < this.#source.length) throw this.#error("unmatched ')'");
    return { node, groups: this.#groups };
  }

  #choice(): RegexNode {
    this.#depth++;
    if (this.#depth > DEPTH_MAX) throw this.#error(`groups are nested more than ${DEPTH_MAX} deep`);
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? (parts[0] ?? { kind: "empty" }) : { kind: "choice", parts };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    while (this.#at < this.#source.length && !"|)".includes(this.#peek())) parts.push(this.#quantified());
    if (parts.length === 0) return { kind: "empty" };
    return parts.length === 1 ? (parts[0] ?? { kind: "empty" }) : { kind: "sequence", parts };
  }

  #quantified(): RegexNode {
    const start = this.#at;
    const part = this.#atom();
    const bounds = this.#bounds();
    if (bounds === undefined) return part;
    if (part.kind === "assert" && this.#source[start] !== "(") throw new RegexError("nothing to repeat", start);
    const [min, max] = bounds;
    if (max < min) throw this.#error("numbers out of order in a quantifier");
    if (min > REPEAT_MAX || (max !== INFINITE && max > REPEAT_MAX)) {
      throw this.#error(`a quantifier may count to ${REPEAT_MAX}`);
    }
    const greedy = !this.#take("?");
    if (this.#peek() === "+") throw this.#error("possessive quantifiers are not supported");
    if (this.#bounds() !== undefined) throw this.#error("nothing to repeat");
    return { kind: "repeat", part, min, max, greedy };
  }

  #bounds(): readonly [min: number, max: number] | undefined {
    if (this.#take("*")) return [0, INFINITE];
    if (this.#take("+")) return [1, INFINITE];
    if (this.#take("?")) return [0, 1];
    const counted = this.#match(/\{(\d{1,9})(,(\d{1,9})?)?\}/y);
    if (counted === undefined) return undefined;
    const [, min = "", comma, max] = counted;
    return [Number(min), comma === undefined ? Number(min) : max === undefined ? INFINITE : Number(max)];
  }

  #atom(): RegexNode {
    const start = this.#at;
    const char = this.#next();
    switch (char) {
      case "(":
        return this.#group(start);
      case "[":
        return this.#set(this.#bracket(start));
      case ".":
        return { kind: "set", set: this.#flags.dotAll ? negate([]) : negate(LINE_ENDS) };
      case "^":
        return { kind: "assert", what: this.#flags.multiline ? "lineStart" : "start" };
      case "$":
        return { kind: "assert", what: this.#flags.multiline ? "lineEnd" : "end" };
      case "\\":
        return this.#escaped();
      case "*":
      case "+":
      case "?":
        throw new RegexError("nothing to repeat", start);
      case "{":
        if (/\{\d+(,\d*)?\}/y.test(this.#source.slice(start))) throw new RegexError("nothing to repeat", start);
        return this.#set(single(123));
      default:
        return this.#set(single(char.charCodeAt(0)));
    }
  }

  #escaped(): RegexNode {
    if (this.#take("b")) return { kind: "assert", what: "wordEdge" };
    if (this.#take("B")) return { kind: "assert", what: "noWordEdge" };
    return this.#set(this.#escape());
  }

  /** After the backslash. */
  #escape(): CharSet {
    const start = this.#at - 1;
    const hex = this.#match(/x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})/y);
    if (hex !== undefined) return single(Number.parseInt(hex[1] ?? hex[2] ?? "", 16));
    if (this.#at >= this.#source.length) throw new RegexError("\\ at the end", start);
    const char = this.#next();
    const set = CLASSES[char];
    if (set !== undefined) return set;
    const control = CONTROLS[char];
    if (control !== undefined) return single(control);
    if (char === "0" && !/\d/.test(this.#peek())) return single(0);
    if (/\d/.test(char)) throw new RegexError("references back are not supported", start);
    if (/[a-zA-Z]/.test(char)) throw new RegexError(`the escape \\${char} is not supported`, start);
    return single(char.charCodeAt(0));
  }

  #bracket(start: number): CharSet {
    const negated = this.#take("^");
    const sets: CharSet[] = [];
    while (!this.#take("]")) {
      if (this.#at >= this.#source.length) throw new RegexError("unterminated [", start);
      sets.push(this.#member());
    }
    const set = union(sets);
    const wide = this.#flags.ignoreCase ? ignoringCase(set) : set;
    return negated ? negate(wide) : wide;
  }

  #member(): CharSet {
    const from = this.#classAtom();
    if (this.#peek() !== "-" || "]".includes(this.#source[this.#at + 1] ?? "]")) return from;
    this.#at++;
    const to = this.#classAtom();
    const [low, high] = [codeOf(from), codeOf(to)];
    // A class such as \w beside a hyphen makes it an ordinary character.
    if (low === undefined || high === undefined) return union([from, single(45), to]);
    if (high < low) throw this.#error("range out of order in a character class");
    return [low, high];
  }

  #classAtom(): CharSet {
    const char = this.#next();
    if (char !== "\\") return single(char.charCodeAt(0));
    return this.#take("b") ? single(8) : this.#escape();
  }

  #set(set: CharSet): RegexNode {
    return { kind: "set", set: this.#flags.ignoreCase ? ignoringCase(set) : set };
  }

  #group(start: number): RegexNode {
    const outer = this.#flags;
    const flags = this.#match(/\?([ims]*):/y);
    const name = flags === undefined ? this.#match(/\?P?<([A-Za-z_][A-Za-z0-9_]*)>/y) : undefined;
    if (flags === undefined && name === undefined && this.#peek() === "?") {
      throw new RegexError("look-around and other (? groups are not supported", start);
    }
    const index = flags === undefined ? this.#open(name?.[1], start) : undefined;
    this.#flags = withFlags(outer, flags?.[1] ?? "");
    const part = this.#choice();
    this.#flags = outer;
    if (!this.#take(")")) throw new RegexError("unterminated (", start);
    return index === undefined ? part : { kind: "group", part, index };
  }

  #open(name: string | undefined, start: number): number {
    if (this.#groups.length >= GROUPS_MAX) throw new RegexError(`more than ${GROUPS_MAX} groups`, start);
    if (name !== undefined && this.#groups.includes(name)) throw new RegexError(`a second group ${name}`, start);
    return this.#groups.push(name);
  }

  #peek(): string {
    return this.#source[this.#at] ?? "";
  }

  #next(): string {
    return this.#source[this.#at++] ?? "";
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }

  #match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#source) ?? undefined;
    this.#at += found?.[0].length ?? 0;
    return found;
  }

  #error(message: string): RegexError {
    return new RegexError(message, this.#at);
  }
}

function codeOf(set: CharSet): number | undefined {
  return set.length === 2 && set[0] === set[1] ? set[0] : undefined;
}

function withFlags(flags: RegexFlags, letters: string): RegexFlags {
  return {
    ignoreCase: flags.ignoreCase || letters.includes("i"),
    multiline: flags.multiline || letters.includes("m"),
    dotAll: flags.dotAll || letters.includes("s"),
  };
}
