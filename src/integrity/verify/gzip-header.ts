import { crc32 } from "node:zlib";

const FIXED_BYTES = 10;
const [HEADER_CRC, EXTRA, NAME, COMMENT, RESERVED] = [0x02, 0x04, 0x08, 0x10, 0xe0];

/**
 * Where the compressed data begins in a gzip member; `more` when the header goes on behind these bytes, undefined when
 * they are no gzip. @see https://www.rfc-editor.org/rfc/rfc1952#section-2.3
 */
export function gzipHeaderBytes(bytes: Uint8Array): number | "more" | undefined {
  const known = [0x1f, 0x8b, 0x08];
  if (known.some((byte, index) => index < bytes.length && bytes[index] !== byte)) return undefined;
  if (bytes.length < FIXED_BYTES) return "more";
  const flags = bytes[3] ?? 0;
  if (flags & RESERVED) return undefined;
  let at = FIXED_BYTES;
  if (flags & EXTRA) at += 2 + ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
  for (const text of [NAME, COMMENT]) {
    if (!(flags & text)) continue;
    const end = bytes.indexOf(0, at);
    if (at > bytes.length || end < 0) return "more";
    at = end + 1;
  }
  if (flags & HEADER_CRC) {
    at += 2;
    if (at > bytes.length) return "more";
    const stated = (bytes[at - 2] ?? 0) | ((bytes[at - 1] ?? 0) << 8);
    if (stated !== (crc32(bytes.subarray(0, at - 2)) & 0xffff)) return undefined;
  }
  return at > bytes.length ? "more" : at;
}
