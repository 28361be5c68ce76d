import { zstdDecompressSync } from "node:zlib";
import { assert } from "../../core/index.ts";
import { LeafHasher } from "../leaf-hasher.ts";
import { ByteReader, u32Array } from "./byte-reader.ts";
import { SegmentCache } from "./segment-cache.ts";
import { SegmentFile, type SegmentObjects } from "./segment-file.ts";
import { damaged, type SectionName } from "./segment-format.ts";
import { type Place, SegmentIndex, type SegmentQuery } from "./segment-index.ts";

/** An immutable file of a full range of journal records. */
export interface Segment {
  readonly key: string;
  /** Sequence of the first record. */
  readonly first: number;
  readonly count: number;
  /** eventTime of the oldest and newest record that look-ups can find, milliseconds since 1970; both 0 without any. */
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  /** How many records look-ups can find. */
  readonly indexed: number;
  /** What each section takes in the file. */
  readonly sectionBytes: Readonly<Record<SectionName, number>>;
  /** The range salt, 32 bytes: as secret as the records. */
  readonly salt: Uint8Array;
  /**
   * `count` records from `position` on, the first of the range being 0; fewer at the end of the range.
   * @throws {Failure} naming file and section when a byte on the way is damaged.
   */
  readRange(position: number, count: number): Promise<readonly Uint8Array[]>;
  /** The leaf hash of the record at `position`, 32 bytes. */
  leaf(position: number): Promise<Uint8Array>;
  /** False when no record matches: what `lookup` would find out with a read, known from memory. Rarely true in error. */
  mayHold(query: SegmentQuery): boolean;
  /**
   * The places of events that may match, newest first: a superset, for fingerprints can collide. Who answers a record
   * compares it with the query first.
   */
  lookup(query: SegmentQuery): AsyncIterable<Place>;
  /**
   * Reads the whole file and recomputes every leaf from its record.
   * @throws {Failure} naming file and section.
   */
  verify(): Promise<void>;
}

/**
 * Opens a segment and checks that its frame is whole; everything else is checked when it is read.
 *
 * Give all segments of a process the same `cache`; without one the segment gets a small one of its own.
 * @throws {Failure} naming file and section when the file is cut, longer than it was, or its frame is damaged.
 */
export async function openSegment(objects: SegmentObjects, key: string, cache?: SegmentCache): Promise<Segment> {
  const file = await SegmentFile.open(objects, key, cache ?? new SegmentCache(OWN_CACHE_BYTES));
  const blocks = new Blocks(file, await file.readWhole("block table"));
  const index = await SegmentIndex.open(file);
  const { first, count, indexed, minTimeMs, maxTimeMs } = file.footer;
  const salt = Buffer.from(file.footer.salt, "base64");
  const leaf = (position: number): Promise<Uint8Array> => {
    assert(position >= 0 && position < count, "the leaf's position is inside the segment");
    return file.read("leaves", position * 32, 32);
  };
  return {
    key,
    first,
    count,
    minTimeMs,
    maxTimeMs,
    indexed,
    sectionBytes: sectionBytesOf(file),
    salt,
    leaf,
    readRange: (position, wanted) => blocks.readRange(position, Math.min(wanted, count - position)),
    mayHold: (query) => index.mayHold(query),
    lookup: (query) => index.candidates(query),
    async verify() {
      await file.verify();
      const hasher = new LeafHasher(salt);
      const actual = Buffer.alloc(32);
      for (let position = 0; position < count; position += VERIFY_RECORDS) {
        const records = await blocks.readRange(position, Math.min(VERIFY_RECORDS, count - position));
        for (const [index, record] of records.entries()) {
          const expected = await leaf(position + index);
          hasher.write(first + position + index, record, actual, 0);
          if (Buffer.compare(actual, expected) !== 0) throw damaged(key, "leaves");
        }
      }
    },
  };
}

function sectionBytesOf({ footer }: SegmentFile): Segment["sectionBytes"] {
  const entries = Object.entries(footer.sections).map(([name, { length }]) => [name, length]);
  return Object.fromEntries(entries) as Segment["sectionBytes"];
}

const OWN_CACHE_BYTES = 256 * 1024;
const VERIFY_RECORDS = 1024;

/** Reads records out of blocks. Resident: the block table, twelve bytes a block. */
class Blocks {
  readonly #file: SegmentFile;
  /** Per block: its first position, its offset, its length when unpacked. */
  readonly #table: Uint32Array;

  constructor(file: SegmentFile, table: Uint8Array) {
    this.#file = file;
    this.#table = u32Array(table);
  }

  async readRange(position: number, count: number): Promise<readonly Uint8Array[]> {
    const records: Uint8Array[] = [];
    const end = position + count;
    let block = this.#blockOf(position);
    for (let at = position; at < end; block++) {
      const first = this.#first(block);
      const next = this.#first(block + 1);
      const raw = await this.#file.derived(`block ${block}`, () => this.#unpack(block));
      records.push(...slices(raw, next - first, at - first, Math.min(end, next) - first));
      at = next;
    }
    return records;
  }

  #first(block: number): number {
    return this.#table[block * 3] ?? this.#file.footer.count;
  }

  #blockOf(position: number): number {
    let low = 0;
    let high = this.#table.length / 3;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#first(middle) <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  async #unpack(block: number): Promise<Uint8Array> {
    const offset = this.#table[block * 3 + 1] as number;
    const rawLength = this.#table[block * 3 + 2] as number;
    const end = this.#table[block * 3 + 4] ?? this.#file.footer.sections.blocks.length;
    const packed = await this.#file.readOnce("blocks", offset, end - offset);
    const dictionary = await this.#file.derived("dictionary", () => this.#dictionary());
    const bounds = { chunkSize: Math.max(64, rawLength), maxOutputLength: rawLength };
    try {
      return zstdDecompressSync(packed, dictionary.length > 0 ? { ...bounds, dictionary } : bounds);
    } catch (cause) {
      throw damaged(this.#file.key, "blocks", cause);
    }
  }

  async #dictionary(): Promise<Uint8Array> {
    const packed = await this.#file.readWhole("dictionary");
    return packed.length > 0 ? zstdDecompressSync(packed) : packed;
  }
}

/** Records `from` … `to` of an unpacked block of `count`: their lengths stand first. */
function* slices(raw: Uint8Array, count: number, from: number, to: number): Generator<Uint8Array> {
  const lengths = new ByteReader(raw);
  let offset = count * 4;
  for (let index = 0; index < to; index++) {
    const length = lengths.u32();
    if (index >= from) yield raw.subarray(offset, offset + length);
    offset += length;
  }
}
