import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { PackedRecords } from "./packed-records.ts";

export const LEAF_BYTES = 32;

/** One commit group, or the part of it that lies in one range. */
export interface TailRow extends PackedRecords {
  readonly first: number;
  /** LEAF_BYTES per record. */
  readonly leaves: Buffer;
}

/** The row as it lies in the table. */
export interface StoredRow extends TailRow {
  /** 1 when `records` is a zstd frame. */
  readonly zipped: number;
  /** CRC-32 of everything else, as stored. */
  readonly crc: number;
}

/** The columns of `groups`, in the order that StoredRow is written in. */
export const ROW_COLUMNS = "first, count, crc, ids, leaves, lengths, zipped, records";

/** From here on compressing costs less than writing: each byte would be written twice, to the log and to the file. */
const ZIPPED_BYTES_MIN = 8 * 1024;
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export function storeRow(row: TailRow): StoredRow {
  const zip = row.records.length >= ZIPPED_BYTES_MIN ? zstdCompressSync(row.records, LEVEL) : row.records;
  const zipped = zip.length < row.records.length ? 1 : 0;
  const stored = { ...row, zipped, records: zipped === 1 ? zip : row.records };
  return { ...stored, crc: checksum(stored) };
}

/** @throws {Error} naming the sequences when the row is not in every bit as it was written. */
export function loadRow(found: Readonly<Record<string, unknown>>): TailRow {
  const stored: StoredRow = {
    first: Number(found.first),
    count: Number(found.count),
    crc: Number(found.crc),
    ids: blob(found.ids),
    leaves: blob(found.leaves),
    lengths: blob(found.lengths),
    zipped: Number(found.zipped),
    records: blob(found.records),
  };
  const damage = checksum(stored) === stored.crc ? undefined : "checksum";
  if (damage === undefined && hasGoodShape(stored)) return unzip(stored);
  throw new Error(`${describeSequences(stored)} are damaged: ${damage ?? "shape"}`);
}

export function describeSequences({ first, count }: { readonly first: number; readonly count: number }): string {
  return `sequences ${first} to ${first + count - 1}`;
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

/** A blob as SQLite answers it; no bytes when it is anything else. */
export function blob(value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) return Buffer.alloc(0);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** CRC-32 of numbers, texts and bytes, one after the other. */
export function checksumOf(...parts: readonly (number | string | Uint8Array)[]): number {
  let crc = 0;
  for (const part of parts) crc = crc32(typeof part === "number" ? `${part} ` : part, crc);
  return crc;
}

function checksum(row: Omit<StoredRow, "crc">): number {
  return checksumOf(row.first, row.count, row.zipped, row.ids, row.leaves, row.lengths, row.records);
}

/** Cheap to ask, and whoever reads on relies on it: a checksum of 32 bits lets one damage in four thousand million by. */
function hasGoodShape({ count, ids, lengths, leaves }: StoredRow): boolean {
  let idCount = 0;
  let offset = 0;
  for (; offset < ids.length; idCount++) offset += 1 + (ids[offset] ?? 0);
  const idsFit = offset === ids.length && idCount === count;
  return count > 0 && idsFit && lengths.length === count * 4 && leaves.length === count * LEAF_BYTES;
}

function unzip(row: StoredRow): TailRow {
  let bytes = 0;
  for (let index = 0; index < row.count; index++) bytes += row.lengths.readUInt32LE(index * 4);
  const bounds = { chunkSize: Math.max(64, bytes), maxOutputLength: Math.max(1, bytes) };
  const records = row.zipped === 1 ? zstdDecompressSync(row.records, bounds) : row.records;
  if (records.length !== bytes) throw new Error(`${describeSequences(row)} are damaged: lengths`);
  return { ...row, records };
}
