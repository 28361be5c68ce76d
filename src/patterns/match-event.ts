import type { EventPattern, JsonObject, PatternField } from "./event-pattern.ts";
import { type Leaf, leavesOf } from "./leaves.ts";
import { matchesValue } from "./match-value.ts";
import { meetsInSameElements, type Need } from "./same-elements.ts";

/**
 * Whether the event is one of those the pattern describes: every field of one alternative has a value that one of the
 * field's matchers wants, or has none where `exists: false` asks for that, and fields below the same array find theirs
 * in the same element.
 */
export function matchesPattern(pattern: EventPattern, event: JsonObject): boolean {
  return pattern.alternatives.some(({ fields }) => {
    const paths = fields.map(({ path }) => path);
    return matchesFields(fields, leavesOf(event, paths));
  });
}

/** Whether all fields, in the order of their paths, are satisfied by these leaves. */
export function matchesFields(fields: readonly PatternField[], leaves: ReadonlyMap<string, readonly Leaf[]>): boolean {
  const ways = fields.map((field, order) => waysToSatisfy(field, order, leaves.get(field.path) ?? []));
  if (ways.some((needs) => needs.length === 0)) return false;
  return combinations(ways).some(meetsInSameElements);
}

/** What satisfies the field: a value, its absence, or either. Nothing: it cannot be satisfied. */
function waysToSatisfy(field: PatternField, order: number, leaves: readonly Leaf[]): readonly Need[] {
  const needs: Need[] = [];
  const wanted = leaves.filter(({ value }) => field.matchers.some((matcher) => matchesValue(matcher, value)));
  if (wanted.length > 0) needs.push({ kind: "present", order, elements: wanted.map(({ elements }) => elements) });
  if (field.matchers.some((matcher) => matcher.kind === "exists" && !matcher.exists)) {
    const absent: Need = { kind: "absent", order, elements: leaves.map(({ elements }) => elements) };
    // Absence where there is nothing needs no second way.
    if (leaves.length === 0) return [absent];
    if (leaves.every(({ elements }) => elements.length > 0)) needs.push(absent);
  }
  return needs;
}

/** Ways that `exists: false` beside other values may branch into. */
const COMBINATIONS_MAX = 1024;

function combinations(ways: readonly (readonly Need[])[]): readonly (readonly Need[])[] {
  let all: readonly (readonly Need[])[] = [[]];
  for (const needs of ways) {
    const choices = all.length * needs.length > COMBINATIONS_MAX ? needs.slice(0, 1) : needs;
    all = all.flatMap((chosen) => choices.map((need) => [...chosen, need]));
  }
  return all;
}
