import type { Waiting } from "./ledger.ts";

/** How many deliveries a lane keeps at hand; the others wait in the table until it is their turn. */
const AT_HAND_MAX = 128;

/** Attempts at once to an endpoint that lets us wait: those that hang have room for few of each. */
const SLOW_ATTEMPTS = 8;

/** Everything that goes to one endpoint: what is due first, and how the endpoint behaves. */
export class Lane {
  readonly key: string;
  /** Attempts under way. */
  running = 0;
  /** Whether its endpoint let us wait the last time. */
  slow = false;
  /** How often in a row its endpoint took what it was given. */
  #taken = 0;
  /** Soonest first. */
  #atHand: Waiting[] = [];
  /** What is not at hand is not due before. */
  #horizon: number;
  /** Ids that are under way, or ended so recently that the table does not know. */
  readonly #busy = new Set<number>();

  constructor(key: string, horizon: number = Number.POSITIVE_INFINITY) {
    this.key = key;
    this.#horizon = horizon;
  }

  /** When there is something to do next; infinite when nothing waits. */
  get dueAt(): number {
    return this.#atHand[0]?.dueAt ?? this.#horizon;
  }

  /** Whether its endpoint took what it was last given. */
  get proven(): boolean {
    return this.#taken > 0;
  }

  /**
   * Whether one more attempt may begin, of `most` at once. An endpoint is asked for one thing at a time until it has taken
   * one, then for one more with each that it takes; one that lets us wait for no more than `SLOW_ATTEMPTS`.
   */
  hasRoom(most: number): boolean {
    return this.running < Math.min(1 + this.#taken, most, this.slow ? SLOW_ATTEMPTS : most);
  }

  get idle(): boolean {
    return this.#busy.size === 0 && this.dueAt === Number.POSITIVE_INFINITY;
  }

  /** Whether it must be filled from the table before anything can be taken. */
  get needsFill(): boolean {
    return this.#atHand.length === 0 && this.#horizon !== Number.POSITIVE_INFINITY;
  }

  /** How many rows to ask the table for: those under way come with them. */
  get fillRows(): number {
    return AT_HAND_MAX + this.#busy.size;
  }

  /** Something waits. What is due later than the horizon stays in the table. */
  admit(waiting: Waiting): void {
    if (this.#busy.has(waiting.id)) {
      this.#horizon = Math.min(this.#horizon, waiting.dueAt);
      return;
    }
    if (waiting.dueAt >= this.#horizon || this.#atHand.some(({ id }) => id === waiting.id)) return;
    this.#insert(waiting);
    if (this.#atHand.length > AT_HAND_MAX) this.#horizon = this.#atHand.pop()?.dueAt ?? this.#horizon;
  }

  /** The table's answer to a fill: its rows that are due first, `fillRows` of them unless there are no more. */
  fill(rows: readonly Waiting[], asked: number): void {
    const last = rows.at(-1);
    this.#horizon = last === undefined || rows.length < asked ? Number.POSITIVE_INFINITY : last.dueAt;
    const met = new Set(rows.map(({ id }) => id));
    const meanwhile = this.#atHand.filter(({ id }) => !met.has(id));
    this.#atHand = rows.filter(({ id }) => !this.#busy.has(id));
    for (const waiting of meanwhile) this.#insert(waiting);
  }

  /** What is due, soonest first; it counts as under way from now on. */
  take(now: number): Waiting | undefined {
    const first = this.#atHand[0];
    if (first === undefined || first.dueAt > now) return undefined;
    this.#atHand.shift();
    this.#busy.add(first.id);
    this.running++;
    return first;
  }

  /** An attempt ended; `slow` when it took long. */
  ended(took: boolean, slow: boolean): void {
    this.running--;
    this.slow = slow;
    this.#taken = took ? this.#taken + 1 : 0;
  }

  /** What the next `take` would answer, by its bytes. */
  get nextSize(): number {
    return this.#atHand[0]?.size ?? 0;
  }

  /** The table knows how it ended. */
  settled(id: number): void {
    this.#busy.delete(id);
  }

  #insert(waiting: Waiting): void {
    const at = this.#atHand.findLastIndex((other) => isBefore(other, waiting));
    this.#atHand.splice(at + 1, 0, waiting);
  }
}

function isBefore(one: Waiting, other: Waiting): boolean {
  return one.dueAt === other.dueAt ? one.id < other.id : one.dueAt < other.dueAt;
}
