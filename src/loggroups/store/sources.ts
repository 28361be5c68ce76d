import type { EventSource } from "./merge.ts";
import { byPosition, FIRST, LAST, type Position } from "./position.ts";
import { type BlockEntry, readBlock, type StoredEvent } from "./segment.ts";

/** Which events a read wants, in the store's own terms. */
export interface Wanted {
  /** Bounds of what is left, both included: positions that may not exist. */
  readonly low: Position;
  readonly high: Position;
  readonly descending: boolean;
  /** All that the group has when absent. */
  readonly streams?: ReadonlySet<number>;
  /** Whether the stream is there still. */
  readonly lives: (stream: number) => boolean;
}

function isWanted(wanted: Wanted, event: StoredEvent): boolean {
  if (byPosition(event, wanted.low) < 0 || byPosition(event, wanted.high) > 0) return false;
  return wanted.streams === undefined ? wanted.lives(event.stream) : wanted.streams.has(event.stream);
}

/** A sealed segment: when it begins and ends, and how it is read. */
export interface SealedSegment {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly blocks: () => readonly BlockEntry[];
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
}

/** A segment, read block by block; those that can hold nothing wanted are never unpacked. */
export class SegmentSource implements EventSource {
  readonly #wanted: Wanted;
  readonly #segment: SealedSegment;
  /** Blocks to come, the next one last; absent until it is this segment's turn. */
  #left: BlockEntry[] | undefined;
  #block: BlockEntry | undefined;
  #ready: readonly StoredEvent[] = [];
  #at = 0;
  /** What was taken: nothing up to here is given again. */
  #taken: Position | undefined;

  constructor(segment: SealedSegment, wanted: Wanted) {
    this.#wanted = wanted;
    this.#segment = segment;
  }

  get next(): Position | undefined {
    const ready = this.#ready[this.#at];
    if (ready !== undefined) return ready;
    const { descending } = this.#wanted;
    if (this.#left === undefined) {
      const { firstMs, lastMs } = this.#segment;
      return descending ? { timestamp: lastMs, sequence: LAST } : { timestamp: firstMs, sequence: FIRST };
    }
    const block = this.#left.at(-1);
    return block && (descending ? block.last : block.first);
  }

  get ready(): readonly StoredEvent[] {
    return this.#ready;
  }

  get at(): number {
    return this.#at;
  }

  get heldBytes(): number {
    return this.#at === this.#ready.length ? 0 : (this.#block?.unpacked ?? 0);
  }

  async load(): Promise<void> {
    if (this.#left === undefined) {
      const left = this.#segment.blocks().filter((block) => mayHold(block, this.#wanted));
      this.#left = this.#wanted.descending ? left : left.reverse();
      return;
    }
    const block = this.#left.pop();
    if (block === undefined) return;
    const events = await readBlock(await this.#segment.read(block.offset, block.length), block);
    const taken = this.#taken;
    const left = events.filter(
      (event) => isWanted(this.#wanted, event) && (taken === undefined || this.#isAfter(event, taken)),
    );
    this.#block = block;
    this.#at = 0;
    this.#ready = this.#wanted.descending ? left.reverse() : left;
  }

  take(count: number): void {
    this.#at += count;
    this.#taken = this.#ready[this.#at - 1] ?? this.#taken;
  }

  unload(): void {
    if (this.#block !== undefined && this.#at < this.#ready.length) this.#left?.push(this.#block);
    this.#ready = [];
    this.#at = 0;
  }

  #isAfter(event: Position, taken: Position): boolean {
    return this.#wanted.descending ? byPosition(event, taken) < 0 : byPosition(event, taken) > 0;
  }
}

function mayHold({ first, last, streams }: BlockEntry, wanted: Wanted): boolean {
  if (byPosition(last, wanted.low) < 0 || byPosition(first, wanted.high) > 0) return false;
  const { streams: asked } = wanted;
  return asked === undefined || streams === undefined || streams.some((stream) => asked.has(stream));
}

/** Events that are rows still: `fetch` answers some of those between two positions, first the one whose turn is first. */
export class TailSource implements EventSource {
  readonly #wanted: Wanted;
  readonly #fetch: (low: Position, high: Position) => readonly StoredEvent[];
  /** Where the next row may be. */
  #from: Position | undefined;
  #ready: readonly StoredEvent[] = [];
  #at = 0;

  constructor(wanted: Wanted, fetch: (low: Position, high: Position) => readonly StoredEvent[]) {
    this.#wanted = wanted;
    this.#fetch = fetch;
    this.#from = wanted.descending ? wanted.high : wanted.low;
  }

  get next(): Position | undefined {
    return this.#ready[this.#at] ?? this.#from;
  }

  get ready(): readonly StoredEvent[] {
    return this.#ready;
  }

  get at(): number {
    return this.#at;
  }

  get heldBytes(): number {
    return 0;
  }

  async load(): Promise<void> {
    if (this.#from === undefined) return;
    const { low, high, descending } = this.#wanted;
    this.#at = 0;
    this.#ready = this.#fetch(descending ? low : this.#from, descending ? this.#from : high);
    const last = this.#ready.at(-1);
    this.#from = last && { timestamp: last.timestamp, sequence: last.sequence + (descending ? -1 : 1) };
  }

  take(count: number): void {
    this.#at += count;
  }

  /** There is one tail, and it holds little. */
  unload(): void {}
}
