import { EVENT_OVERHEAD_BYTES, type LogDatabase, type StreamPart } from "./database.ts";
import type { StoredEvent } from "./segment.ts";

/** What is kept in memory of a group: its streams, and what its tail holds. */
export class GroupState {
  readonly group: number;
  readonly arn: string;
  /** Changes whenever events leave the place where a read may have seen them. */
  generation = 0;
  tailBytes = 0;
  /** When the oldest event of the tail came. */
  tailSince: number | undefined;
  readonly #ids = new Map<string, number>();
  readonly #names = new Map<number, string>();
  #tail = new Map<number, StreamPart>();

  constructor(group: number, arn: string) {
    this.group = group;
    this.arn = arn;
  }

  get streams(): ReadonlyMap<string, number> {
    return this.#ids;
  }

  get tail(): Iterable<StreamPart> {
    return this.#tail.values();
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
  add({ stream, timestamp, ingested, message }: StoredEvent): void {
    const bytes = Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
    const known = this.#tail.get(stream);
    this.#tail.set(stream, addPart(known, { stream, bytes, firstMs: timestamp, lastMs: timestamp, ingested }));
    this.tailBytes += bytes;
    this.tailSince ??= ingested;
  }

  /** Counts the tail anew. */
  recount(database: LogDatabase): void {
    const parts = database.tailParts(this.group);
    this.#tail = new Map(parts.map((part) => [part.stream, part]));
    this.tailBytes = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    this.tailSince = parts.length === 0 ? undefined : Math.min(...parts.map(({ ingested }) => ingested));
  }
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
