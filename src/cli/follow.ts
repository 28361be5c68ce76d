import type { EventView } from "./event-view.ts";

/**
 * How far back every round looks again. An event becomes visible some time after the second that it carries: its call took
 * long, or the journal was busy. What comes later than this is missed by `tail`, though not by `lookup`.
 */
const LATENESS_MS = 10_000;
/** Between the rounds that look all the way back, rounds end at the first page without anything new. */
const ROUNDS_PER_SWEEP = 5;
/** Ids that are kept although no round asks for their time any more: a clock that is set back asks again. */
const SHOWN_MAX = 100_000;
/** Calls of our own whose records may still come; with filters they may never. */
const OWN_MAX = 10_000;

/** What one round asks for. */
export interface Round {
  /** Events from this whole second on, milliseconds since 1970. */
  readonly startTime: number;
  /** True when a page without anything new does not end the round: something late may stand behind it. */
  readonly sweep: boolean;
}

/**
 * Follows a history that is asked again and again: each event once, however many share a second.
 *
 * State only: `tail` asks and waits. A round that failed is not taken in, so that the next one finds all of it.
 */
export class Follower {
  #floor: number;
  #serverTime: number;
  #rounds = 0;
  /** The time that an event carries, by its id. */
  readonly #shown = new Map<string, number>();
  readonly #own = new Set<string>();

  /**
   * Nothing older than `startTime` is shown; `serverTime` is what the server's clock says now, which is not ours. Both in
   * milliseconds since 1970.
   */
  constructor(startTime: number, serverTime: number) {
    this.#floor = startTime;
    this.#serverTime = Math.max(startTime, serverTime);
  }

  nextRound(): Round {
    const first = this.#rounds === 0;
    const startTime = first ? this.#floor : Math.max(this.#floor, this.#serverTime - LATENESS_MS);
    return { startTime: Math.floor(startTime / 1000) * 1000, sweep: this.#rounds % ROUNDS_PER_SWEEP === 0 };
  }

  /** Notes a call of our own: its record is not shown, or every round would be the next one's news. */
  called(requestId: string | undefined): void {
    if (requestId === undefined) return;
    this.#own.add(requestId);
    for (const oldest of this.#own) {
      if (this.#own.size <= OWN_MAX) break;
      this.#own.delete(oldest);
    }
  }

  knows({ id }: EventView): boolean {
    return this.#shown.has(id);
  }

  /**
   * Takes in all events of a round, newest first as they came, and answers what is to be shown, oldest first.
   * `serverTime` is that of the round's first answer: what happened after it may be missing.
   */
  take(events: readonly EventView[], serverTime: number): readonly EventView[] {
    this.#rounds++;
    this.#serverTime = serverTime;
    // The server's clock was set back: events now carry times that we would count as past.
    this.#floor = Math.min(this.#floor, serverTime);
    const fresh = events.filter((event) => this.#remember(event));
    this.#forget();
    return fresh.filter((event) => !this.#isOwn(event)).toReversed();
  }

  #remember({ id, time }: EventView): boolean {
    if (this.#shown.has(id)) return false;
    this.#shown.set(id, time ?? this.#serverTime);
    return true;
  }

  /** A request id is the server's choice: nobody can hide a call by claiming to be us. */
  #isOwn({ name, requestId }: EventView): boolean {
    return name === "LookupEvents" && this.#own.delete(requestId);
  }

  #forget(): void {
    if (this.#shown.size <= SHOWN_MAX) return;
    const { startTime } = this.nextRound();
    for (const [id, time] of this.#shown) if (time < startTime) this.#shown.delete(id);
  }
}
