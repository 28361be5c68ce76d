import { createHmac, hash } from "node:crypto";

/**
 * The leaf of one record in the transparency log: SHA-256(0x00 ‖ commitment) as RFC 6962 hashes leaves, where
 * commitment = SHA-256(salt ‖ record) and salt = HMAC-SHA256(range salt, sequence as 8 bytes, big endian).
 *
 * Who has the range salt can prove any record of the range; once salt and records are gone, the leaf tells nothing.
 */
export function leafHash(rangeSalt: Uint8Array, sequence: number, record: Uint8Array): Uint8Array {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(sequence));
  const salt = createHmac("sha256", rangeSalt).update(message).digest();
  const commitment = hash("sha256", Buffer.concat([salt, record]), "buffer");
  return hash("sha256", Buffer.concat([LEAF_PREFIX, commitment]), "buffer");
}

const LEAF_PREFIX = Uint8Array.of(0);
