import { compileMatcher, type ValueTest } from "./compile-matcher.ts";
import { conditionText } from "./conditions.ts";
import type { ValueMatcher } from "./event-pattern.ts";
import type { Scalar } from "./leaves.ts";
import { type LookupKind, type LookupPlace, LookupTable, placeOf } from "./lookup-table.ts";

interface Asked<Item> {
  readonly test: ValueTest;
  readonly items: Item[];
}

/**
 * Of one field: what is to be tried when the field has a certain value. Where a matcher says how its values look they
 * are looked up; the other matchers are asked one after the other.
 */
export class Doors<Item> {
  readonly #tables = new Map<LookupKind, LookupTable<Item>>();
  readonly #asked = new Map<string, Asked<Item>>();
  /** The values of the two: iterating maps is slower. */
  #tableList: readonly LookupTable<Item>[] = [];
  #askedList: readonly Asked<Item>[] = [];

  add(matchers: readonly ValueMatcher[], item: Item): void {
    for (const matcher of matchers) {
      const place = placeOf(matcher);
      if (place === undefined) this.#addAsked(matcher, item);
      else this.#addLookup(place, item);
    }
  }

  delete(matchers: readonly ValueMatcher[], item: Item): void {
    for (const matcher of matchers) {
      const place = placeOf(matcher);
      if (place === undefined) this.#deleteAsked(textOf(matcher), item);
      else this.#deleteLookup(place, item);
    }
  }

  /** Calls `open` with the items behind every matcher that wants one of the first `count` values. */
  openAll(values: readonly Scalar[], count: number, open: (items: readonly Item[]) => void): void {
    for (let at = 0; at < count; at += 1) {
      for (const table of this.#tableList) table.find(values[at] as Scalar, open);
    }
    for (const { test, items } of this.#askedList) if (wantsAny(test, values, count)) open(items);
  }

  #addLookup({ kind, text }: LookupPlace, item: Item): void {
    let table = this.#tables.get(kind);
    if (table === undefined) {
      table = new LookupTable(kind);
      this.#tables.set(kind, table);
      this.#tableList = [...this.#tables.values()];
    }
    table.add(text, item);
  }

  #deleteLookup({ kind, text }: LookupPlace, item: Item): void {
    const table = this.#tables.get(kind);
    table?.delete(text, item);
    if (table?.size !== 0) return;
    this.#tables.delete(kind);
    this.#tableList = [...this.#tables.values()];
  }

  #addAsked(matcher: ValueMatcher, item: Item): void {
    const text = textOf(matcher);
    const asked = this.#asked.get(text);
    if (asked !== undefined) {
      asked.items.push(item);
      return;
    }
    this.#asked.set(text, { test: compileMatcher(matcher), items: [item] });
    this.#askedList = [...this.#asked.values()];
  }

  #deleteAsked(text: string, item: Item): void {
    const items = this.#asked.get(text)?.items ?? [];
    items.splice(items.indexOf(item), 1);
    if (items.length > 0) return;
    this.#asked.delete(text);
    this.#askedList = [...this.#asked.values()];
  }
}

/** Asks no further than it must: events may have many thousands of values, and indexes as many matchers. */
function wantsAny(test: ValueTest, values: readonly Scalar[], count: number): boolean {
  for (let at = 0; at < count; at += 1) if (test(values[at] as Scalar)) return true;
  return false;
}

function textOf(matcher: ValueMatcher): string {
  return conditionText({ path: "", matchers: [matcher] });
}
