/**
 * What a field needs, in terms of the elements of arrays in which its values lie (as `Leaf.elements`): `present` needs
 * one of them, `absent` none of them.
 */
export interface Need {
  readonly kind: "present" | "absent";
  /** Place of the field in the alphabet of its pattern's paths. */
  readonly order: number;
  readonly elements: readonly (readonly number[])[];
}

/** Choices between several ways to the same path; only events made for the purpose have more than a few. */
const CHOICES_MAX = 1000;
/** In place of an array's number: the value lies in no further array. */
const FREE = -1;

/**
 * Whether one element can be chosen in every array so that all needs are met: two keys under the same array are
 * satisfied by the same element or not at all. A field that must be absent is judged in the elements that fields before
 * it have chosen, and where they chose none, in all.
 *
 * Arrays that no field shares do not depend on each other, so each is decided alone, and within an element the arrays
 * inside it: the work grows with the number of values, not with their combinations.
 */
export function meetsInSameElements(needs: readonly Need[]): boolean {
  return meets(needs, 0, { left: CHOICES_MAX });
}

function meets(needs: readonly Need[], depth: number, choices: { left: number }): boolean {
  const groups = new Map<number, Need[]>();
  for (const [index, need] of needs.entries()) {
    const byArray = Map.groupBy(need.elements, (elements) => elements[depth] ?? FREE);
    if (need.kind === "present") {
      if (byArray.size === 0) return false;
      if (byArray.size > 1) return meetsByOneOf(needs, index, [...byArray.values()], depth, choices);
    }
    for (const [array, elements] of byArray) {
      const group = groups.get(array) ?? [];
      group.push({ ...need, elements });
      groups.set(array, group);
    }
  }
  return groups.entries().every(([array, group]) => meetsInArray(array, group, depth, choices));
}

/** The field's values lie in different arrays, or some in none: tries one array after the other. */
function meetsByOneOf(
  needs: readonly Need[],
  index: number,
  ways: readonly (readonly (readonly number[])[])[],
  depth: number,
  choices: { left: number },
): boolean {
  return ways.some((elements) => {
    choices.left -= 1;
    if (choices.left < 0) return false;
    const chosen = needs.map((need, at) => (at === index ? { ...need, elements } : need));
    return meets(chosen, depth, choices);
  });
}

function meetsInArray(array: number, group: readonly Need[], depth: number, choices: { left: number }): boolean {
  const chosenFrom = Math.min(...group.filter(({ kind }) => kind === "present").map(({ order }) => order));
  if (group.some(({ kind, order }) => kind === "absent" && (array === FREE || order < chosenFrom))) return false;
  if (array === FREE) return true;
  const byIndex = group.map((need) => Map.groupBy(need.elements, (elements) => elements[depth + 1] ?? 0));
  const first = byIndex[group.findIndex(({ kind }) => kind === "present")] ?? new Map<number, never>();
  return first.keys().some((index) => {
    const within = group.map((need, at) => ({ ...need, elements: byIndex[at]?.get(index) ?? [] }));
    return meets(within, depth + 2, choices);
  });
}
