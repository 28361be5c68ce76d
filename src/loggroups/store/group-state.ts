import { EVENT_OVERHEAD_BYTES, type LogDatabase, type StreamPart } from "./database.ts";
import type { StoredEvent } from "./segment.ts";

/** What is kept in memory of a group: its streams, and what its tail holds. */
export class GroupState {
  readonly group: number;
  readonly arn: string;
  /** Changes whenever events leave the place where a read may have seen them. */
  generation = 0;
  readonly #ids = new Map<string, number>();
  readonly #names = new Map<number, string>();
  #tail = new Tally();
  /** Of the tail: what is being sealed. */
  #sealing = new Tally();

  constructor(group: number, arn: string) {
    this.group = group;
    this.arn = arn;
  }

  get streams(): ReadonlyMap<string, number> {
    return this.#ids;
  }

  get tail(): readonly StreamPart[] {
    return [...this.#sealing.parts.values(), ...this.#tail.parts.values()];
  }

  get tailBytes(): number {
    return this.#sealing.bytes + this.#tail.bytes;
  }

  /** When the oldest event of the tail came. */
  get tailSince(): number | undefined {
    return this.#sealing.since ?? this.#tail.since;
  }

  nameOf(stream: number): string | undefined {
    return this.#names.get(stream);
  }

  addStream(stream: number, name: string): void {
    this.#ids.set(name, stream);
    this.#names.set(stream, name);
  }

  removeStream(stream: number, name: string): void {
    this.#ids.delete(name);
    this.#names.delete(stream);
  }

  /** Counts an event that is in the tail now. */
  add(event: StoredEvent): void {
    this.#tail.add(partOf(event));
  }

  /** All that is in the tail now is being sealed; what comes is counted apart. */
  beginSealing(): void {
    this.#sealing = this.#tail;
    this.#tail = new Tally();
  }

  endSealing(isSealed: boolean): void {
    const later = this.#tail;
    if (!isSealed) {
      this.#tail = this.#sealing;
      for (const part of later.parts.values()) this.#tail.add(part);
    }
    this.#sealing = new Tally();
  }

  /** Counts the tail anew. */
  recount(database: LogDatabase): void {
    this.#sealing = new Tally();
    this.#tail = new Tally();
    for (const part of database.tailParts(this.group)) this.#tail.add(part);
  }
}

/** What some events come to, by stream. */
class Tally {
  readonly parts = new Map<number, StreamPart>();
  bytes = 0;
  since: number | undefined;

  add(part: StreamPart): void {
    this.parts.set(part.stream, addPart(this.parts.get(part.stream), part));
    this.bytes += part.bytes;
    this.since = Math.min(this.since ?? part.ingested, part.ingested);
  }
}

export function partOf({ stream, timestamp, ingested, message }: StoredEvent): StreamPart {
  const bytes = Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
  return { stream, bytes, firstMs: timestamp, lastMs: timestamp, ingested };
}

export function addPart(one: StreamPart | undefined, other: StreamPart): StreamPart {
  if (one === undefined) return other;
  return {
    stream: other.stream,
    bytes: one.bytes + other.bytes,
    firstMs: Math.min(one.firstMs, other.firstMs),
    lastMs: Math.max(one.lastMs, other.lastMs),
    ingested: Math.max(one.ingested, other.ingested),
  };
}
