import { createHmac } from "node:crypto";
import type { LookupAttributeName } from "../../record/index.ts";

/** What a posting list is about: all of a scope, or one attribute value within it. */
export function termOf(scope: string, attribute?: readonly [name: LookupAttributeName, value: string]): string {
  return attribute === undefined ? scope : `${scope}\0${attribute[0]}\0${attribute[1]}`;
}

/** Hashes terms to 32 bits, differently in every segment. */
export type TermHash = (term: string) => number;

/**
 * HalfSipHash-1-3 over UTF-16 code units (https://github.com/veorq/SipHash), keyed by the segment's salt.
 *
 * Attribute values are chosen by callers. With a hash that anyone can compute they could make values that share one
 * fingerprint, and every look-up of one would have to read the records of all.
 */
export function termHash(salt: Uint8Array): TermHash {
  const key = createHmac("sha256", salt).update("opentrail segment terms").digest();
  const k0 = key.readInt32LE(0);
  const k1 = key.readInt32LE(4);
  return (term) => halfSipHash(k0, k1, term);
}

function halfSipHash(k0: number, k1: number, text: string): number {
  let v0 = k0;
  let v1 = k1;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;
  // Two code units to a word, the last word holds the odd unit and the length; then three rounds of zeros finish.
  const last = text.length >> 1;
  for (let index = 0; index <= last + 3; index++) {
    const unit = index * 2;
    let word = 0;
    if (index < last) word = text.charCodeAt(unit) | (text.charCodeAt(unit + 1) << 16);
    else if (index === last) word = (unit < text.length ? text.charCodeAt(unit) : 0) | (text.length << 16);
    else if (index === last + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = (v1 << 5) | (v1 >>> 27);
    v1 ^= v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = (v3 << 8) | (v3 >>> 24);
    v3 ^= v2;
    v0 = (v0 + v3) | 0;
    v3 = (v3 << 7) | (v3 >>> 25);
    v3 ^= v0;
    v2 = (v2 + v1) | 0;
    v1 = (v1 << 13) | (v1 >>> 19);
    v1 ^= v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return (v1 ^ v3) >>> 0;
}
