import { compileAny, type ValueTest } from "./compile-matcher.ts";
import type { PatternField, ValueMatcher } from "./event-pattern.ts";
import type { Leaf, Scalar } from "./leaves.ts";
import { placeOf } from "./lookup-table.ts";

/** Stands for one event: what is remembered with it holds for this event only. */
export type EventMark = object;

/** Of no event. */
export const NO_EVENT: EventMark = {};

/** The event that is being matched. */
export interface CurrentEvent {
  mark: EventMark;
  /** A value lies inside an array of objects: fields may have to be found in the same element. */
  structured: boolean;
  /** The asked fields that the event has, in no order; only the first `fieldCount` are of this event. */
  readonly fields: AskedField[];
  fieldCount: number;
}

/** A path that patterns ask about, and its values in the current event. */
export class AskedField {
  readonly path: string;
  readonly #event: CurrentEvent;
  readonly #elements: (readonly number[])[] = [];
  #seenIn = NO_EVENT;
  #structuredIn = NO_EVENT;
  /** The first `count` are of the current event, when `isPresent`. */
  readonly values: Scalar[] = [];
  count = 0;
  /** Conditions that look at it. */
  users = 0;

  constructor(path: string, event: CurrentEvent) {
    this.path = path;
    this.#event = event;
  }

  /** Called by the walk through the event. */
  take(value: Scalar, elements: readonly number[]): void {
    const event = this.#event;
    if (this.#seenIn !== event.mark) {
      this.#seenIn = event.mark;
      this.count = 0;
      event.fields[event.fieldCount] = this;
      event.fieldCount += 1;
    }
    if (elements.length > 0) {
      event.structured = true;
      this.#structuredIn = event.mark;
    }
    this.values[this.count] = value;
    this.#elements[this.count] = elements;
    this.count += 1;
  }

  isPresent(): boolean {
    return this.#seenIn === this.#event.mark;
  }

  /** Some of its values lie inside arrays of objects. */
  isStructured(): boolean {
    return this.#structuredIn === this.#event.mark;
  }

  leaves(): readonly Leaf[] {
    if (!this.isPresent()) return [];
    return this.values.slice(0, this.count).map((value, at) => ({ value, elements: this.#elements[at] ?? [] }));
  }
}

/** How many values a matcher stands for, in a field of which patterns name many; infinite: nearly all there are. */
const VALUES: Readonly<Record<ValueMatcher["kind"], number>> = {
  equals: 1,
  "equals-ignore-case": 2,
  prefix: 4,
  suffix: 4,
  wildcard: 16,
  cidr: 64,
  numeric: 64,
  exists: Number.POSITIVE_INFINITY,
  "anything-but": Number.POSITIVE_INFINITY,
};

/** What a pattern asks of one field; the same for all patterns that ask the same, decided once an event. */
export class Condition {
  readonly text: string;
  readonly field: AskedField;
  readonly matchers: readonly ValueMatcher[];
  readonly wantsAbsence: boolean;
  /** All its matchers are found by the value, without asking them. */
  readonly isLookedUp: boolean;
  /** It holds wherever its door opens. */
  readonly isDecidedByDoor: boolean;
  readonly #test: ValueTest;
  /** Alternatives that have it. */
  users = 0;
  checkedIn: EventMark = NO_EVENT;
  holds = false;

  constructor(text: string, field: AskedField, matchers: readonly ValueMatcher[]) {
    this.text = text;
    this.field = field;
    this.matchers = matchers;
    this.wantsAbsence = matchers.some((matcher) => matcher.kind === "exists" && !matcher.exists);
    const places = matchers.map(placeOf);
    this.isLookedUp = places.every((place) => place !== undefined);
    this.isDecidedByDoor = places.every((place) => place?.exact ?? true);
    this.#test = compileAny(matchers);
  }

  /**
   * How likely it holds, guessed from how much is asked about the field: where patterns ask for many different values
   * each is rare. Up to about 1 for every matcher.
   */
  get likelihood(): number {
    return this.matchers.reduce((sum, { kind }) => sum + Math.min(1, VALUES[kind] / this.field.users), 0);
  }

  /** Decides it for the current event. Absence where values lie in arrays of objects may hold: that is looked at later. */
  check(event: EventMark): boolean {
    this.checkedIn = event;
    this.holds = this.#decide();
    return this.holds;
  }

  #decide(): boolean {
    const { field } = this;
    if (!field.isPresent()) return this.wantsAbsence;
    if (this.wantsAbsence && field.isStructured()) return true;
    for (let at = 0; at < field.count; at += 1) if (this.#test(field.values[at] as Scalar)) return true;
    return false;
  }
}

/** Tells conditions apart. */
export function conditionText({ path, matchers }: PatternField): string {
  return JSON.stringify([path, matchers], (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}
