import { addressTest } from "./address.ts";
import type { ValueMatcher } from "./event-pattern.ts";
import type { Scalar } from "./leaves.ts";
import { foldCase, matchesValue } from "./match-value.ts";

export type ValueTest = (value: Scalar) => boolean;

/** The same answer as `matchesValue`, with everything that depends on the matcher alone done beforehand. */
export function compileMatcher(matcher: ValueMatcher): ValueTest {
  switch (matcher.kind) {
    case "equals":
      return (value) => value === matcher.value;
    case "exists":
      return () => matcher.exists;
    case "anything-but": {
      const excluded = compileAny(matcher.none);
      return (value) => !excluded(value);
    }
    case "equals-ignore-case": {
      const wanted = foldCase(matcher.value);
      return (value) => typeof value === "string" && foldCase(value) === wanted;
    }
    case "prefix":
    case "suffix":
      return compileAffix(
        matcher.kind,
        matcher.ignoreCase ? foldCase(matcher.value) : matcher.value,
        matcher.ignoreCase,
      );
    case "cidr":
      return addressTest(matcher);
    case "numeric":
    case "wildcard":
      return (value) => matchesValue(matcher, value);
  }
}

/** Whether one of the matchers wants the value. */
export function compileAny(matchers: readonly ValueMatcher[]): ValueTest {
  const equal = new Set<Scalar>();
  const tests: ValueTest[] = [];
  for (const matcher of matchers) {
    if (matcher.kind === "equals") equal.add(matcher.value);
    else tests.push(compileMatcher(matcher));
  }
  const [only] = tests;
  if (only === undefined) return (value) => equal.has(value);
  if (tests.length === 1 && equal.size === 0) return only;
  return (value) => {
    if (equal.has(value)) return true;
    for (const test of tests) if (test(value)) return true;
    return false;
  };
}

function compileAffix(kind: "prefix" | "suffix", wanted: string, ignoreCase: boolean): ValueTest {
  const holds = kind === "prefix" ? startsWith : endsWith;
  if (!ignoreCase) return (value) => typeof value === "string" && holds(value, wanted);
  return (value) => typeof value === "string" && holds(foldCase(value), wanted);
}

function startsWith(value: string, wanted: string): boolean {
  return value.startsWith(wanted);
}

function endsWith(value: string, wanted: string): boolean {
  return value.endsWith(wanted);
}
