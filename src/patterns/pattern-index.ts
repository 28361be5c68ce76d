import type { EventPattern, JsonObject } from "./event-pattern.ts";
import { matchesPattern } from "./match-event.ts";

/** Many patterns, asked at once. */
export class PatternIndex<Key> {
  readonly #patterns = new Map<Key, EventPattern>();

  get size(): number {
    return this.#patterns.size;
  }

  /** Adds the pattern, or puts it in place of the one that had this key. */
  set(key: Key, pattern: EventPattern): void {
    this.#patterns.set(key, pattern);
  }

  /** Whether there was one. */
  delete(key: Key): boolean {
    return this.#patterns.delete(key);
  }

  /** The keys whose patterns match, in no order. */
  match(event: JsonObject): Key[] {
    return [...this.#patterns].filter(([, pattern]) => matchesPattern(pattern, event)).map(([key]) => key);
  }
}
