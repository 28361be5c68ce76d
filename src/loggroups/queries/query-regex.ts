import { LinearRegex } from "../regex/index.ts";
import { QueryFailure } from "./query-error.ts";

/** Steps times characters: one or two seconds, in which the process does nothing else. */
const WORK_MAX = 50_000_000;

/** A regular expression of a query. It does not meet a text that is too long for it. */
export class QueryRegex {
  readonly groupNames: readonly (string | undefined)[];
  readonly #regex: LinearRegex;

  /** @throws {RegexError} */
  constructor(source: string) {
    this.#regex = new LinearRegex(source);
    this.groupNames = this.#regex.groupNames;
  }

  /** @throws {QueryFailure} */
  test(text: string): boolean {
    this.#check(text);
    return this.#regex.test(text);
  }

  /**
   * What the groups hold; undefined when it does not match.
   * @throws {QueryFailure}
   */
  find(text: string): readonly (string | undefined)[] | undefined {
    this.#check(text);
    return this.#regex.test(text) ? this.#regex.find(text)?.groups : undefined;
  }

  #check(text: string): void {
    const { steps } = this.#regex;
    if (steps * text.length <= WORK_MAX) return;
    throw new QueryFailure(
      `A regular expression of ${steps} steps is too much for a text of ${text.length} characters.`,
    );
  }
}
