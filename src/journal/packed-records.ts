import { assert } from "../core/index.ts";
import type { JournalRecord } from "./journal.ts";

/** Bytes of an eventID in UTF-8: one byte holds the length. */
const EVENT_ID_BYTES_MAX = 255;

/** Records as they travel to the commit thread and lie in a row: three runs of bytes, no objects. */
export interface PackedRecords {
  readonly count: number;
  /** Per record the length of its bytes, 32 bits, little endian. */
  readonly lengths: Buffer;
  /** Per record one byte with the length of its eventID, then the eventID. */
  readonly ids: Buffer;
  /** The bytes of all records, one after the other. */
  readonly records: Buffer;
}

/** Bytes that `records` take when packed. */
export function packedBytes(records: readonly JournalRecord[]): { idsBytes: number; recordsBytes: number } {
  let idsBytes = 0;
  let recordsBytes = 0;
  for (const { eventID, bytes } of records) {
    const idBytes = Buffer.byteLength(eventID);
    assert(idBytes > 0 && idBytes <= EVENT_ID_BYTES_MAX, "an eventID has 1 to 255 bytes");
    idsBytes += 1 + idBytes;
    recordsBytes += bytes.length;
  }
  return { idsBytes, recordsBytes };
}

/** One piece of memory of its own, to be transferred to another thread: count, bytes of ids, lengths, ids, records. */
export function packRecords(
  batches: readonly (readonly JournalRecord[])[],
  count: number,
  idsBytes: number,
  recordsBytes: number,
): ArrayBuffer {
  const packed = Buffer.allocUnsafeSlow(8 + 4 * count + idsBytes + recordsBytes);
  packed.writeUInt32LE(count, 0);
  packed.writeUInt32LE(idsBytes, 4);
  let length = 8;
  let id = 8 + 4 * count;
  let record = id + idsBytes;
  for (const batch of batches) {
    for (const { eventID, bytes } of batch) {
      length = packed.writeUInt32LE(bytes.length, length);
      const idBytes = packed.write(eventID, id + 1);
      packed[id] = idBytes;
      id += 1 + idBytes;
      packed.set(bytes, record);
      record += bytes.length;
    }
  }
  assert(record === packed.length, "packed records fill their memory");
  return packed.buffer;
}

export function unpackRecords(message: ArrayBuffer): PackedRecords {
  const packed = Buffer.from(message);
  const count = packed.readUInt32LE(0);
  const idsBytes = packed.readUInt32LE(4);
  const ids = 8 + 4 * count;
  return {
    count,
    lengths: packed.subarray(8, ids),
    ids: packed.subarray(ids, ids + idsBytes),
    records: packed.subarray(ids + idsBytes),
  };
}
