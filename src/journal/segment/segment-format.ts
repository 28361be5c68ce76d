import { createHash, hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { Failure } from "../../core/index.ts";

/**
 * A segment file: sections, each starting at a page boundary and padded with zeros; then the CRC-32 of every page; then
 * the footer (JSON); then a trailer of fixed length that leads to the footer.
 *
 * Whoever reads a part of a section checks the pages it lies in; whoever verifies a file checks the SHA-256 of each
 * section; the trailer holds the footer's, and the footer those of all others, so no byte is outside.
 */
export type SectionName =
  | "dictionary"
  | "blocks"
  | "block table"
  | "leaves"
  | "order"
  | "order table"
  | "terms"
  | "term fences"
  | "term filter"
  | "postings"
  | "checksums";

/** In the order of the file. */
export const SECTIONS: readonly SectionName[] = [
  "dictionary",
  "blocks",
  "block table",
  "leaves",
  "order",
  "order table",
  "terms",
  "term fences",
  "term filter",
  "postings",
  "checksums",
];

export const PAGE_BYTES = 4096;
/**
 * Records per zstd block, unless they are so large that BLOCK_BYTES_MAX closes it earlier. A page of a rare attribute
 * unpacks fifty blocks. With a shared dictionary 32 records pack tighter than 64 do without, and unpack in two thirds
 * of the time.
 */
export const BLOCK_RECORDS = 32;
export const BLOCK_BYTES_MAX: number = 512 * 1024;
/** Entries of the time order that are decoded together: every event of a rare attribute may stand in another page. */
export const ORDER_PAGE_ENTRIES = 128;
/** Per page: its offset and its first position (u32 each), its first time (f64). */
export const ORDER_TABLE_BYTES = 16;
/** A term is a fingerprint and a payload, 32 bits each. */
export const TERM_BYTES = 8;
export const TERMS_PER_PAGE: number = PAGE_BYTES / TERM_BYTES;
/** Set in a payload that is an offset into the postings; clear in one that is itself the only rank. */
export const LISTED = 0x80000000;

export interface Section {
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
}

export interface Footer {
  /** First sequence of the range. */
  readonly first: number;
  readonly count: number;
  /** Records that event history can find; the others (data events …) are in no list. */
  readonly indexed: number;
  /** Of the indexed records, milliseconds since 1970; both 0 when there are none. */
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  /** The range salt, base64. */
  readonly salt: string;
  readonly sections: Readonly<Record<SectionName, Section>>;
}

const MAGIC = Buffer.from("opentrail segment 2\n");
/** Magic, length of the footer (u32), length of the file (f64), SHA-256 of footer and both lengths. */
export const TRAILER_BYTES: number = MAGIC.length + 4 + 8 + 32;

/** Lays the sections out and closes the file. */
export function encodeSegment(
  facts: Omit<Footer, "sections">,
  contents: Readonly<Record<Exclude<SectionName, "checksums">, Uint8Array>>,
): Uint8Array {
  const parts: Uint8Array[] = [];
  const sections: Partial<Record<SectionName, Section>> = {};
  const checksums: Uint8Array[] = [];
  let offset = 0;
  for (const name of SECTIONS) {
    const bytes = name === "checksums" ? Buffer.concat(checksums) : contents[name];
    sections[name] = { offset, length: bytes.length, sha256: hash("sha256", bytes) };
    const padding = new Uint8Array(name === "checksums" ? 0 : -bytes.length & (PAGE_BYTES - 1));
    if (name !== "checksums") checksums.push(pageChecksums(bytes, padding));
    parts.push(bytes, padding);
    offset += bytes.length + padding.length;
  }
  const footer = Buffer.from(JSON.stringify({ ...facts, sections }));
  return Buffer.concat([...parts, footer, encodeTrailer(footer, offset + footer.length + TRAILER_BYTES)]);
}

/** A section may be a hundred megabytes: it is not copied to be padded. */
function pageChecksums(bytes: Uint8Array, padding: Uint8Array): Uint8Array {
  const checksums = Buffer.alloc(((bytes.length + padding.length) / PAGE_BYTES) * 4);
  for (let page = 0; page * PAGE_BYTES < bytes.length; page++) {
    const end = (page + 1) * PAGE_BYTES;
    const crc = crc32(bytes.subarray(page * PAGE_BYTES, end));
    checksums.writeUInt32LE(end > bytes.length ? crc32(padding, crc) : crc, page * 4);
  }
  return checksums;
}

function encodeTrailer(footer: Uint8Array, fileBytes: number): Uint8Array {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  MAGIC.copy(trailer);
  trailer.writeUInt32LE(footer.length, MAGIC.length);
  trailer.writeDoubleLE(fileBytes, MAGIC.length + 4);
  trailer.set(trailerHash(footer, trailer), MAGIC.length + 12);
  return trailer;
}

function trailerHash(footer: Uint8Array, trailer: Uint8Array): Uint8Array {
  return createHash("sha256")
    .update(footer)
    .update(trailer.subarray(0, MAGIC.length + 12))
    .digest();
}

/** Where the footer lies, by the last TRAILER_BYTES of a file. */
export function locateFooter(key: string, trailer: Uint8Array, fileBytes: number): { offset: number; length: number } {
  const bytes = Buffer.from(trailer.buffer, trailer.byteOffset, trailer.byteLength);
  if (bytes.length !== TRAILER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged(key, "trailer");
  const length = bytes.readUInt32LE(MAGIC.length);
  const offset = fileBytes - TRAILER_BYTES - length;
  if (bytes.readDoubleLE(MAGIC.length + 4) !== fileBytes || offset < 0) throw damaged(key, "trailer");
  return { offset, length };
}

export function decodeFooter(key: string, footer: Uint8Array, trailer: Uint8Array): Footer {
  const expected = trailer.subarray(MAGIC.length + 12);
  if (Buffer.compare(trailerHash(footer, trailer), expected) !== 0) throw damaged(key, "footer");
  return JSON.parse(Buffer.from(footer.buffer, footer.byteOffset, footer.byteLength).toString()) as Footer;
}

export function damaged(key: string, part: SectionName | "trailer" | "footer", cause?: unknown): Failure {
  return new Failure(`segment ${key} is damaged: ${part}`, cause);
}
