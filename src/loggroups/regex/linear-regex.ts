import { RE2JS } from "re2js";
import { reason } from "../../core/index.ts";

/** How an expression is read, as JavaScript's flags of these names. */
export interface RegexFlags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
}

/** What is no regular expression, or one that cannot be matched in linear time. */
export class RegexError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RegexError";
  }
}

/** A match: where it stands, and what its groups hold. */
export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  /** In order of their opening; undefined for those that took no part. */
  readonly groups: readonly (string | undefined)[];
}

/** Longer ones are no expression that a person wrote. */
const SOURCE_CHARACTERS_MAX = 4_096;

/** Steps of the compiled expression: what repeats what repeats grows without bound. */
const PROGRAM_STEPS_MAX = 500;

/**
 * A regular expression of somebody we do not trust, in RE2's language: time is linear in the text, never more. What needs
 * more, such as a reference to a group, is refused.
 * @see https://github.com/google/re2/wiki/Syntax
 */
export class LinearRegex {
  /** The names of its groups; undefined for those without. */
  readonly groupNames: readonly (string | undefined)[];
  /** A text of n characters takes time in proportion to n times this, at worst. */
  readonly steps: number;
  readonly #compiled: RE2JS;

  /** @throws {RegexError} when it is malformed, too large, or needs what takes more than linear time. */
  constructor(source: string, flags: Partial<RegexFlags> = {}) {
    this.#compiled = compile(source, flags);
    this.steps = this.#compiled.programSize();
    const names = new Map(Object.entries(this.#compiled.namedGroups()).map(([name, index]) => [index, name]));
    this.groupNames = Array.from({ length: this.#compiled.groupCount() }, (_, index) => names.get(index + 1));
  }

  /** Whether it matches anywhere in the text. */
  test(text: string): boolean {
    return this.#compiled.test(text);
  }

  /** The first match at or after `from`. */
  find(text: string, from = 0): RegexMatch | undefined {
    const matcher = this.#compiled.matcher(text);
    if (!matcher.find(from)) return undefined;
    return {
      start: matcher.start(),
      end: matcher.end(),
      groups: this.groupNames.map((_, index) => matcher.group(index + 1) ?? undefined),
    };
  }
}

function compile(
  source: string,
  { ignoreCase = false, multiline = false, dotAll = false }: Partial<RegexFlags>,
): RE2JS {
  if (source.length > SOURCE_CHARACTERS_MAX) throw new RegexError("the regular expression is too long");
  const flags =
    (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (multiline ? RE2JS.MULTILINE : 0) | (dotAll ? RE2JS.DOTALL : 0);
  try {
    const compiled = RE2JS.compile(source, flags);
    if (compiled.programSize() > PROGRAM_STEPS_MAX) throw new RegexError("the regular expression is too large");
    return compiled;
  } catch (thrown) {
    throw thrown instanceof RegexError ? thrown : new RegexError(reason(thrown));
  }
}
