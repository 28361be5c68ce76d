import { buildSegment, type JournalEntry, leafHash, openSegment, type Segment } from "../journal/index.ts";

/** A journal in memory that seals when it is told to: as much of one as history needs. */
export class MemoryJournal {
  readonly segments: Segment[] = [];
  readonly #records: Uint8Array[] = [];
  readonly #listeners = new Set<(entries: readonly JournalEntry[]) => void>();
  readonly #sealListeners = new Set<(segment: Segment) => void>();

  get head(): number {
    return this.#records.length;
  }

  append(records: readonly Uint8Array[]): void {
    const entries = records.map((bytes, index) => ({ sequence: this.head + index, bytes }));
    this.#records.push(...records);
    for (const listener of this.#listeners) listener(entries);
  }

  async read(from: number, limit = 1000): Promise<readonly JournalEntry[]> {
    const segment = this.segments.find(({ first, count }) => from >= first && from < first + count);
    const records =
      segment === undefined
        ? this.#records.slice(from, from + limit)
        : await segment.readRange(from - segment.first, limit);
    return records.map((bytes, index) => ({ sequence: from + index, bytes }));
  }

  subscribe(listener: (entries: readonly JournalEntry[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onSeal(listener: (segment: Segment) => void): () => void {
    this.#sealListeners.add(listener);
    return () => this.#sealListeners.delete(listener);
  }

  /** Seals the next `count` records. */
  async seal(count: number): Promise<void> {
    const first = this.segments.reduce((sum, segment) => sum + segment.count, 0);
    const records = this.#records.slice(first, first + count);
    const salt = new Uint8Array(32).fill(first % 251);
    const leaves = Buffer.concat(records.map((record, position) => leafHash(salt, first + position, record)));
    const file = buildSegment({ first, salt, records, leaves });
    const objects = {
      size: async () => file.length,
      read: async (_: string, offset = 0, length = Infinity) => file.subarray(offset, offset + length),
    };
    const segment = await openSegment(objects, `segment-${first}`);
    this.segments.push(segment);
    for (const listener of this.#sealListeners) listener(segment);
  }
}
