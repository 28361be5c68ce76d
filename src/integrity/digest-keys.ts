import { createPrivateKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type { Kysely, Selectable } from "kysely";
import type { Logger } from "pino";
import { type Clock, Failure } from "../core/index.ts";
import { fingerprintOf } from "./digest-file.ts";
import type { PublicKey } from "./digests.ts";
import type { IntegritySchema } from "./schema.ts";

/** A new pair: PKCS#1 DER and PKCS#8 DER. */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** Encrypts private keys at rest; `SecretBox` of identity does. */
export interface KeyBox {
  seal(plain: string, purpose: string): Uint8Array;
  open(sealed: Uint8Array, purpose: string): string;
}

export interface SigningKey {
  readonly fingerprint: string;
  readonly privateKey: KeyObject;
  readonly createdAt: number;
  /** Of its validity, as the table has it. */
  validFrom: number;
  validTo: number;
}

interface DigestKeysNeeds {
  readonly tables: Kysely<IntegritySchema>;
  readonly box: KeyBox;
  readonly clock: Clock;
  readonly log: Logger;
  readonly makeKeyPair: () => Promise<KeyPair>;
}

interface DigestKeysOptions {
  /** How long a key is valid. */
  readonly keyLifetimeMs: number;
  /** How long before its end the next one takes over. */
  readonly keyOverlapMs: number;
}

type KeyRow = Selectable<IntegritySchema["digest_keys"]>;

/**
 * The keys that sign digests, a series per Region. A key signs until the next one is made, which begins some time before its
 * validity ends; then its private half is forgotten.
 *
 * Whoever checks a digest asks for the keys that were valid when it ended, or was generated. A digest may be made days after
 * its end (the process was down), and clocks are set back: so a key's validity grows until it covers whatever it signed.
 */
export class DigestKeys {
  readonly #needs: DigestKeysNeeds;
  readonly #options: DigestKeysOptions;
  readonly #current = new Map<string, SigningKey>();
  readonly #making = new Map<string, Promise<void>>();
  readonly #failing = new Set<string>();
  /** One key is made at a time: each takes a core for a good part of a second. */
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(needs: DigestKeysNeeds, options: DigestKeysOptions) {
    this.#needs = needs;
    this.#options = options;
  }

  /** The key to sign with now. Undefined while the Region's first is being made: ask again later. */
  async current(region: string): Promise<SigningKey | undefined> {
    const key = this.#current.get(region) ?? (await this.#load(region));
    const now = this.#needs.clock.now();
    if (key === undefined || this.#isOld(key, now)) {
      this.#make(region).catch((cause: unknown) => this.#failed(region, cause));
    }
    return key;
  }

  /** Keys whose validity meets [from, to], oldest first; one is made for a Region that has none when now is among them. */
  async list(region: string, from: number, to: number): Promise<readonly PublicKey[]> {
    const now = this.#needs.clock.now();
    const found = await this.#rows(region, from, to);
    const isOfNow = from <= now && to >= now - LEEWAY_MS;
    if (found.length > 0 || !isOfNow || !REGION.test(region)) return found.map(publicKeyOf);
    await this.#make(region);
    return (await this.#rows(region, from, to)).map(publicKeyOf);
  }

  /** To be called in the transaction that makes a signature by the key durable: its validity covers `from` to `to` then. */
  async cover(transaction: Kysely<IntegritySchema>, key: SigningKey, from: number, to: number): Promise<void> {
    const keys = transaction.updateTable("digest_keys").where("fingerprint", "=", key.fingerprint);
    // What we know of it may be older than the table: a validity only ever grows.
    if (from < key.validFrom) await keys.set({ valid_from: from }).where("valid_from", ">", from).execute();
    if (to >= key.validTo)
      await keys
        .set({ valid_to: to + MARGIN_MS })
        .where("valid_to", "<=", to)
        .execute();
  }

  /** The transaction of `cover` was committed. */
  covered(key: SigningKey, from: number, to: number): void {
    key.validFrom = Math.min(key.validFrom, from);
    if (to >= key.validTo) key.validTo = to + MARGIN_MS;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#making.values());
  }

  /** A key of the future was made before the clock was set back. */
  #isOld({ createdAt }: SigningKey, now: number): boolean {
    const { keyLifetimeMs, keyOverlapMs } = this.#options;
    return now >= createdAt + keyLifetimeMs - keyOverlapMs || now < createdAt - keyLifetimeMs;
  }

  async #load(region: string): Promise<SigningKey | undefined> {
    const row = await this.#needs.tables
      .selectFrom("digest_keys")
      .selectAll()
      .where("region", "=", region)
      .where("private_key", "is not", null)
      .orderBy("created_at", "desc")
      .limit(1)
      .executeTakeFirst();
    const privateKey = row === undefined ? undefined : this.#openKey(row);
    if (row === undefined || privateKey === undefined) return undefined;
    const { fingerprint, created_at: createdAt, valid_from: validFrom, valid_to: validTo } = row;
    const key = { fingerprint, privateKey, createdAt, validFrom, validTo };
    this.#current.set(region, key);
    return key;
  }

  /** Undefined when the key that seals is another one than before: what was signed stays provable, a new key goes on. */
  #openKey({ fingerprint, private_key: sealed, region }: KeyRow): KeyObject | undefined {
    try {
      const der = Buffer.from(this.#needs.box.open(sealed ?? new Uint8Array(), purposeOf(fingerprint)), "base64");
      return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    } catch (err) {
      this.#needs.log.error({ err, region, fingerprint }, "a digest key cannot be read; another one takes its place");
      return undefined;
    }
  }

  /** Told once: it is tried again whenever there is something to sign. */
  #failed(region: string, err: unknown): void {
    if (!this.#failing.has(region)) this.#needs.log.error({ err, region }, "a new digest key could not be made");
    this.#failing.add(region);
  }

  #make(region: string): Promise<void> {
    const known = this.#making.get(region);
    if (known !== undefined) return known;
    const making = this.#queue
      .then(() => this.#makeNow(region))
      .catch((cause: unknown) => {
        throw new Failure(`make a digest key for ${region}`, cause);
      })
      .finally(() => this.#making.delete(region));
    this.#making.set(region, making);
    this.#queue = making.catch(() => undefined);
    return making;
  }

  async #makeNow(region: string): Promise<void> {
    if (this.#closed) return;
    const { tables, box, clock, makeKeyPair } = this.#needs;
    const pair = await makeKeyPair();
    const fingerprint = fingerprintOf(pair.publicKey);
    const createdAt = clock.now();
    const validFrom = createdAt - LEEWAY_MS;
    const validTo = validFrom + this.#options.keyLifetimeMs;
    const sealed = box.seal(Buffer.from(pair.privateKey).toString("base64"), purposeOf(fingerprint));
    await tables.transaction().execute(async (transaction) => {
      await transaction.updateTable("digest_keys").set({ private_key: null }).where("region", "=", region).execute();
      const row: KeyRow = {
        fingerprint,
        region,
        public_key: pair.publicKey,
        private_key: sealed,
        created_at: createdAt,
        valid_from: validFrom,
        valid_to: validTo,
      };
      await transaction.insertInto("digest_keys").values(row).execute();
    });
    const privateKey = createPrivateKey({ key: Buffer.from(pair.privateKey), format: "der", type: "pkcs8" });
    this.#current.set(region, { fingerprint, privateKey, createdAt, validFrom, validTo });
    this.#failing.delete(region);
    this.#needs.log.info({ region, fingerprint }, "digests are signed with a new key");
  }

  #rows(region: string, from: number, to: number): Promise<KeyRow[]> {
    return this.#needs.tables
      .selectFrom("digest_keys")
      .selectAll()
      .where("region", "=", region)
      .where("valid_from", "<=", to)
      .where("valid_to", ">=", from)
      .orderBy("created_at")
      .execute();
  }
}

/** Callers name the Region, and a key is kept for ever. */
const REGION = /^[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}$/;

/** Whoever asks for the key of now means the instant at which the call came, which is over once the key is made. */
const LEEWAY_MS = 60 * 1000;

/** By how much the end of a validity is later than the signature that moved it. */
const MARGIN_MS = 24 * 60 * 60 * 1000;

/** RSA-2048, made on a thread of libuv's pool. */
export async function makeKeyPair(): Promise<KeyPair> {
  const pair = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  return {
    publicKey: pair.publicKey.export({ type: "pkcs1", format: "der" }),
    privateKey: pair.privateKey.export({ type: "pkcs8", format: "der" }),
  };
}

function purposeOf(fingerprint: string): string {
  return `digest key ${fingerprint}`;
}

function publicKeyOf({ fingerprint, public_key: value, valid_from: validFrom, valid_to: validTo }: KeyRow): PublicKey {
  return { fingerprint, value, validFrom, validTo };
}
