import type { Journal } from "../../journal/index.ts";
import { FileContents, packContents, type PackedFile, type WholeContents } from "./file-contents.ts";
import { type SequenceRange, unpackSequences } from "./sequences.ts";
import { Slots } from "./slots.ts";

/** Files that are packed at a time: each takes a thread of Node's pool, of which others need some too. */
const PACKED_AT_ONCE = 2;

/** Records between two runs that are read and thrown away rather than read around: about a block of a segment. */
const GAP_RECORDS_MAX = 64;
const READ_RECORDS = 512;

/** Packed files that wait for their turn take no more than about this. */
const AHEAD_BYTES_MAX = 64 * 1024 ** 2;

/**
 * Packs log files, a few at a time: those just decided out of memory, before it is their turn; what finds no room, fails or
 * is from an earlier run later, out of the journal. It waits for nothing but processor and disk, whatever buckets do.
 */
export class Packer {
  readonly #journal: Pick<Journal, "read">;
  readonly #rawBytesMax: number;
  readonly #slots = new Slots(PACKED_AT_ONCE);
  readonly #ahead = new Map<number, Promise<PackedFile | undefined>>();
  #rawBytes = 0;
  #aheadBytes = 0;
  #room = Promise.withResolvers<void>();

  /** `rawBytesMax`: how much may wait in memory to be packed. */
  constructor(journal: Pick<Journal, "read">, rawBytesMax: number) {
    this.#journal = journal;
    this.#rawBytesMax = rawBytesMax;
  }

  /** Packs contents that are in memory, unless too many packed files wait already. */
  packAhead(id: number, contents: WholeContents): void {
    if (this.#aheadBytes >= AHEAD_BYTES_MAX) return;
    this.#rawBytes += contents.bytes;
    // Files that cannot be packed now are packed in their turn: whoever takes them hears why, if it fails again.
    const packing = this.#slots.run(() => packContents(contents)).catch(() => undefined);
    const waiting = packing.then((packed) => {
      this.#rawBytes -= contents.bytes;
      this.#aheadBytes += packed?.gzip.length ?? 0;
      this.#room.resolve();
      return packed;
    });
    this.#ahead.set(id, waiting);
  }

  /** Resolves once less than `rawBytesMax` wait to be packed. */
  async room(): Promise<void> {
    while (this.#rawBytes >= this.#rawBytesMax) {
      this.#room = Promise.withResolvers();
      await this.#room.promise;
    }
  }

  /**
   * A decided file, packed: the same bytes each time. It is not kept.
   * @throws {Failure} when it must be read from the journal, and cannot.
   */
  async take(id: number, sequences: Uint8Array): Promise<PackedFile> {
    const packed = await this.#ahead.get(id);
    this.drop(id);
    return packed ?? (await this.#rebuild(sequences));
  }

  /** What was packed ahead of its turn need not be kept. */
  drop(id: number): void {
    const packing = this.#ahead.get(id);
    this.#ahead.delete(id);
    void packing?.then((packed) => {
      this.#aheadBytes -= packed?.gzip.length ?? 0;
    });
  }

  async #rebuild(sequences: Uint8Array): Promise<PackedFile> {
    return await this.#slots.run(async () => packContents(await this.#gather(unpackSequences(sequences))));
  }

  async #gather(ranges: readonly SequenceRange[]): Promise<WholeContents> {
    const contents = new FileContents();
    for (const { first, count, wanted } of spansOf(ranges)) {
      for (let from = first; from < first + count; ) {
        const entries = await this.#journal.read(from, Math.min(READ_RECORDS, first + count - from));
        for (const { sequence, bytes } of entries) if (wanted(sequence)) contents.add(bytes);
        from += entries.length;
      }
    }
    return contents.finish();
  }
}

/** Runs that lie near each other, to be read as one. */
function spansOf(
  ranges: readonly SequenceRange[],
): readonly (SequenceRange & { readonly wanted: (sequence: number) => boolean })[] {
  const spans: { first: number; count: number; runs: SequenceRange[] }[] = [];
  for (const range of ranges) {
    const last = spans.at(-1);
    if (last === undefined || range.first - (last.first + last.count) > GAP_RECORDS_MAX) {
      spans.push({ ...range, runs: [range] });
    } else {
      last.count = range.first + range.count - last.first;
      last.runs.push(range);
    }
  }
  return spans.map(({ first, count, runs }) => ({ first, count, wanted: wantedIn(runs) }));
}

/** Whether one of the runs has a sequence; asked in ascending order. */
function wantedIn(runs: readonly SequenceRange[]): (sequence: number) => boolean {
  let at = 0;
  return (sequence) => {
    for (let run = runs[at]; run !== undefined && sequence >= run.first + run.count; run = runs[at]) at += 1;
    return sequence >= (runs[at]?.first ?? Infinity);
  };
}
