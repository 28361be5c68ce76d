import { crc32 } from "node:zlib";
import type { PackedRecords } from "./packed-records.ts";

export const LEAF_BYTES = 32;

/** One commit group, or the part of it that lies in one range. */
export interface TailRow extends PackedRecords {
  readonly first: number;
  /** CRC-32 of everything else in the row. */
  readonly crc: number;
  /** LEAF_BYTES per record. */
  readonly leaves: Buffer;
}

export function rowChecksum(row: Omit<TailRow, "crc">): number {
  const numbers = Buffer.alloc(16);
  numbers.writeDoubleLE(row.first, 0);
  numbers.writeDoubleLE(row.count, 8);
  return [row.ids, row.leaves, row.lengths, row.records].reduce((crc, bytes) => crc32(bytes, crc), crc32(numbers));
}

/** What is wrong with the row, or undefined when all of it is as it was written. */
export function rowDamage(row: TailRow): string | undefined {
  if (rowChecksum(row) !== row.crc) return "checksum";
  if (row.lengths.length !== row.count * 4 || row.leaves.length !== row.count * LEAF_BYTES) return "count of records";
  let bytes = 0;
  for (let index = 0; index < row.count; index++) bytes += row.lengths.readUInt32LE(index * 4);
  if (bytes !== row.records.length) return "lengths of records";
  return idsDamage(row);
}

function idsDamage({ ids, count }: PackedRecords): string | undefined {
  let offset = 0;
  let found = 0;
  for (; offset < ids.length; found++) offset += 1 + (ids[offset] ?? 0);
  return offset === ids.length && found === count ? undefined : "eventIDs";
}

/** The bytes of each record, as views of the row's memory. */
export function rowRecords({ count, lengths, records }: PackedRecords): Uint8Array[] {
  const found: Uint8Array[] = [];
  let offset = 0;
  for (let index = 0; index < count; index++) {
    const length = lengths.readUInt32LE(index * 4);
    found.push(records.subarray(offset, offset + length));
    offset += length;
  }
  return found;
}

/** Each eventID, a character per byte: only good for telling whether two are the same. */
export function* rowIds(ids: Buffer): Generator<string> {
  for (let offset = 0; offset < ids.length; ) {
    const end = offset + 1 + (ids[offset] ?? 0);
    yield ids.toString("latin1", offset + 1, end);
    offset = end;
  }
}
