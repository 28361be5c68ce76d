import { createHash, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { gunzipSync } from "node:zlib";
import type { Kysely } from "kysely";
import { pino } from "pino";
import { assert, type Clock } from "../core/index.ts";
import { openTables } from "../store/index.ts";
import type { KeyPair } from "./digest-keys.ts";
import type { ChainName, DeliveredFile, DigestedTrail, PublicKey, PutDigest } from "./digests.ts";
import { DigestMaker, type DigestsOptions } from "./open-digests.ts";
import { type IntegritySchema, integrityMigrations } from "./schema.ts";

export const HOUR_MS = 3_600_000;
export const START: number = Date.UTC(2026, 2, 1, 11, 1, 31);

/** Time that passes when a test says so; `set` is an operator at the machine's clock. */
export class TestClock implements Clock {
  #now = START;
  #elapsed = 0;

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  pass(ms: number): void {
    this.#now += ms;
    this.#elapsed += ms;
  }

  set(now: number): void {
    this.#now = now;
  }
}

/** RSA keys made once, handed out in turn; small ones where it does not matter. */
export function keySource(count: number, modulusLength = 1024): () => () => Promise<KeyPair> {
  const pairs = Array.from({ length: count }, () =>
    generateKeyPairSync("rsa", {
      modulusLength,
      publicKeyEncoding: { type: "pkcs1", format: "der" },
      privateKeyEncoding: { type: "pkcs8", format: "der" },
    }),
  );
  return () => {
    const left = [...pairs];
    return async () => {
      const pair = left.shift();
      assert(pair !== undefined, `no test needs more than ${count} keys`);
      return pair;
    };
  };
}

export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  readonly puts: number;
}

/** Buckets in memory that fail as they are told to, by name, and forgive no second object under a key. */
export class MemoryBuckets {
  readonly objects: Map<string, StoredObject> = new Map();
  /** `not written`: refused; `written, reply lost`: it lies there and nobody knows. */
  readonly failing: Map<string, { readonly loss: Loss; readonly code: string; times: number }> = new Map();
  /** Keys in the order in which they were put. */
  readonly order: string[] = [];
  /** What was said of each attempt. */
  readonly again: boolean[] = [];

  fail(bucket: string, loss: Loss, times: number = Infinity, code: string = "AccessDenied"): void {
    this.failing.set(bucket, { loss, code, times });
  }

  repair(): void {
    this.failing.clear();
  }

  readonly put: PutDigest = async ({ bucket, key, bytes, metadata, again }) => {
    this.again.push(again);
    const fault = this.failing.get(bucket);
    const strikes = fault !== undefined && fault.times-- > 0;
    if (strikes && fault.loss === "not written") throw failureWith(fault.code);
    const place = `${bucket}/${key}`;
    const before = this.objects.get(place);
    assert(before === undefined || again, `${place} was there before`);
    assert(before === undefined || Buffer.compare(before.bytes, bytes) === 0, `${place} has other bytes than before`);
    this.objects.set(place, { bytes, metadata, puts: (before?.puts ?? 0) + 1 });
    this.order.push(place);
    if (strikes) throw failureWith(fault.code);
    return { etag: `"${createHash("md5").update(bytes).digest("hex")}"` };
  };
}

export type Loss = "not written" | "written, reply lost";

function failureWith(code: string): Error {
  return Object.assign(new Error(`put: ${code}`), { code });
}

export const TRAIL: DigestedTrail = {
  trailId: "trail-1",
  name: "example-trail",
  arn: "arn:aws:cloudtrail:us-east-1:123456789012:trail/example-trail",
  homeRegion: "us-east-1",
  bucket: "logs",
  multiRegion: true,
  logging: true,
  validating: true,
};
export const HOME: ChainName = { trailId: "trail-1", account: "123456789012", region: "us-east-1" };

export const OPTIONS: DigestsOptions = {
  intervalMs: HOUR_MS,
  keyLifetimeMs: 30 * 24 * HOUR_MS,
  keyOverlapMs: 7 * 24 * HOUR_MS,
  retry: { firstMs: 1000, maxMs: 60_000 },
};

/** Seals nothing, but knows what it sealed for what. */
const BOX = {
  seal: (plain: string, purpose: string): Uint8Array => Buffer.from(JSON.stringify({ plain, purpose })),
  open: (sealed: Uint8Array, purpose: string): string => {
    const found = JSON.parse(Buffer.from(sealed).toString()) as { plain: string; purpose: string };
    assert(found.purpose === purpose, "sealed for this");
    return found.plain;
  },
};

/** Digests over tables and buckets in memory, with a clock in hand. */
export class DigestRig {
  readonly tables: Kysely<IntegritySchema>;
  readonly clock: TestClock = new TestClock();
  readonly buckets: MemoryBuckets = new MemoryBuckets();
  /** Whether the delivery has files of a Region that are not delivered. */
  readonly pending: Set<string> = new Set();
  /** Log lines of level `warn` and above. */
  readonly said: string[] = [];
  readonly #makeKeyPair: () => Promise<KeyPair>;
  readonly #options: DigestsOptions;
  digests: DigestMaker;
  #files = 0;

  private constructor(tables: Kysely<IntegritySchema>, makeKeyPair: () => Promise<KeyPair>, options: DigestsOptions) {
    this.tables = tables;
    this.#makeKeyPair = makeKeyPair;
    this.#options = options;
    this.digests = this.openAgain();
  }

  static async open(makeKeyPair: () => Promise<KeyPair>, options: Partial<DigestsOptions> = {}): Promise<DigestRig> {
    const tables = await openTables<IntegritySchema>(":memory:", integrityMigrations);
    return new DigestRig(tables, makeKeyPair, { ...OPTIONS, ...options });
  }

  /** As after a crash: nothing is left but the tables. `through` may break them. */
  openAgain(through: (tables: Kysely<IntegritySchema>) => Kysely<IntegritySchema> = (tables) => tables): DigestMaker {
    const said = { write: (line: string) => void this.said.push((JSON.parse(line) as { msg: string }).msg) };
    this.digests = new DigestMaker(
      {
        tables: through(this.tables),
        box: BOX,
        put: this.buckets.put,
        pending: async ({ region }) => this.pending.has(region),
        clock: this.clock,
        log: pino({ level: "warn" }, said),
        makeKeyPair: this.#makeKeyPair,
      },
      this.#options,
    );
    return this.digests;
  }

  change(trail: Partial<DigestedTrail> = {}, accounts: readonly string[] = [HOME.account]): Promise<void> {
    return this.tables.transaction().execute((transaction) => {
      return this.digests.trailChanged(transaction, { ...TRAIL, ...trail }, accounts, this.clock.now());
    });
  }

  /** Delivers a log file; answers its key. */
  async deliver(file: Partial<DeliveredFile> = {}, chain: ChainName = HOME): Promise<string> {
    const key = `log-${this.#files++}`;
    const now = this.clock.now();
    const delivered: DeliveredFile = {
      bucket: "logs",
      key,
      sha256: createHash("sha256").update(key).digest("hex"),
      oldestMs: now - 300_000,
      newestMs: now - 1000,
      deliveredAt: now,
      ...file,
    };
    await this.tables.transaction().execute((transaction) => this.digests.fileDelivered(transaction, chain, delivered));
    return key;
  }

  /** Ticks until nothing is left to do at this time. */
  async settle(): Promise<void> {
    // The second round finds the key that the first one asked for.
    for (let round = 0; round < 3; round += 1) {
      while (await this.digests.tick()) await this.digests.idle();
      await this.digests.idle();
      await this.digests.publicKeys("us-east-1", this.clock.now(), this.clock.now());
    }
  }

  async passAndSettle(ms: number): Promise<void> {
    this.clock.pass(ms);
    await this.settle();
  }

  async allKeys(): Promise<readonly PublicKey[]> {
    const regions = await this.tables.selectFrom("digest_keys").select("region").distinct().execute();
    const keys = regions.map(({ region }) => this.digests.publicKeys(region, 0, Number.MAX_SAFE_INTEGER));
    return (await Promise.all(keys)).flat();
  }

  async chains(): Promise<readonly CheckedChain[]> {
    return checkChains(this.buckets.objects, await this.allKeys());
  }

  async close(): Promise<void> {
    await this.digests.close();
    await this.tables.destroy();
  }
}

export interface CheckedDigest {
  readonly place: string;
  readonly start: string;
  readonly end: string;
  readonly starting: boolean;
  readonly files: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

/** Digests of one trail, account and Region, or its backfill digests, in the order of their names. */
export interface CheckedChain {
  readonly name: string;
  readonly digests: readonly CheckedDigest[];
}

/**
 * Checks what lies in buckets by the format's description alone, with nothing of ours: places, times, links, signatures and
 * the keys' validity. @throws when anything is not as it must be.
 */
function checkChains(objects: ReadonlyMap<string, StoredObject>, keys: readonly PublicKey[]): readonly CheckedChain[] {
  const chains = new Map<string, CheckedDigest[]>();
  const digests = [...objects].filter(([place]) => place.includes("/CloudTrail-Digest/"));
  const byName = digests.toSorted(([one], [other]) => (stampIn(one) < stampIn(other) ? -1 : 1));
  for (const [place, object] of byName) {
    const name = place.replace(/^.*\//, "").replace(/_\d{8}T\d{6}Z/, "");
    const chain = chains.get(name) ?? [];
    chains.set(name, chain);
    chain.push(checkDigest(place, object, chain.at(-1), objects, keys));
  }
  return [...chains].map(([name, digests]) => ({ name, digests }));
}

function stampIn(place: string): string {
  return /_(\d{8}T\d{6}Z)(_backfill)?\.json\.gz$/.exec(place)?.[1] ?? "";
}

function checkDigest(
  place: string,
  { bytes, metadata }: StoredObject,
  before: CheckedDigest | undefined,
  objects: ReadonlyMap<string, StoredObject>,
  keys: readonly PublicKey[],
): CheckedDigest {
  const plain = gunzipSync(bytes);
  const body = JSON.parse(plain.toString()) as Record<string, string | null> & { logFiles: { s3Object: string }[] };
  const isBackfill = place.endsWith("_backfill.json.gz");
  const { digestStartTime: start, digestEndTime: end } = body;
  assert(typeof start === "string" && typeof end === "string" && start < end, `${place}: times`);
  assert(stampIn(place) === end.replace(/[-:]/g, ""), `${place}: its name tells its end`);
  assert(`${body["digestS3Bucket"]}/${body["digestS3Object"]}` === place, `${place}: its place`);
  const starting = body["previousDigestSignature"] === null;
  if (!starting) {
    const previous = objects.get(`${body["previousDigestS3Bucket"]}/${body["previousDigestS3Object"]}`);
    assert(previous !== undefined && before !== undefined, `${place}: the one before it`);
    assert(before.place.endsWith(`/${body["previousDigestS3Object"]}`), `${place}: follows another one`);
    assert(previous.metadata["signature"] === body["previousDigestSignature"], `${place}: previous signature`);
    assert(hex(gunzipSync(previous.bytes)) === body["previousDigestHashValue"], `${place}: previous hash`);
    assert(isBackfill || before.end === start, `${place}: begins where the one before it ends`);
  }
  assert(before === undefined || before.end < end, `${place}: ends only grow`);
  const signed = [end, place, hex(plain), body["previousDigestSignature"] ?? "null"].join("\n");
  const key = keys.find(({ fingerprint }) => fingerprint === body["digestPublicKeyFingerprint"]);
  assert(key !== undefined, `${place}: its key`);
  const publicKey = createPublicKey({ key: Buffer.from(key.value), format: "der", type: "pkcs1" });
  const signature = Buffer.from(metadata["signature"] ?? "", "hex");
  assert(verify("sha256", Buffer.from(signed), publicKey, signature), `${place}: signature`);
  assert(metadata["signature-algorithm"] === "SHA256withRSA", `${place}: algorithm`);
  const generated = metadata["backfill-generation-timestamp"];
  assert((generated !== undefined) === isBackfill, `${place}: generation time`);
  const signedAt = Date.parse(generated ?? end);
  assert(key.validFrom <= signedAt + 999 && signedAt <= key.validTo, `${place}: signed with a key that was valid`);
  return { place, start, end, starting, files: body.logFiles.map(({ s3Object }) => s3Object), body };
}

function hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
