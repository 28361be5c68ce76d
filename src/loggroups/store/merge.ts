import { byPosition, type Position } from "./position.ts";
import type { StoredEvent } from "./segment.ts";

/** Events in order from one place. */
export interface EventSource {
  /** No event before this one is left; undefined when none is left at all. */
  readonly next: Position | undefined;
  /** What stands ready, from `at` on; nothing until the next `load`. */
  readonly ready: readonly StoredEvent[];
  readonly at: number;
  /** Bytes that `ready` keeps in memory. */
  readonly heldBytes: number;
  /** Makes more ready, or finds that nothing is left. */
  load(): Promise<void>;
  /** Takes so many of `ready`, from `at` on. */
  take(count: number): void;
  /** Forgets what is ready; the next `load` brings it back. */
  unload(): void;
}

const PAGE_EVENTS = 1_000;
const PAGE_BYTES = 1024 * 1024;
/** What sources may hold together: beyond it the one that is needed last forgets. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;

/** The events of all sources in one order, page by page. A source is loaded when its turn comes, not before. */
export async function* mergeSources(
  sources: readonly EventSource[],
  descending: boolean,
): AsyncGenerator<readonly StoredEvent[]> {
  const order: Order = descending ? (one, other) => byPosition(other, one) : byPosition;
  const line = new Line(sources, order);
  let page: StoredEvent[] = [];
  let bytes = 0;
  for (;;) {
    const source = line.first();
    if (source === undefined) break;
    if (source.at === source.ready.length) {
      await source.load();
      line.relieve(source);
      continue;
    }
    const limit = line.second(source);
    let taken = 0;
    for (let index = source.at; index < source.ready.length; index += 1) {
      const event = source.ready[index] as StoredEvent;
      if (page.length >= PAGE_EVENTS || bytes >= PAGE_BYTES) break;
      if (taken > 0 && limit !== undefined && order(event, limit) >= 0) break;
      page.push(event);
      bytes += event.message.length;
      taken += 1;
    }
    source.take(taken);
    if (page.length < PAGE_EVENTS && bytes < PAGE_BYTES) continue;
    yield page;
    page = [];
    bytes = 0;
  }
  if (page.length > 0) yield page;
}

type Order = (one: Position, other: Position) => number;

/** Sources by whose turn it is: those that have begun, and those that wait in order. */
class Line {
  readonly #order: Order;
  /** The first in line stands last. */
  readonly #waiting: EventSource[];
  #begun: EventSource[] = [];

  constructor(sources: readonly EventSource[], order: Order) {
    this.#order = order;
    this.#waiting = sources
      .filter(({ next }) => next !== undefined)
      .toSorted((one, other) => this.#compare(other, one));
  }

  first(): EventSource | undefined {
    this.#begun = this.#begun.filter(({ next }) => next !== undefined);
    const begun = this.#earliest();
    const waiting = this.#waiting.at(-1);
    if (waiting === undefined || (begun !== undefined && this.#compare(begun, waiting) < 0)) return begun;
    this.#waiting.pop();
    this.#begun.push(waiting);
    return waiting;
  }

  /** Where the next one after `source` may begin. */
  second(source: EventSource): Position | undefined {
    const begun = this.#earliest(source);
    const waiting = this.#waiting.at(-1);
    if (begun === undefined || waiting === undefined) return (begun ?? waiting)?.next;
    return (this.#compare(begun, waiting) < 0 ? begun : waiting).next;
  }

  /** Keeps the sources within their bytes; the one just loaded stays. */
  relieve(loaded: EventSource): void {
    let held = this.#begun.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    if (held <= HELD_BYTES_MAX) return;
    const holders = this.#begun.filter((source) => source !== loaded && source.heldBytes > 0);
    for (const latest of holders.toSorted((one, other) => this.#compare(other, one))) {
      if (held <= HELD_BYTES_MAX) return;
      held -= latest.heldBytes;
      latest.unload();
    }
  }

  #earliest(except?: EventSource): EventSource | undefined {
    let earliest: EventSource | undefined;
    for (const source of this.#begun) {
      if (source === except || source.next === undefined) continue;
      if (earliest === undefined || this.#compare(source, earliest) < 0) earliest = source;
    }
    return earliest;
  }

  /** A source without anything left comes last. */
  #compare({ next: one }: EventSource, { next: other }: EventSource): number {
    if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined);
    return this.#order(one, other);
  }
}
