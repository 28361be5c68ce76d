/** A CBOR encoder for trees of plain values; every length is told beforehand. */

/** A number that is to be written as a float even when it is whole. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;

const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const FLOAT32 = 0xfa;
const FLOAT64 = 0xfb;

export function encodeCbor(value: unknown): Uint8Array {
  const writer = new Writer();
  writer.item(value);
  return writer.bytes();
}

class Writer {
  #buffer = Buffer.allocUnsafe(1024);
  #at = 0;

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  item(value: unknown): void {
    if (typeof value === "string") this.#text(value);
    else if (typeof value === "bigint" || Number.isSafeInteger(value)) this.#integer(value as number | bigint);
    else if (typeof value === "number") this.#float(value);
    else if (typeof value === "boolean") this.#byte(value ? TRUE : FALSE);
    else if (typeof value !== "object" || value === null) this.#byte(NULL);
    else if (value instanceof Float) this.#float(value.value);
    else if (value instanceof Date) this.#date(value);
    else if (value instanceof Uint8Array) this.#raw(BYTES, value);
    else if (Array.isArray(value)) this.#array(value);
    else this.#map(value as Record<string, unknown>);
  }

  #array(items: readonly unknown[]): void {
    this.#head(ARRAY, items.length);
    for (const item of items) this.item(item);
  }

  #map(values: Record<string, unknown>): void {
    const keys = Object.keys(values);
    this.#head(MAP, keys.length);
    for (const key of keys) {
      this.#text(key);
      this.item(values[key]);
    }
  }

  /** Tag 1: epoch seconds, a float only when there are milliseconds. */
  #date(date: Date): void {
    this.#head(TAG, 1);
    const seconds = date.getTime() / 1000;
    if (Number.isInteger(seconds)) this.#integer(seconds);
    else this.#float(seconds);
  }

  #integer(value: number | bigint): void {
    if (value >= 0) this.#head(UNSIGNED, value);
    else this.#head(NEGATIVE, typeof value === "bigint" ? -1n - value : -1 - value);
  }

  /** In four bytes when nothing is lost, else in eight. */
  #float(value: number): void {
    const at = this.#reserve(9);
    const isShort = Object.is(Math.fround(value), value);
    this.#buffer[at] = isShort ? FLOAT32 : FLOAT64;
    this.#at = isShort ? this.#buffer.writeFloatBE(value, at + 1) : this.#buffer.writeDoubleBE(value, at + 1);
  }

  #text(value: string): void {
    const length = Buffer.byteLength(value);
    this.#head(TEXT, length);
    const at = this.#reserve(length);
    this.#at = at + this.#buffer.write(value, at, "utf8");
  }

  #raw(major: number, bytes: Uint8Array): void {
    this.#head(major, bytes.length);
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
    this.#at = at + bytes.length;
  }

  #head(major: number, argument: number | bigint): void {
    const at = this.#reserve(9);
    const start = major << 5;
    const count = Number(argument);
    if (count < 24) {
      this.#at = this.#buffer.writeUInt8(start | count, at);
    } else if (count <= 0xff) {
      this.#at = this.#buffer.writeUInt8(count, this.#buffer.writeUInt8(start | 24, at));
    } else if (count <= 0xffff) {
      this.#at = this.#buffer.writeUInt16BE(count, this.#buffer.writeUInt8(start | 25, at));
    } else if (count <= 0xffff_ffff) {
      this.#at = this.#buffer.writeUInt32BE(count, this.#buffer.writeUInt8(start | 26, at));
    } else {
      this.#at = this.#buffer.writeBigUInt64BE(BigInt(argument), this.#buffer.writeUInt8(start | 27, at));
    }
  }

  #byte(value: number): void {
    const at = this.#reserve(1);
    this.#at = this.#buffer.writeUInt8(value, at);
  }

  /** Makes room for `count` more bytes and answers where they go. The buffer may be another one afterwards. */
  #reserve(count: number): number {
    if (this.#at + count > this.#buffer.length) {
      const larger = Buffer.allocUnsafe((this.#at + count) * 2);
      this.#buffer.copy(larger, 0, 0, this.#at);
      this.#buffer = larger;
    }
    return this.#at;
  }
}
