import { constants, zstdCompressSync } from "node:zlib";
import { ByteWriter } from "./byte-writer.ts";
import { BLOCK_BYTES_MAX, BLOCK_RECORDS } from "./segment-format.ts";

const DICTIONARY_BYTES = 32 * 1024;
/** One large record must not fill the dictionary alone. */
const DICTIONARY_RECORD_BYTES_MAX = 8 * 1024;
const LEVEL = { [constants.ZSTD_c_compressionLevel]: 1 };

/**
 * The raw records in zstd blocks, and per block its first position, offset and length when unpacked.
 *
 * All blocks share one dictionary: records spread evenly over the range. It makes a small block pack as well as one of
 * several hundred records, while a look-up unpacks only the small one.
 */
export function encodeBlocks(records: readonly Uint8Array[]): {
  dictionary: Uint8Array;
  blocks: Uint8Array;
  blockTable: Uint8Array;
} {
  const dictionary = chooseDictionary(records);
  const options = dictionary.length > 0 ? { params: LEVEL, dictionary } : { params: LEVEL };
  const blocks: Uint8Array[] = [];
  const table = new ByteWriter();
  let offset = 0;
  for (const [from, to] of blockRanges(records)) {
    const block = blockOf(records.slice(from, to));
    const packed = zstdCompressSync(block, options);
    table.u32(from);
    table.u32(offset);
    table.u32(block.length);
    blocks.push(packed);
    offset += packed.length;
  }
  return {
    dictionary: dictionary.length > 0 ? zstdCompressSync(dictionary, { params: LEVEL }) : dictionary,
    blocks: Buffer.concat(blocks),
    blockTable: table.bytes(),
  };
}

function chooseDictionary(records: readonly Uint8Array[]): Uint8Array {
  const rawBytes = records.reduce((sum, record) => sum + record.length, 0);
  // A dictionary that is not a small part of the whole costs more than it saves.
  if (rawBytes < DICTIONARY_BYTES * 16) return new Uint8Array();
  const chosen: Uint8Array[] = [];
  const wanted = Math.ceil((DICTIONARY_BYTES * records.length) / rawBytes);
  let bytes = 0;
  for (let index = 0; index < wanted && bytes < DICTIONARY_BYTES; index++) {
    const record = records[Math.floor((index * records.length) / wanted)] as Uint8Array;
    if (record.length > DICTIONARY_RECORD_BYTES_MAX) continue;
    chosen.push(record);
    bytes += record.length;
  }
  return Buffer.concat(chosen);
}

function* blockRanges(records: readonly Uint8Array[]): Generator<readonly [from: number, to: number]> {
  let from = 0;
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    const full = index - from === BLOCK_RECORDS || bytes + record.length > BLOCK_BYTES_MAX;
    if (full && index > from) {
      yield [from, index];
      from = index;
      bytes = 0;
    }
    bytes += record.length;
  }
  if (from < records.length) yield [from, records.length];
}

/** The lengths of the records, then the records. */
function blockOf(records: readonly Uint8Array[]): Uint8Array {
  const lengths = Buffer.alloc(records.length * 4);
  for (const [index, record] of records.entries()) lengths.writeUInt32LE(record.length, index * 4);
  return Buffer.concat([lengths, ...records]);
}
