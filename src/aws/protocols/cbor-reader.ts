/**
 * A strict CBOR decoder (RFC 8949) for hostile bytes, as far as rpc-v2-cbor goes: no simple values but false, true, null and
 * undefined, and keys of maps are text. Tag 1 is a timestamp, tags 2 and 3 are big integers; other tags are looked through.
 */
import { Malformed, decodeUtf8, deeper, plainBytes } from "./scalars.ts";
import { readEpochSeconds } from "./timestamps.ts";
import type { Values } from "./tree.ts";
import { setOwn } from "./tree.ts";

/** The one item that `bytes` hold. @throws {Malformed} when they hold less, more, or something else. */
export function decodeCbor(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  const value = reader.item(0);
  if (!reader.atEnd) throw new Malformed("Bytes follow the CBOR item");
  return value;
}

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;

const INDEFINITE = 31;
const BREAK = 0xff;

/** A length that is not told beforehand: the item ends at a break. */
const UNTOLD = -1;

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    // Of a Buffer, slice() would be a view into memory that others own.
    this.#bytes = plainBytes(bytes);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  item(depth: number): unknown {
    const [major, info] = this.#initial();
    switch (major) {
      case UNSIGNED:
        return this.#argument(info);
      case NEGATIVE:
        return negative(this.#argument(info));
      case BYTES:
        return this.#string(BYTES, info);
      case TEXT:
        return decodeUtf8(this.#string(TEXT, info));
      case ARRAY:
        return this.#array(this.#length(info, 1), deeper(depth));
      case MAP:
        return this.#map(this.#length(info, 2), deeper(depth));
      case TAG:
        return this.#tagged(this.#argument(info), deeper(depth));
      default:
        return this.#simple(info);
    }
  }

  #initial(): [major: number, info: number] {
    const byte = this.#bytes[this.#take(1)] ?? 0;
    return [byte >> 5, byte & 31];
  }

  /** Where the next `count` bytes start; they are there. */
  #take(count: number): number {
    const start = this.#at;
    if (count > this.#bytes.length - start) throw new Malformed("The CBOR body ends too early");
    this.#at += count;
    return start;
  }

  #argument(info: number): number | bigint {
    if (info < 24) return info;
    switch (info) {
      case 24:
        return this.#view.getUint8(this.#take(1));
      case 25:
        return this.#view.getUint16(this.#take(2));
      case 26:
        return this.#view.getUint32(this.#take(4));
      case 27:
        return narrowed(this.#view.getBigUint64(this.#take(8)));
      default:
        throw new Malformed("A CBOR item has a reserved length");
    }
  }

  /** A count of parts, each of at least `partBytes`: no count beyond what the body can hold is believed. */
  #length(info: number, partBytes: number): number {
    if (info === INDEFINITE) return UNTOLD;
    const length = this.#argument(info);
    if (length > (this.#bytes.length - this.#at) / partBytes) throw new Malformed("The CBOR body ends too early");
    return Number(length);
  }

  #string(major: number, info: number): Uint8Array {
    const length = this.#length(info, 1);
    if (length !== UNTOLD) return this.#bytes.slice(this.#take(length), this.#at);
    const chunks: Uint8Array[] = [];
    while (!this.#isBreak()) {
      const [chunkMajor, chunkInfo] = this.#initial();
      if (chunkMajor !== major || chunkInfo === INDEFINITE) throw new Malformed("A CBOR string has a foreign chunk");
      const chunk = this.#string(major, chunkInfo);
      // Each chunk of a text is a text of its own: a character may not straddle two.
      if (major === TEXT) decodeUtf8(chunk);
      chunks.push(chunk);
    }
    return new Uint8Array(Buffer.concat(chunks));
  }

  #isBreak(): boolean {
    if (this.atEnd) throw new Malformed("The CBOR body ends too early");
    if (this.#bytes[this.#at] !== BREAK) return false;
    this.#at += 1;
    return true;
  }

  #array(length: number, depth: number): unknown[] {
    const items: unknown[] = [];
    while (length === UNTOLD ? !this.#isBreak() : items.length < length) items.push(this.item(depth));
    return items;
  }

  #map(length: number, depth: number): Values {
    const values: Values = {};
    for (let count = 0; length === UNTOLD ? !this.#isBreak() : count < length; count += 1) {
      const key = this.item(depth);
      if (typeof key !== "string") throw new Malformed("A key of a CBOR map is not text");
      setOwn(values, key, this.item(depth));
    }
    return values;
  }

  #tagged(tag: number | bigint, depth: number): unknown {
    const value = this.item(depth);
    if (tag === 1) {
      if (typeof value !== "number" && typeof value !== "bigint")
        throw new Malformed("A CBOR timestamp is not a number");
      return readEpochSeconds(Number(value));
    }
    if (tag === 2 || tag === 3) return bigInteger(tag, value);
    return value;
  }

  #simple(info: number): unknown {
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
      case 23:
        return null;
      case 25:
        return this.#view.getFloat16(this.#take(2));
      case 26:
        return this.#view.getFloat32(this.#take(4));
      case 27:
        return this.#view.getFloat64(this.#take(8));
      default:
        throw new Malformed("A CBOR item is of no known kind");
    }
  }
}

/** Enough for any integer that a shape can hold. */
const BIG_INTEGER_BYTES_MAX = 16;

function bigInteger(tag: 2 | 3, value: unknown): number | bigint {
  if (!(value instanceof Uint8Array) || value.length > BIG_INTEGER_BYTES_MAX) {
    throw new Malformed("A CBOR big integer is not a short byte string");
  }
  const magnitude = narrowed(BigInt(`0x0${Buffer.from(value).toString("hex")}`));
  return tag === 2 ? magnitude : negative(magnitude);
}

function negative(argument: number | bigint): number | bigint {
  return typeof argument === "number" ? -1 - argument : narrowed(-1n - argument);
}

function narrowed(value: bigint): number | bigint {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value;
}
