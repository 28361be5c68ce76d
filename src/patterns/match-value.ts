import { isInRange } from "./address.ts";
import type { NumericBound, ValueMatcher } from "./event-pattern.ts";
import type { Scalar } from "./leaves.ts";
import { matchesWildcard } from "./wildcard.ts";

/** Whether a value that is there is what the matcher wants. `exists: false` wants none of them. */
export function matchesValue(matcher: ValueMatcher, value: Scalar): boolean {
  switch (matcher.kind) {
    case "equals":
      return value === matcher.value;
    case "exists":
      return matcher.exists;
    case "anything-but":
      return !matcher.none.some((excluded) => matchesValue(excluded, value));
    case "numeric":
      return typeof value === "number" && isAbove(matcher.low, value) && isBelow(matcher.high, value);
    case "equals-ignore-case":
    case "prefix":
    case "suffix":
    case "wildcard":
    case "cidr":
      return typeof value === "string" && matchesText(matcher, value);
  }
}

/** What case is when it does not count. */
export function foldCase(text: string): string {
  return text.toLowerCase();
}

type TextMatcher = Extract<
  ValueMatcher,
  { readonly kind: "equals-ignore-case" | "prefix" | "suffix" | "wildcard" | "cidr" }
>;

function matchesText(matcher: TextMatcher, text: string): boolean {
  switch (matcher.kind) {
    case "equals-ignore-case":
      return foldCase(text) === foldCase(matcher.value);
    case "prefix":
      return matcher.ignoreCase ? foldCase(text).startsWith(foldCase(matcher.value)) : text.startsWith(matcher.value);
    case "suffix":
      return matcher.ignoreCase ? foldCase(text).endsWith(foldCase(matcher.value)) : text.endsWith(matcher.value);
    case "wildcard":
      return matchesWildcard(matcher.parts, text);
    case "cidr":
      return isInRange(matcher, text);
  }
}

function isAbove(bound: NumericBound | undefined, value: number): boolean {
  return bound === undefined || value > bound.value || (bound.inclusive && value === bound.value);
}

function isBelow(bound: NumericBound | undefined, value: number): boolean {
  return bound === undefined || value < bound.value || (bound.inclusive && value === bound.value);
}
