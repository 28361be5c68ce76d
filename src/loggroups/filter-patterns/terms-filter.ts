import type { LinearRegex } from "../regex/index.ts";
import { invalidPattern, Scanner } from "./scanner.ts";

/** `ERROR -Exiting "out of memory"`, `?ERROR ?WARN`, `%regex%`, or nothing at all. */
export interface TermsFilter {
  readonly kind: "terms";
  readonly all: readonly string[];
  readonly none: readonly string[];
  /** One of these must be there; empty beside other terms, where they mean nothing. */
  readonly any: readonly string[];
  readonly regex?: LinearRegex;
}

/** @throws {Refusal} `InvalidParameterException` for a term that needs quotation marks. */
export function parseTermsFilter(text: string): TermsFilter {
  const scanner = new Scanner(text);
  const regex = scanner.regex();
  if (regex !== undefined) {
    if (!scanner.ended) throw invalidPattern();
    return { kind: "terms", all: [], none: [], any: [], regex };
  }
  const terms: Record<"" | "-" | "?", string[]> = { "": [], "-": [], "?": [] };
  while (!scanner.ended) {
    const sign = scanner.take("-") ? "-" : scanner.take("?") ? "?" : "";
    terms[sign].push(parseTerm(scanner, sign));
  }
  const alone = terms[""].length === 0 && terms["-"].length === 0;
  return { kind: "terms", all: terms[""], none: terms["-"], any: alone ? terms["?"] : [] };
}

function parseTerm(scanner: Scanner, sign: string): string {
  const start = scanner.offset;
  const quoted = scanner.matchHere(/(?=")/y) === undefined ? undefined : scanner.quoted();
  const term = quoted ?? scanner.matchHere(/[\p{L}\p{N}_]+/uy);
  const more = scanner.matchHere(/\S+/y);
  if (term && more === undefined) return term;
  const written = `${sign}${scanner.text.slice(start, scanner.offset)}`;
  throw invalidPattern(`Invalid filter pattern: Invalid character(s) in term '${written}'`);
}

export function matchTerms(filter: TermsFilter, text: string): boolean {
  return (
    filter.all.every((term) => text.includes(term)) &&
    !filter.none.some((term) => text.includes(term)) &&
    (filter.any.length === 0 || filter.any.some((term) => text.includes(term))) &&
    (filter.regex?.test(text) ?? true)
  );
}
