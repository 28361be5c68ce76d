import { LinearRegex } from "../regex/index.ts";
import type { Row } from "./row.ts";

/** A regular expression of a query. The row that it is asked for pays for it. */
export class QueryRegex {
  readonly groupNames: readonly (string | undefined)[];
  readonly #regex: LinearRegex;

  /** @throws {RegexError} */
  constructor(source: string) {
    this.#regex = new LinearRegex(source);
    this.groupNames = this.#regex.groupNames;
  }

  /** @throws {QueryFailure} when it is too much for the row. */
  test(text: string, row: Row): boolean {
    this.#pay(text, row);
    return this.#regex.test(text);
  }

  /**
   * What the groups hold; undefined when it does not match.
   * @throws {QueryFailure} when it is too much for the row.
   */
  find(text: string, row: Row): readonly (string | undefined)[] | undefined {
    this.#pay(text, row);
    return this.#regex.test(text) ? this.#regex.find(text)?.groups : undefined;
  }

  #pay(text: string, row: Row): void {
    row.spend(this.#regex.steps * text.length);
  }
}
