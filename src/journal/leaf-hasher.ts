import { hash } from "node:crypto";

const SALT_BYTES = 32;
const HMAC_BLOCK_BYTES = 64;

/**
 * The leaves of one range, as `leafHash` of the segments defines them, for the thread that computes every one: the
 * HMAC is written out as its two hashes (RFC 2104), over memory that is used again. A hash of something this small is
 * mostly the cost of asking for it; asked for as a string it costs half.
 */
export class LeafHasher {
  readonly #inner = Buffer.alloc(HMAC_BLOCK_BYTES + 8);
  readonly #outer = Buffer.alloc(HMAC_BLOCK_BYTES + SALT_BYTES);
  /** 0x00, which RFC 6962 puts before a leaf, and the commitment. */
  readonly #leaf = Buffer.alloc(1 + 32);
  #salted = Buffer.alloc(4096);

  constructor(rangeSalt: Uint8Array) {
    for (let index = 0; index < HMAC_BLOCK_BYTES; index++) {
      const key = rangeSalt[index] ?? 0;
      this.#inner[index] = key ^ 0x36;
      this.#outer[index] = key ^ 0x5c;
    }
  }

  /** Writes the leaf of the record with this sequence, 32 bytes, into `into` at `offset`. */
  write(sequence: number, record: Uint8Array, into: Buffer, offset: number): void {
    this.#inner.writeUInt32BE(Math.floor(sequence / 2 ** 32), HMAC_BLOCK_BYTES);
    this.#inner.writeUInt32BE(sequence % 2 ** 32, HMAC_BLOCK_BYTES + 4);
    writeHash(this.#inner, this.#outer, HMAC_BLOCK_BYTES);
    const saltedBytes = SALT_BYTES + record.length;
    if (this.#salted.length < saltedBytes) this.#salted = Buffer.alloc(saltedBytes * 2);
    writeHash(this.#outer, this.#salted, 0);
    this.#salted.set(record, SALT_BYTES);
    writeHash(this.#salted.subarray(0, saltedBytes), this.#leaf, 1);
    writeHash(this.#leaf, into, offset);
  }
}

function writeHash(bytes: Uint8Array, into: Buffer, offset: number): void {
  into.write(hash("sha256", bytes, "binary"), offset, "latin1");
}
