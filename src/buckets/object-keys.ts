import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { Failure, parseArn, type Random } from "../core/index.ts";
import type { Bucket, ObjectEncryption } from "./buckets.ts";
import { refusals } from "./refusals.ts";

/** What an object's key is bound to: the sealed key of one object opens no other. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/** A key for one object's bytes, and the same key as it is kept. */
export interface DataKey {
  readonly key: Uint8Array;
  readonly sealed: Uint8Array;
}

/** The key of SSE-KMS that is used when none is named. */
const SERVICE_KEY = "alias/aws/s3";
const VERSION = 1;

/**
 * The keys of encrypted objects. Each object has its own random one, kept encrypted (AES-256-GCM) by a key that is
 * derived from the installation's master key: one for SSE-S3, one per key id of SSE-KMS. What the object is encrypted
 * with, its encryption context and its place are authenticated with it.
 *
 * A sealed key is `1 byte version, 12 bytes nonce, 16 bytes tag, 32 bytes key`.
 */
export class ObjectKeys {
  readonly #masterKey: Uint8Array;
  readonly #random: Random;
  readonly #known: ReadonlySet<string>;
  readonly #wrapping = new Map<string, Uint8Array>();

  /** `known`: the ids of keys that SSE-KMS may name. */
  constructor(masterKey: Uint8Array, random: Random, known: readonly string[]) {
    this.#masterKey = masterKey;
    this.#random = random;
    this.#known = new Set([...known.map(shortKeyId), SERVICE_KEY]);
  }

  /**
   * What an object is encrypted with: what it says itself, else what its bucket says.
   * @throws {Refusal} `KMS.NotFoundException`.
   */
  choose(bucket: Bucket, own: ObjectEncryption | undefined): ObjectEncryption | undefined {
    const chosen = own ?? bucket.encryption;
    if (chosen?.algorithm !== "aws:kms") return chosen;
    const keyId = chosen.keyId ?? `arn:aws:kms:${bucket.region}:${bucket.account}:${SERVICE_KEY}`;
    this.check(keyId);
    return { ...chosen, keyId };
  }

  /**
   * `keyId`: an id, an `alias/…`, or an ARN of either.
   * @throws {Refusal} `KMS.NotFoundException` when it is none of ours.
   */
  check(keyId: string): void {
    if (!this.#known.has(shortKeyId(keyId))) throw refusals.noSuchEncryptionKey(keyId);
  }

  create(encryption: ObjectEncryption, place: ObjectPlace): DataKey {
    const key = this.#random.bytes(32);
    const nonce = this.#random.bytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#wrappingKey(encryption), nonce);
    cipher.setAAD(boundTo(encryption, place));
    const text = Buffer.concat([cipher.update(key), cipher.final()]);
    return { key, sealed: Buffer.concat([Uint8Array.of(VERSION), nonce, cipher.getAuthTag(), text]) };
  }

  /**
   * @throws {Refusal} `KMS.NotFoundException` when the key is none of ours any more.
   * @throws {Failure} when the sealed key was changed, belongs to another object, or the master key is another one.
   */
  open(sealed: Uint8Array, encryption: ObjectEncryption, place: ObjectPlace): Uint8Array {
    if (encryption.keyId !== undefined) this.check(encryption.keyId);
    try {
      if (sealed[0] !== VERSION) throw new Error(`unknown version ${sealed[0]}`);
      const decipher = createDecipheriv("aes-256-gcm", this.#wrappingKey(encryption), sealed.subarray(1, 13), {
        authTagLength: 16,
      });
      decipher.setAAD(boundTo(encryption, place)).setAuthTag(sealed.subarray(13, 29));
      return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]);
    } catch (cause) {
      throw new Failure(`decrypt the key of ${place.bucket}/${place.key}`, cause);
    }
  }

  #wrappingKey(encryption: ObjectEncryption): Uint8Array {
    const purpose = `${encryption.algorithm} ${shortKeyId(encryption.keyId ?? "")}`;
    const known = this.#wrapping.get(purpose);
    if (known !== undefined) return known;
    const key = new Uint8Array(hkdfSync("sha256", this.#masterKey, "", `buckets ${purpose}`, 32));
    this.#wrapping.set(purpose, key);
    return key;
  }
}

/** `alias/trail` or the id alone, whichever way it was written. */
function shortKeyId(keyId: string): string {
  const resource = parseArn(keyId)?.resource ?? keyId;
  return resource.startsWith("key/") ? resource.slice(4) : resource;
}

function boundTo(encryption: ObjectEncryption, place: ObjectPlace): Uint8Array {
  const context = Object.entries(encryption.context ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Buffer.from(
    JSON.stringify([encryption.algorithm, encryption.keyId ?? null, context, place.bucket, place.key]),
  );
}
