import { parseComparison } from "./comparison.ts";
import { parseExpression, type Test } from "./expression.ts";
import { invalidPattern } from "./refusals.ts";
import { Scanner } from "./scanner.ts";
import { isScalar, parseSelector, type Selector, select } from "./selector.ts";

/** Selectors with a wildcard that one pattern may have. */
const WILDCARDS_MAX = 3;

/** `{ $.userIdentity.type = "Root" && $.eventType != "AwsServiceEvent" }` */
export interface JsonFilter {
  readonly kind: "json";
  readonly test: Test<unknown>;
  /** Each place that the conditions ask about, once. */
  readonly selectors: readonly Selector[];
}

const IS: Readonly<Record<string, (value: unknown) => boolean>> = {
  NULL: (value) => value === null,
  TRUE: (value) => value === true,
  FALSE: (value) => value === false,
};

/** @throws {Refusal} `InvalidParameterException` */
export function parseJsonFilter(text: string): JsonFilter {
  const scanner = new Scanner(text);
  const selectors = new Map<string, Selector>();
  let wildcards = 0;
  scanner.expect("{");
  const test = parseExpression(scanner, () => {
    const selector = parseSelector(scanner);
    if (selector.wild) wildcards++;
    if (wildcards > WILDCARDS_MAX) throw invalidPattern(`more than ${WILDCARDS_MAX} of its selectors have a wildcard`);
    selectors.set(selector.text, selector);
    return parseCondition(scanner, selector);
  });
  scanner.expect("}");
  if (!scanner.ended) throw scanner.refusal();
  return { kind: "json", test, selectors: [...selectors.values()] };
}

function parseCondition(scanner: Scanner, selector: Selector): Test<unknown> {
  if (scanner.match(/NOT\s+EXISTS\b/y) !== undefined) return (event) => select(selector, event).length === 0;
  const is = scanner.match(/IS\s+(?:NULL|TRUE|FALSE)\b/y);
  const constant = IS[is?.replace(/IS\s+/, "") ?? ""];
  if (constant !== undefined) return (event) => select(selector, event).some(constant);
  const compare = parseComparison(scanner);
  if (compare === undefined) throw scanner.refusal();
  // A condition holds of a value that is there: `!=` does not match where the field is absent, or a list or an object.
  return (event) => select(selector, event).some((value) => isScalar(value) && compare(value));
}
