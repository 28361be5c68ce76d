import { invalidTerm } from "./refusals.ts";
import { Scanner } from "./scanner.ts";

/** `ERROR -Exiting "out of memory"`, `?ERROR ?WARN`, `%regex%`, or nothing at all. */
export interface TermsFilter {
  readonly kind: "terms";
  readonly all: readonly string[];
  readonly none: readonly string[];
  /** One of these must be there; empty beside other terms, where they mean nothing. */
  readonly any: readonly string[];
  readonly regex?: (text: string) => boolean;
}

/** @throws {Refusal} `InvalidParameterException` for a term that needs quotation marks. */
export function parseTermsFilter(text: string): TermsFilter {
  const scanner = new Scanner(text);
  const regex = scanner.regex();
  if (regex !== undefined) {
    if (!scanner.ended) throw scanner.refusal();
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
  const quoted = scanner.matchHere(/(?=")/y) === undefined ? undefined : scanner.quoted();
  const term = quoted ?? scanner.matchHere(/[\p{L}\p{N}_]+/uy);
  const wrong = scanner.matchHere(/\S/uy);
  if (wrong !== undefined) throw invalidTerm(wrong);
  if (!term) throw invalidTerm(quoted === undefined ? sign : '""');
  return term;
}

export function matchTerms(filter: TermsFilter, text: string): boolean {
  return (
    filter.all.every((term) => text.includes(term)) &&
    !filter.none.some((term) => text.includes(term)) &&
    (filter.any.length === 0 || filter.any.some((term) => text.includes(term))) &&
    (filter.regex?.(text) ?? true)
  );
}
