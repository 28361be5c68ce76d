import { assert } from "../../core/index.ts";
import { encodeBlocks } from "./encode-blocks.ts";
import { encodeOrder, encodeTerms } from "./encode-index.ts";
import { orderRecords } from "./order-records.ts";
import { encodeSegment } from "./segment-format.ts";
import { termHash } from "./term-hash.ts";

export interface SegmentInput {
  /** Sequence of the first record. */
  readonly first: number;
  /** The range salt, 32 bytes. */
  readonly salt: Uint8Array;
  /** Raw record bytes; what is not a JSON object is kept and never found by look-ups. */
  readonly records: readonly Uint8Array[];
  /** 32 bytes per record. */
  readonly leaves: Uint8Array;
}

/** The file of a full range. Pure: the same input gives the same bytes. */
export function buildSegment({ first, salt, records, leaves }: SegmentInput): Uint8Array {
  assert(records.length > 0, "a segment holds at least one record");
  assert(salt.length === 32, "a range salt has 32 bytes");
  assert(leaves.length === records.length * 32, "a segment holds one leaf per record");
  const ordered = orderRecords(records, termHash(salt));
  const { dictionary, blocks, blockTable } = encodeBlocks(records);
  const { order, orderTable } = encodeOrder(ordered);
  const { terms, termFences, termFilter, postings } = encodeTerms(ordered);
  return encodeSegment(
    {
      first,
      count: records.length,
      indexed: ordered.positions.length,
      minTimeMs: ordered.timesMs.at(-1) ?? 0,
      maxTimeMs: ordered.timesMs[0] ?? 0,
      salt: Buffer.from(salt.buffer, salt.byteOffset, salt.byteLength).toString("base64"),
    },
    {
      dictionary,
      blocks,
      "block table": blockTable,
      leaves,
      order,
      "order table": orderTable,
      terms,
      "term fences": termFences,
      "term filter": termFilter,
      postings,
    },
  );
}
