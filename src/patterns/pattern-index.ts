import { AskedField, Condition, conditionText, type CurrentEvent } from "./conditions.ts";
import { Doors } from "./doors.ts";
import type { EventPattern, JsonObject, PatternAlternative } from "./event-pattern.ts";
import { matchesFields } from "./match-event.ts";
import { PathTree } from "./path-tree.ts";

interface Entry<Key> {
  readonly key: Key;
  alternatives: readonly Alternative<Key>[];
  matchedAt: number;
}

/** One alternative of a pattern. It is tried only for events in which its door's field has a value the door wants. */
interface Alternative<Key> {
  readonly entry: Entry<Key>;
  readonly alternative: PatternAlternative;
  /** Without one it is tried for every event. */
  readonly door: Condition | undefined;
  /** All but the door, the ones that fail most often first. */
  readonly others: readonly Condition[];
  triedAt: number;
}

/** A field, with the doors that its values open. */
class DoorField<Key> extends AskedField {
  readonly doors = new Doors<Alternative<Key>>();
}

/** Numbers of events begin anew before they stop being small integers, which are much faster. */
const EVENTS_MAX = 2 ** 30 - 2;

/**
 * Many patterns, asked at once. An event is walked once, along the paths that patterns ask about. Every alternative
 * stands behind one of its fields, the one where the fewest others want the same values, and is looked at only when
 * that field has such a value; what its other fields want is decided once an event, however many patterns want it.
 */
export class PatternIndex<Key> {
  readonly #entries = new Map<Key, Entry<Key>>();
  readonly #conditions = new Map<string, Condition>();
  readonly #fields = new Map<string, DoorField<Key>>();
  readonly #tree = new PathTree<DoorField<Key>>();
  readonly #doorless: Alternative<Key>[] = [];
  readonly #event: CurrentEvent & { readonly fields: AskedField[] } = {
    number: 0,
    structured: false,
    fields: [],
    fieldCount: 0,
  };
  #found: Key[] = [];
  readonly #try = (alternative: Alternative<Key>): void => this.#tryOne(alternative);

  get size(): number {
    return this.#entries.size;
  }

  /** Adds the pattern, or puts it in place of the one that had this key. */
  set(key: Key, pattern: EventPattern): void {
    this.delete(key);
    const entry: Entry<Key> = { key, alternatives: [], matchedAt: 0 };
    entry.alternatives = pattern.alternatives.map((alternative) => this.#add(entry, alternative));
    this.#entries.set(key, entry);
  }

  /** Whether there was one. */
  delete(key: Key): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    for (const alternative of entry.alternatives) this.#remove(alternative);
    return this.#entries.delete(key);
  }

  /** The keys whose patterns match, in no order. */
  match(event: JsonObject): Key[] {
    const current = this.#event;
    if (current.number === EVENTS_MAX) this.#forgetEvents();
    current.number += 1;
    current.structured = false;
    current.fieldCount = 0;
    this.#found = [];
    this.#tree.walk(event);
    for (const alternative of this.#doorless) this.#tryOne(alternative);
    for (let at = 0; at < current.fieldCount; at += 1) {
      const field = current.fields[at] as DoorField<Key>;
      if (field.doors.isEmpty) continue;
      for (let index = 0; index < field.count; index += 1) field.doors.openAll(field.values[index] ?? null, this.#try);
    }
    return this.#found;
  }

  #tryOne(tried: Alternative<Key>): void {
    const { number, structured } = this.#event;
    if (tried.triedAt === number || tried.entry.matchedAt === number) return;
    tried.triedAt = number;
    for (const condition of tried.others) {
      if (condition.checkedAt === number ? !condition.holds : !condition.check(number)) return;
    }
    if (structured && !this.#holdsInSameElements(tried)) return;
    tried.entry.matchedAt = number;
    this.#found.push(tried.entry.key);
  }

  #holdsInSameElements({ alternative, others, door }: Alternative<Key>): boolean {
    const conditions = door === undefined ? others : [door, ...others];
    if (!conditions.some(({ field }) => field.isStructured())) return true;
    return matchesFields(alternative.fields, new Map(conditions.map(({ field }) => [field.path, field.leaves()])));
  }

  #add(entry: Entry<Key>, alternative: PatternAlternative): Alternative<Key> {
    const conditions = alternative.fields.map((field) => this.#use(conditionText(field), field));
    const byCost = conditions
      .map((condition) => ({ condition, cost: this.#doorsOf(condition).costOf(condition.matchers) }))
      .sort((a, b) => a.cost - b.cost)
      .map(({ condition }) => condition);
    const door = byCost.find(({ wantsAbsence }) => !wantsAbsence);
    const others = byCost.filter((condition) => condition !== door);
    const added: Alternative<Key> = { entry, alternative, door, others, triedAt: 0 };
    if (door === undefined) this.#doorless.push(added);
    else this.#doorsOf(door).add(door.matchers, added);
    return added;
  }

  #remove(removed: Alternative<Key>): void {
    if (removed.door === undefined) this.#doorless.splice(this.#doorless.indexOf(removed), 1);
    else this.#doorsOf(removed.door).delete(removed.door.matchers, removed);
    for (const condition of [removed.door, ...removed.others]) if (condition !== undefined) this.#release(condition);
  }

  #doorsOf({ field }: Condition): Doors<Alternative<Key>> {
    return (field as DoorField<Key>).doors;
  }

  #use(text: string, { path, matchers }: PatternAlternative["fields"][number]): Condition {
    let condition = this.#conditions.get(text);
    if (condition === undefined) {
      condition = new Condition(text, this.#useField(path), matchers);
      this.#conditions.set(text, condition);
    }
    condition.users += 1;
    return condition;
  }

  #useField(path: string): DoorField<Key> {
    let field = this.#fields.get(path);
    if (field === undefined) {
      field = new DoorField(path, this.#event);
      this.#fields.set(path, field);
      this.#tree.set(path, field);
    }
    field.users += 1;
    return field;
  }

  #release(condition: Condition): void {
    condition.users -= 1;
    if (condition.users > 0) return;
    this.#conditions.delete(condition.text);
    condition.field.users -= 1;
    if (condition.field.users > 0) return;
    this.#fields.delete(condition.field.path);
    this.#tree.delete(condition.field.path);
  }

  #forgetEvents(): void {
    this.#event.number = 0;
    for (const field of this.#fields.values()) field.forgetEvents();
    for (const condition of this.#conditions.values()) condition.checkedAt = 0;
    for (const entry of this.#entries.values()) {
      entry.matchedAt = 0;
      for (const alternative of entry.alternatives) alternative.triedAt = 0;
    }
  }
}
