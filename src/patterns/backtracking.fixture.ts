import type { EventPattern, Json, JsonObject, PatternField } from "./event-pattern.ts";
import { matchesValue } from "./match-value.ts";

interface Found {
  readonly path: string;
  readonly value: string | number | boolean | null;
  readonly elements: ReadonlyMap<number, number>;
}

/**
 * A third evaluator, for small events: lists all leaves and tries every way to satisfy one field after the other, in
 * the order of their paths, as long as no array has had to be entered at two elements.
 */
export function matchesByTrying(pattern: EventPattern, event: JsonObject): boolean {
  const leaves: Found[] = [];
  list(event, [], new Map(), leaves, { arrays: 0 });
  return pattern.alternatives.some(({ fields }) => tryFields(fields, new Map(), leaves));
}

function list(
  value: Json,
  keys: readonly string[],
  elements: ReadonlyMap<number, number>,
  leaves: Found[],
  counter: { arrays: number },
): void {
  if (Array.isArray(value)) {
    const array = counter.arrays++;
    value.forEach((element: Json, index) => {
      const inside = typeof element === "object" && element !== null;
      list(element, keys, inside ? new Map([...elements, [array, index]]) : elements, leaves, counter);
    });
  } else if (typeof value === "object" && value !== null) {
    for (const [key, child] of Object.entries(value)) list(child as Json, [...keys, key], elements, leaves, counter);
  } else {
    leaves.push({ path: keys.join("."), value: value as Found["value"], elements });
  }
}

function tryFields(
  fields: readonly PatternField[],
  chosen: ReadonlyMap<number, number>,
  leaves: readonly Found[],
): boolean {
  const [field, ...others] = fields;
  if (field === undefined) return true;
  const there = leaves.filter(
    ({ path, elements }) =>
      path === field.path && [...elements].every(([array, index]) => (chosen.get(array) ?? index) === index),
  );
  const wantsAbsence = field.matchers.some((matcher) => matcher.kind === "exists" && !matcher.exists);
  if (wantsAbsence && there.length === 0 && tryFields(others, chosen, leaves)) return true;
  return there.some(
    ({ value, elements }) =>
      field.matchers.some((matcher) => matchesValue(matcher, value)) &&
      tryFields(others, new Map([...chosen, ...elements]), leaves),
  );
}
