import { Captures } from "./captures.ts";
import { LazyAutomaton } from "./lazy-automaton.ts";
import { parseRegex, type RegexFlags, type RegexNode } from "./parse-regex.ts";
import { compileProgram } from "./program.ts";

/** A match: where it stands, and what its groups hold. */
export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  /** In order of their opening; undefined for those that took no part. */
  readonly groups: readonly (string | undefined)[];
}

/**
 * A regular expression of somebody we do not trust: time is linear in the text and in the expression, never more.
 * It agrees with JavaScript's on what it supports (`parseRegex` says what).
 */
export class LinearRegex {
  /** The names of its groups; undefined for those without. */
  readonly groupNames: readonly (string | undefined)[];
  readonly #captures: Captures;
  readonly #automaton: LazyAutomaton;
  /** The whole of it, when it is nothing but text. */
  readonly #literal: string | undefined;

  /** @throws {RegexError} when it is malformed, too large, or needs what takes more than linear time. */
  constructor(source: string, flags: Partial<RegexFlags> = {}) {
    const { node, groups } = parseRegex(source, flags);
    this.groupNames = groups;
    const steps = compileProgram(node);
    this.#captures = new Captures(steps);
    this.#automaton = new LazyAutomaton(steps);
    this.#literal = literalOf(node);
  }

  /** Whether it matches anywhere in the text. */
  test(text: string): boolean {
    return this.#literal === undefined ? this.#automaton.test(text) : text.includes(this.#literal);
  }

  /**
   * The first match at or after `from`.
   * @throws {RegexError} as `Captures.find`.
   */
  find(text: string, from = 0): RegexMatch | undefined {
    if (from === 0 && !this.test(text)) return undefined;
    const slots = this.#captures.find(text, from);
    if (slots === undefined) return undefined;
    const [start = 0, end = 0] = slots;
    return { start, end, groups: this.groupNames.map((_, index) => groupAt(text, slots, index + 1)) };
  }
}

function groupAt(text: string, slots: readonly (number | undefined)[], index: number): string | undefined {
  const start = slots[index * 2];
  const end = slots[index * 2 + 1];
  return start === undefined || end === undefined ? undefined : text.slice(start, end);
}

function literalOf(node: RegexNode): string | undefined {
  const parts = node.kind === "sequence" ? node.parts : [node];
  const codes = parts.map((part) =>
    part.kind === "set" && part.set.length === 2 && part.set[0] === part.set[1] ? part.set[0] : undefined,
  );
  return codes.every((code) => code !== undefined) ? String.fromCharCode(...codes) : undefined;
}
