import { createHash } from "node:crypto";
import { assert, Failure, reason } from "../core/index.ts";
import type { DirectoryObjectStore } from "../store/index.ts";
import type { JournalEntry } from "./journal.ts";
import type { CatalogueRow } from "./messages.ts";
import { openSegment, type Segment, type SegmentCache } from "./segment/index.ts";

/** Opening reads this much of the newest objects in full; of the others it checks presence, size and frame. */
const VERIFIED_AT_OPEN_BYTES = 32 * 1024 * 1024;
const VERIFIED_AT_ONCE_BYTES = 1024 * 1024;
const SEGMENT_PREFIX = "segments/";
/** Segments that are opened at a time. */
const OPENED_AT_ONCE = 16;

/** The segments of a journal as one run of sequences. */
export class SealedRanges {
  readonly #objects: DirectoryObjectStore;
  readonly #cache: SegmentCache;
  readonly #rows: CatalogueRow[] = [];
  readonly #segments: Segment[] = [];

  private constructor(objects: DirectoryObjectStore, cache: SegmentCache) {
    this.#objects = objects;
    this.#cache = cache;
  }

  /**
   * Opens everything that the catalogue names. `fullEnd` is where the last full range ends, sealed or not.
   * @throws {Failure} naming each object that is missing, cut or damaged, with its sequences.
   */
  static async open(
    objects: DirectoryObjectStore,
    cache: SegmentCache,
    catalogue: readonly CatalogueRow[],
    fullEnd: number,
  ): Promise<SealedRanges> {
    const ranges = new SealedRanges(objects, cache);
    const damages: string[] = [];
    for (let from = 0; from < catalogue.length; from += OPENED_AT_ONCE) {
      const rows = catalogue.slice(from, from + OPENED_AT_ONCE);
      const opened = await Promise.all(rows.map((row) => ranges.#openOrTell(row)));
      for (const [index, found] of opened.entries()) {
        if (typeof found === "string") damages.push(found);
        else ranges.#keep(rows[index] as CatalogueRow, found);
      }
    }
    damages.push(...(await ranges.#verifyNewest()), ...(await ranges.#findLost(fullEnd)));
    if (damages.length > 0) throw new Failure(damages.join("; "));
    return ranges;
  }

  /** Oldest first. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Everything below is in segments; 0 without any. */
  get end(): number {
    const last = this.#segments.at(-1);
    return last === undefined ? 0 : last.first + last.count;
  }

  /** @throws {Failure} when the object is not what the row says. */
  async add(row: CatalogueRow): Promise<Segment> {
    assert(this.#rows.length === 0 || row.first === this.end, "ranges are sealed in order");
    const segment = await this.#open(row);
    this.#keep(row, segment);
    return segment;
  }

  /**
   * Up to `count` entries from `from` on, fewer at the end of a segment.
   * @throws {Failure} when the sequence lies before the oldest segment, or the segment is damaged.
   */
  async read(from: number, count: number): Promise<readonly JournalEntry[]> {
    const segment = this.#segments.findLast(({ first }) => first <= from);
    if (segment === undefined) throw new Failure(`read journal at sequence ${from}: it is no longer kept`);
    const records = await segment.readRange(from - segment.first, count);
    return records.map((bytes, index) => ({ sequence: from + index, bytes }));
  }

  #keep(row: CatalogueRow, segment: Segment): void {
    this.#rows.push(row);
    this.#segments.push(segment);
  }

  async #openOrTell(row: CatalogueRow): Promise<Segment | string> {
    try {
      return await this.#open(row);
    } catch (cause) {
      return reason(cause);
    }
  }

  async #open(row: CatalogueRow): Promise<Segment> {
    try {
      const bytes = await this.#objects.size(row.key);
      if (bytes !== row.bytes) throw new Error(`it has ${bytes} bytes, not ${row.bytes}`);
      const segment = await openSegment(this.#objects, row.key, this.#cache);
      if (segment.first !== row.first || segment.count !== row.count) throw new Error("it holds another range");
      return segment;
    } catch (cause) {
      throw new Failure(describeRange(row), cause);
    }
  }

  /**
   * A crash leaves at most one object that the catalogue does not know yet, of a range whose rows are all there. Any
   * other tells that the tail is not the one that this journal had.
   */
  async #findLost(fullEnd: number): Promise<string[]> {
    const known = new Set(this.#rows.map(({ key }) => key));
    const keys = await this.#objects.list(SEGMENT_PREFIX);
    const lost = keys.filter((key) => !known.has(key) && !(key === segmentKey(this.end) && this.end < fullEnd));
    return lost.map((key) => `the tail knows nothing of ${key}`);
  }

  async #verifyNewest(): Promise<readonly string[]> {
    let left = VERIFIED_AT_OPEN_BYTES;
    const newest = this.#rows.toReversed().filter((row) => (left -= row.bytes) >= 0);
    return await this.verify(newest);
  }

  /** Reads these objects in full, all of them unless told; answers what is damaged. */
  async verify(rows: readonly CatalogueRow[] = [...this.#rows]): Promise<readonly string[]> {
    const damages: string[] = [];
    for (const row of rows) {
      try {
        if ((await this.#sha256(row)) !== row.sha256) damages.push(`${describeRange(row)}: checksum`);
      } catch (cause) {
        damages.push(`${describeRange(row)}: ${reason(cause)}`);
      }
    }
    return damages;
  }

  /** In pieces, so that nobody waits long for this thread. */
  async #sha256({ key, bytes }: CatalogueRow): Promise<string> {
    const hash = createHash("sha256");
    for (let offset = 0; offset < bytes; offset += VERIFIED_AT_ONCE_BYTES) {
      hash.update(await this.#objects.read(key, offset, Math.min(VERIFIED_AT_ONCE_BYTES, bytes - offset)));
    }
    return hash.digest("hex");
  }
}

export function segmentKey(first: number): string {
  return `${SEGMENT_PREFIX}${String(first).padStart(20, "0")}.seg`;
}

function describeRange({ key, first, count }: CatalogueRow): string {
  return `segment ${key} (sequences ${first} to ${first + count - 1})`;
}
