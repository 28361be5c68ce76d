import { AskedField, Condition, conditionText, type CurrentEvent, type EventMark, NO_EVENT } from "./conditions.ts";
import { Doors } from "./doors.ts";
import type { EventPattern, JsonObject, PatternAlternative } from "./event-pattern.ts";
import { matchesFields } from "./match-event.ts";
import { PathTree } from "./path-tree.ts";

interface Entry<Key> {
  readonly key: Key;
  alternatives: readonly Alternative<Key>[];
  matchedIn: EventMark;
}

/** One alternative of a pattern. It is tried only for events in which its door's field has a value the door wants. */
interface Alternative<Key> {
  readonly entry: Entry<Key>;
  readonly alternative: PatternAlternative;
  /** One for every field, the ones that are guessed to fail most often first. */
  readonly conditions: readonly Condition[];
  /** Without one it is tried for every event. */
  door: Condition | undefined;
  /** What the door leaves to be decided. */
  others: readonly Condition[];
  triedIn: EventMark;
  /** How often it was tried for nothing since it got its door, and how often is too often. */
  vain: number;
  patience: number;
}

/** A field, with the doors that its values open. */
class DoorField<Key> extends AskedField {
  readonly doors = new Doors<Alternative<Key>>();
}

/** Vain tries before an alternative gets another door; twice as many every time. */
const PATIENCE = 16;

/**
 * Many patterns, asked at once. An event is walked once, along the paths that patterns ask about. Every alternative
 * stands behind one of its fields, the one where the fewest others want the same values, and is looked at only when
 * that field has such a value; what its other fields want is decided once an event, however many patterns want it. Which
 * values are rare is a guess at first: an alternative that is tried in vain too often moves behind the field that failed.
 */
export class PatternIndex<Key> {
  readonly #entries = new Map<Key, Entry<Key>>();
  readonly #conditions = new Map<string, Condition>();
  readonly #fields = new Map<string, DoorField<Key>>();
  readonly #tree = new PathTree<DoorField<Key>>();
  readonly #doorless: Alternative<Key>[] = [];
  readonly #event: CurrentEvent & { readonly fields: AskedField[] } = {
    mark: NO_EVENT,
    structured: false,
    fields: [],
    fieldCount: 0,
  };
  #found: Key[] = [];
  #misplaced: (readonly [alternative: Alternative<Key>, better: Condition])[] = [];
  readonly #tryAll = (alternatives: readonly Alternative<Key>[]): void => this.#tryThese(alternatives);

  get size(): number {
    return this.#entries.size;
  }

  /** Adds the pattern, or puts it in place of the one that had this key. */
  set(key: Key, pattern: EventPattern): void {
    this.delete(key);
    const entry: Entry<Key> = { key, alternatives: [], matchedIn: NO_EVENT };
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
    current.mark = {};
    current.structured = false;
    current.fieldCount = 0;
    this.#found = [];
    this.#tree.walk(event);
    this.#tryThese(this.#doorless);
    for (let at = 0; at < current.fieldCount; at += 1) {
      const field = current.fields[at] as DoorField<Key>;
      field.doors.openAll(field.values, field.count, this.#tryAll);
    }
    if (this.#misplaced.length > 0) this.#moveMisplaced();
    return this.#found;
  }

  #tryThese(alternatives: readonly Alternative<Key>[]): void {
    const { mark, structured } = this.#event;
    for (const tried of alternatives) {
      if (tried.triedIn === mark || tried.entry.matchedIn === mark) continue;
      tried.triedIn = mark;
      const failed = firstToFail(tried.others, mark);
      if (failed !== undefined) {
        tried.vain += 1;
        if (tried.vain >= tried.patience) this.#misplaced.push([tried, failed]);
      } else if (!structured || this.#holdsInSameElements(tried)) {
        tried.entry.matchedIn = mark;
        this.#found.push(tried.entry.key);
      }
    }
  }

  #moveMisplaced(): void {
    for (const [alternative, better] of this.#misplaced) {
      alternative.patience *= 2;
      alternative.vain = 0;
      if (!better.isLookedUp || better === alternative.door) continue;
      this.#leave(alternative);
      this.#enter(alternative, better);
    }
    this.#misplaced = [];
  }

  #holdsInSameElements({ alternative, conditions }: Alternative<Key>): boolean {
    if (!conditions.some(({ field }) => field.isStructured())) return true;
    return matchesFields(alternative.fields, new Map(conditions.map(({ field }) => [field.path, field.leaves()])));
  }

  #add(entry: Entry<Key>, alternative: PatternAlternative): Alternative<Key> {
    const conditions = alternative.fields
      .map((field) => this.#use(conditionText(field), field))
      .map((condition) => ({ condition, likelihood: condition.likelihood }))
      .sort((a, b) => a.likelihood - b.likelihood)
      .map(({ condition }) => condition);
    const memory = { triedIn: NO_EVENT, vain: 0, patience: PATIENCE };
    const added: Alternative<Key> = { entry, alternative, conditions, door: undefined, others: conditions, ...memory };
    const door = conditions.find(({ wantsAbsence }) => !wantsAbsence);
    this.#enter(added, door);
    return added;
  }

  #remove(removed: Alternative<Key>): void {
    this.#leave(removed);
    for (const condition of removed.conditions) this.#release(condition);
  }

  #enter(alternative: Alternative<Key>, door: Condition | undefined): void {
    alternative.door = door;
    alternative.others = alternative.conditions.filter((condition) => condition !== door || !condition.isDecidedByDoor);
    if (door === undefined) this.#doorless.push(alternative);
    else this.#doorsOf(door).add(door.matchers, alternative);
  }

  #leave(alternative: Alternative<Key>): void {
    const { door } = alternative;
    if (door === undefined) this.#doorless.splice(this.#doorless.indexOf(alternative), 1);
    else this.#doorsOf(door).delete(door.matchers, alternative);
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
}

function firstToFail(conditions: readonly Condition[], event: EventMark): Condition | undefined {
  for (const condition of conditions) {
    if (condition.checkedIn === event ? !condition.holds : !condition.check(event)) return condition;
  }
  return undefined;
}
