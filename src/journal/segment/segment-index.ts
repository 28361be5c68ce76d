import type { LookupAttributeName } from "../../record/index.ts";
import { ByteReader, u32Array } from "./byte-reader.ts";
import { bitmapRanks, intersection, listedRanks, NO_RANKS, type Ranks, singleRank } from "./posting-list.ts";
import type { SegmentFile } from "./segment-file.ts";
import { LISTED, ORDER_PAGE_ENTRIES, ORDER_TABLE_BYTES, TERM_BYTES, TERMS_PER_PAGE } from "./segment-format.ts";
import { mayContain } from "./term-filter.ts";
import { type TermHash, termHash, termOf } from "./term-hash.ts";

/** Where an event stands in event history: newest first by time, then by sequence. */
export interface Place {
  /** eventTime, milliseconds since 1970. */
  readonly timeMs: number;
  readonly sequence: number;
}

export interface SegmentQuery {
  readonly scope: string;
  /** All of them must hold; none means every event of the scope. */
  readonly attributes: readonly (readonly [name: LookupAttributeName, value: string])[];
  /** Only events that stand after this place. */
  readonly after?: Place;
  /** Only events at or before this time. */
  readonly untilMs: number;
  /** Only events at or after this time. */
  readonly sinceMs: number;
}

/** Finds candidates in one segment. Resident: two small tables and the term filter; all else is read when asked for. */
export class SegmentIndex {
  readonly #file: SegmentFile;
  readonly #hash: TermHash;
  readonly #fences: Uint32Array;
  readonly #filter: Uint8Array;
  readonly #pages: OrderTable;

  private constructor(file: SegmentFile, fences: Uint8Array, filter: Uint8Array, orderTable: Uint8Array) {
    this.#file = file;
    this.#hash = termHash(Buffer.from(file.footer.salt, "base64"));
    this.#fences = u32Array(fences);
    this.#filter = filter;
    this.#pages = decodeOrderTable(orderTable);
  }

  static async open(file: SegmentFile): Promise<SegmentIndex> {
    const fences = await file.readWhole("term fences");
    const filter = await file.readWhole("term filter");
    return new SegmentIndex(file, fences, filter, await file.readWhole("order table"));
  }

  /** False when no record has all the terms; known without reading anything. */
  mayHold(query: SegmentQuery): boolean {
    return termsOf(query).every((term) => mayContain(this.#filter, this.#hash(term)));
  }

  /**
   * The places of events that may match, in order. Fingerprints can collide: who answers a record must have compared
   * its attributes. Scope, time and `after` are exact once the record's scope is.
   */
  async *candidates(query: SegmentQuery): AsyncGenerator<Place> {
    const ranks = await this.#ranksOf(query);
    if (ranks.size === 0) return;
    let page = new OrderPage(0, [], []);
    for (let rank = ranks.seek(await this.#firstRank(query)); rank !== Infinity; rank = ranks.seek(rank + 1)) {
      if (!page.holds(rank)) page = await this.#orderPage(Math.floor(rank / ORDER_PAGE_ENTRIES));
      const place = page.place(rank);
      if (place.timeMs < query.sinceMs) return;
      yield place;
    }
  }

  async #ranksOf(query: SegmentQuery): Promise<Ranks> {
    const lists: Ranks[] = [];
    for (const term of termsOf(query)) {
      const ranks = await this.#postings(this.#hash(term));
      if (ranks.size === 0) return NO_RANKS;
      lists.push(ranks);
    }
    return lists.length === 1 ? (lists[0] as Ranks) : intersection(lists);
  }

  async #postings(fingerprint: number): Promise<Ranks> {
    const page = lastAtMost(this.#fences, fingerprint);
    if (page < 0) return NO_RANKS;
    const begin = page * TERMS_PER_PAGE * TERM_BYTES;
    const length = Math.min(TERMS_PER_PAGE * TERM_BYTES, this.#file.footer.sections.terms.length - begin);
    const payload = findTerm(await this.#file.read("terms", begin, length), fingerprint);
    if (payload === undefined) return NO_RANKS;
    if (payload < LISTED) return singleRank(payload);
    const offset = payload - LISTED;
    const headLength = Math.min(8, this.#file.footer.sections.postings.length - offset);
    const head = new ByteReader(await this.#file.read("postings", offset, headLength));
    const coded = head.varint();
    const list = await this.#file.read("postings", offset + head.offset, Math.floor(coded / 2));
    return coded % 2 === 1 ? bitmapRanks(list) : listedRanks(list);
  }

  /** The first rank that is old enough for the query. */
  async #firstRank({ after, untilMs }: SegmentQuery): Promise<number> {
    const late = (place: Place): boolean =>
      place.timeMs > untilMs || (after !== undefined && !(comparePlaces(after, place) < 0));
    let low = 0;
    let high = this.#pages.offsets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (late(this.#tablePlace(middle))) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return 0;
    // Page `low` begins old enough; the page before it begins too late and may turn in its middle.
    const page = await this.#orderPage(low - 1);
    let rank = page.firstRank;
    while (page.holds(rank) && late(page.place(rank))) rank++;
    return rank;
  }

  #tablePlace(page: number): Place {
    const position = this.#pages.positions[page] as number;
    return { timeMs: this.#pages.timesMs[page] as number, sequence: this.#file.footer.first + position };
  }

  async #orderPage(page: number): Promise<OrderPage> {
    const offset = this.#pages.offsets[page] as number;
    const end = this.#pages.offsets[page + 1] ?? this.#file.footer.sections.order.length;
    const { timeMs, sequence } = this.#tablePlace(page);
    const reader = new ByteReader(await this.#file.read("order", offset, end - offset));
    const sequences = [sequence];
    const timesMs = [timeMs];
    for (let index = 0; !reader.ended; index++) {
      timesMs.push((timesMs[index] as number) - reader.varint());
      sequences.push((sequences[index] as number) + reader.zigzag());
    }
    return new OrderPage(page * ORDER_PAGE_ENTRIES, timesMs, sequences);
  }
}

/** Negative when `left` stands before `right`, that is, when it is newer. */
export function comparePlaces(left: Place, right: Place): number {
  return right.timeMs - left.timeMs || right.sequence - left.sequence;
}

/** An attribute's term implies its scope. */
function termsOf({ scope, attributes }: SegmentQuery): readonly string[] {
  return attributes.length === 0 ? [termOf(scope)] : attributes.map((attribute) => termOf(scope, attribute));
}

class OrderPage {
  readonly firstRank: number;
  readonly #timesMs: readonly number[];
  readonly #sequences: readonly number[];

  constructor(firstRank: number, timesMs: readonly number[], sequences: readonly number[]) {
    this.firstRank = firstRank;
    this.#timesMs = timesMs;
    this.#sequences = sequences;
  }

  holds(rank: number): boolean {
    return rank >= this.firstRank && rank < this.firstRank + this.#timesMs.length;
  }

  place(rank: number): Place {
    const index = rank - this.firstRank;
    return { timeMs: this.#timesMs[index] as number, sequence: this.#sequences[index] as number };
  }
}

/** The first entry of every page of the time order, and where the page begins. */
interface OrderTable {
  readonly offsets: Uint32Array;
  readonly positions: Uint32Array;
  readonly timesMs: Float64Array;
}

function decodeOrderTable(bytes: Uint8Array): OrderTable {
  const reader = new ByteReader(bytes);
  const count = bytes.length / ORDER_TABLE_BYTES;
  const table = {
    offsets: new Uint32Array(count),
    positions: new Uint32Array(count),
    timesMs: new Float64Array(count),
  };
  for (let page = 0; page < count; page++) {
    table.offsets[page] = reader.u32();
    table.positions[page] = reader.u32();
    table.timesMs[page] = reader.f64();
  }
  return table;
}

/** Index of the last of the ascending values that is at most `wanted`, or -1. */
function lastAtMost(values: Uint32Array, wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function findTerm(page: Uint8Array, fingerprint: number): number | undefined {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let low = 0;
  let high = page.length / TERM_BYTES;
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = view.getUint32(middle * TERM_BYTES, true);
    if (found === fingerprint) return view.getUint32(middle * TERM_BYTES + 4, true);
    if (found < fingerprint) low = middle + 1;
    else high = middle;
  }
  return undefined;
}
