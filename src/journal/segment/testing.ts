import { leafHash } from "./leaf-hash.ts";
import type { SegmentInput } from "./build-segment.ts";
import type { SegmentObjects } from "./segment-file.ts";

/** Objects in memory, as segments read them. */
export function memoryObjects(files: Readonly<Record<string, Uint8Array>>): SegmentObjects {
  const file = (key: string): Uint8Array => {
    const bytes = files[key];
    if (bytes === undefined) throw new Error(`no object ${key}`);
    return bytes;
  };
  return {
    read: async (key, offset = 0, length = Infinity) => file(key).subarray(offset, offset + length),
    size: async (key) => file(key).length,
  };
}

/** What the journal hands to buildSegment for these records. */
export function segmentInput(first: number, records: readonly Uint8Array[]): SegmentInput {
  const salt = new Uint8Array(32).fill(first % 251);
  const leaves = records.map((record, position) => leafHash(salt, first + position, record));
  return { first, salt, records, leaves: Buffer.concat(leaves) };
}
