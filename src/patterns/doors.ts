import { compileMatcher, type ValueTest } from "./compile-matcher.ts";
import { conditionText } from "./conditions.ts";
import type { ValueMatcher } from "./event-pattern.ts";
import type { Scalar } from "./leaves.ts";

interface Tested<Item> {
  readonly test: ValueTest;
  readonly items: Item[];
}

/** How much likelier a value is to be wanted by such a matcher than by one that wants a single value. */
const OPENNESS: Readonly<Record<ValueMatcher["kind"], number>> = {
  equals: 1,
  "equals-ignore-case": 8,
  prefix: 8,
  suffix: 8,
  cidr: 8,
  wildcard: 16,
  numeric: 16,
  exists: 1000,
  "anything-but": 1000,
};

/**
 * Of one field: what is to be tried when the field has a certain value. A value that a matcher names is looked up, the
 * other matchers are asked one after the other.
 */
export class Doors<Item> {
  readonly #equal = new Map<Scalar, Item[]>();
  readonly #tested = new Map<string, Tested<Item>>();
  /** The values of `#tested`: iterating a map is slower. */
  #tests: Tested<Item>[] = [];

  get isEmpty(): boolean {
    return this.#equal.size === 0 && this.#tests.length === 0;
  }

  /** What it would cost every event to have one more item behind these matchers; small is good. */
  costOf(matchers: readonly ValueMatcher[]): number {
    let cost = 0;
    for (const matcher of matchers) {
      const others =
        matcher.kind === "equals"
          ? this.#equal.get(matcher.value)?.length
          : this.#tested.get(textOf(matcher))?.items.length;
      cost += OPENNESS[matcher.kind] * (1 + (others ?? 0));
    }
    return cost;
  }

  add(matchers: readonly ValueMatcher[], item: Item): void {
    for (const matcher of matchers) this.#itemsOf(matcher).push(item);
  }

  delete(matchers: readonly ValueMatcher[], item: Item): void {
    for (const matcher of matchers) {
      const items = this.#itemsOf(matcher);
      items.splice(items.indexOf(item), 1);
      if (items.length > 0) continue;
      if (matcher.kind === "equals") {
        this.#equal.delete(matcher.value);
      } else {
        this.#tested.delete(textOf(matcher));
        this.#tests = [...this.#tested.values()];
      }
    }
  }

  /** Calls `open` with every item behind a matcher that wants the value; with some more than once. */
  openAll(value: Scalar, open: (item: Item) => void): void {
    const equal = this.#equal.get(value);
    if (equal !== undefined) for (const item of equal) open(item);
    for (const { test, items } of this.#tests) {
      if (test(value)) for (const item of items) open(item);
    }
  }

  #itemsOf(matcher: ValueMatcher): Item[] {
    if (matcher.kind === "equals") {
      const items = this.#equal.get(matcher.value) ?? [];
      this.#equal.set(matcher.value, items);
      return items;
    }
    const text = textOf(matcher);
    const tested = this.#tested.get(text) ?? { test: compileMatcher(matcher), items: [] };
    if (!this.#tested.has(text)) {
      this.#tested.set(text, tested);
      this.#tests.push(tested);
    }
    return tested.items;
  }
}

function textOf(matcher: ValueMatcher): string {
  return conditionText({ path: "", matchers: [matcher] });
}
