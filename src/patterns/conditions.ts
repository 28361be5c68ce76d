import { compileAny, type ValueTest } from "./compile-matcher.ts";
import type { PatternField, ValueMatcher } from "./event-pattern.ts";
import type { Leaf, Scalar } from "./leaves.ts";

/** The event that is being matched. What is remembered with its number holds for this event only. */
export interface CurrentEvent {
  number: number;
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
  #seenAt = 0;
  #structuredAt = 0;
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
    if (this.#seenAt !== event.number) {
      this.#seenAt = event.number;
      this.count = 0;
      event.fields[event.fieldCount] = this;
      event.fieldCount += 1;
    }
    if (elements.length > 0) {
      event.structured = true;
      this.#structuredAt = event.number;
    }
    this.values[this.count] = value;
    this.#elements[this.count] = elements;
    this.count += 1;
  }

  isPresent(): boolean {
    return this.#seenAt === this.#event.number;
  }

  /** Some of its values lie inside arrays of objects. */
  isStructured(): boolean {
    return this.#structuredAt === this.#event.number;
  }

  leaves(): readonly Leaf[] {
    if (!this.isPresent()) return [];
    return this.values.slice(0, this.count).map((value, at) => ({ value, elements: this.#elements[at] ?? [] }));
  }

  forgetEvents(): void {
    this.#seenAt = 0;
    this.#structuredAt = 0;
  }
}

/** What a pattern asks of one field; the same for all patterns that ask the same, decided once an event. */
export class Condition {
  readonly text: string;
  readonly field: AskedField;
  readonly matchers: readonly ValueMatcher[];
  readonly wantsAbsence: boolean;
  readonly #test: ValueTest;
  /** Alternatives that have it. */
  users = 0;
  checkedAt = 0;
  holds = false;

  constructor(text: string, field: AskedField, matchers: readonly ValueMatcher[]) {
    this.text = text;
    this.field = field;
    this.matchers = matchers;
    this.wantsAbsence = matchers.some((matcher) => matcher.kind === "exists" && !matcher.exists);
    this.#test = compileAny(matchers);
  }

  /** Decides it for the current event. Absence where values lie in arrays of objects may hold: that is looked at later. */
  check(event: number): boolean {
    this.checkedAt = event;
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
