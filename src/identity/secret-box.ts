import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { Failure, type Random } from "../core/index.ts";

/**
 * Encrypts secrets at rest with AES-256-GCM: `1 byte version, 12 bytes nonce, 16 bytes tag, ciphertext`.
 *
 * `purpose` is authenticated too, so that a value sealed for one use (an access key's secret) cannot be moved to
 * another (a session token) by somebody who can write to the tables.
 */
export class SecretBox {
  readonly #key: KeyObject;
  readonly #random: Random;

  /** `key` has 32 bytes. */
  constructor(key: Uint8Array, random: Random) {
    this.#key = createSecretKey(key);
    this.#random = random;
  }

  seal(plain: string, purpose: string): Uint8Array {
    const nonce = this.#random.bytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(purpose));
    const text = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
    return Buffer.concat([Uint8Array.of(VERSION), nonce, cipher.getAuthTag(), text]);
  }

  /** @throws {Failure} when the value was made with another key or for another purpose, or was changed. */
  open(sealed: Uint8Array, purpose: string): string {
    try {
      if (sealed[0] !== VERSION) throw new Error(`unknown version ${sealed[0]}`);
      const decipher = createDecipheriv("aes-256-gcm", this.#key, sealed.subarray(1, 13), { authTagLength: 16 });
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(13, 29));
      return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]).toString("utf8");
    } catch (cause) {
      throw new Failure(`decrypt a secret (${purpose})`, cause);
    }
  }
}

const VERSION = 1;
