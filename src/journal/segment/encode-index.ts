import { ByteWriter } from "./byte-writer.ts";
import type { OrderedRecords } from "./order-records.ts";
import { LISTED, ORDER_PAGE_ENTRIES, TERM_BYTES, TERMS_PER_PAGE } from "./segment-format.ts";
import type { TermHash } from "./term-hash.ts";

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
 * The terms as a sorted array of fingerprint and payload, the first fingerprint of each page of them as fences, and the
 * posting lists. Terms that share a fingerprint share a list: a reader checks each record that it answers.
 */
export function encodeTerms(
  { positions, ranks }: OrderedRecords,
  hash: TermHash,
): { terms: Uint8Array; termFences: Uint8Array; postings: Uint8Array } {
  const byFingerprint = new Map<number, readonly number[]>();
  for (const [term, list] of ranks) {
    const fingerprint = hash(term);
    const other = byFingerprint.get(fingerprint);
    byFingerprint.set(fingerprint, other === undefined ? list : union(other, list));
  }
  const fingerprints = Uint32Array.from(byFingerprint.keys()).sort();
  const terms = Buffer.alloc(fingerprints.length * TERM_BYTES);
  const fences = new ByteWriter();
  const postings = new ByteWriter();
  for (const [index, fingerprint] of fingerprints.entries()) {
    if (index % TERMS_PER_PAGE === 0) fences.u32(fingerprint);
    terms.writeUInt32LE(fingerprint, index * TERM_BYTES);
    const list = byFingerprint.get(fingerprint) as readonly number[];
    terms.writeUInt32LE(list.length === 1 ? (list[0] as number) : LISTED + postings.length, index * TERM_BYTES + 4);
    if (list.length > 1) writePostings(postings, list, positions.length);
  }
  return { terms, termFences: fences.bytes(), postings: postings.bytes() };
}

/**
 * Byte length doubled, plus one when the list is a bitmap; then the list. A bitmap of all ranks is the shorter form once
 * every eighth record is listed, and stepping over it costs nothing.
 */
function writePostings(postings: ByteWriter, ranks: readonly number[], rankCount: number): void {
  const list = new ByteWriter();
  const bitmap = ranks.length * 8 > rankCount;
  if (bitmap) {
    const bits = new Uint8Array((rankCount + 7) >> 3);
    for (const rank of ranks) bits[rank >> 3] = (bits[rank >> 3] as number) | (1 << (rank & 7));
    list.append(bits);
  } else {
    let previous = -1;
    for (const rank of ranks) {
      list.varint(rank - previous - 1);
      previous = rank;
    }
  }
  postings.varint(list.length * 2 + (bitmap ? 1 : 0));
  postings.append(list.bytes());
}

function union(left: readonly number[], right: readonly number[]): readonly number[] {
  return [...new Set([...left, ...right])].sort((a, b) => a - b);
}
