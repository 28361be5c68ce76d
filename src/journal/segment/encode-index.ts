import { ByteWriter } from "./byte-writer.ts";
import type { OrderedRecords } from "./order-records.ts";
import { LISTED, ORDER_PAGE_ENTRIES, PAGE_BYTES } from "./segment-format.ts";
import { encodeTermFilter } from "./term-filter.ts";

/**
 * The time order, ORDER_PAGE_ENTRIES ranks to a page: per rank how many milliseconds it is older than its neighbour,
 * and its position as a difference. The table holds per page where it begins and the first entry in full.
 */
export function encodeOrder({ positions, timesMs }: OrderedRecords): { order: Uint8Array; orderTable: Uint8Array } {
  const order = new ByteWriter();
  const table = new ByteWriter();
  let previousTimeMs = 0;
  let previousPosition = 0;
  for (const [rank, position] of positions.entries()) {
    const timeMs = timesMs[rank] as number;
    if (rank % ORDER_PAGE_ENTRIES === 0) {
      table.u32(order.length);
      table.u32(position);
      table.f64(timeMs);
    } else {
      order.varint(previousTimeMs - timeMs);
      order.zigzag(position - previousPosition);
    }
    previousTimeMs = timeMs;
    previousPosition = position;
  }
  return { order: order.bytes(), orderTable: table.bytes() };
}

/**
 * The terms as a sorted array of fingerprint and payload, the first fingerprint of each page of them as fences, their
 * filter, and the posting lists. Terms that share a fingerprint share a list: a reader checks each record that it answers.
 */
export function encodeTerms({ positions, fingerprints, ranksOf }: OrderedRecords): {
  terms: Uint8Array;
  termFences: Uint8Array;
  termFilter: Uint8Array;
  postings: Uint8Array;
} {
  const terms = new ByteWriter();
  const fences = new ByteWriter();
  const distinct: number[] = [];
  const lists = new ByteWriter();
  const sorted = Uint32Array.from(fingerprints.keys()).sort(
    (left, right) => (fingerprints[left] as number) - (fingerprints[right] as number),
  );
  for (let index = 0; index < sorted.length; ) {
    const fingerprint = fingerprints[sorted[index] as number] as number;
    let ranks = ranksOf(sorted[index] as number);
    for (index++; index < sorted.length && fingerprints[sorted[index] as number] === fingerprint; index++) {
      ranks = union(ranks, ranksOf(sorted[index] as number));
    }
    if (terms.length % PAGE_BYTES === 0) fences.u32(fingerprint);
    distinct.push(fingerprint);
    terms.u32(fingerprint);
    terms.u32(ranks.length === 1 ? (ranks[0] as number) : LISTED + lists.length);
    if (ranks.length > 1) writePostings(lists, ranks, positions.length);
  }
  return {
    terms: terms.bytes(),
    termFences: fences.bytes(),
    termFilter: encodeTermFilter(distinct),
    postings: lists.bytes(),
  };
}

/**
 * Byte length doubled, plus one when the list is a bitmap; then the list. A bitmap of all ranks is the shorter form once
 * every eighth record is listed, and stepping over it costs nothing.
 */
function writePostings(lists: ByteWriter, ranks: Uint32Array, rankCount: number): void {
  const bitmap = ranks.length * 8 > rankCount;
  const list = bitmap ? bitmapOf(ranks, rankCount) : differencesOf(ranks);
  lists.varint(list.length * 2 + (bitmap ? 1 : 0));
  lists.append(list);
}

function bitmapOf(ranks: Uint32Array, rankCount: number): Uint8Array {
  const bits = new Uint8Array((rankCount + 7) >> 3);
  for (const rank of ranks) bits[rank >> 3] = (bits[rank >> 3] as number) | (1 << (rank & 7));
  return bits;
}

function differencesOf(ranks: Uint32Array): Uint8Array {
  const list = new ByteWriter(ranks.length * 2);
  let previous = -1;
  for (const rank of ranks) {
    list.varint(rank - previous - 1);
    previous = rank;
  }
  return list.bytes();
}

function union(left: Uint32Array, right: Uint32Array): Uint32Array {
  return Uint32Array.from(new Set([...left, ...right])).sort();
}
