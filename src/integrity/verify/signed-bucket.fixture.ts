import { generateKeyPairSync, sign } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { isoSeconds } from "../../core/index.ts";
import {
  DIGEST_METADATA,
  type Digest,
  type DigestedFile,
  fingerprintOf,
  HASH_ALGORITHM,
  NO_PREVIOUS,
  SIGNATURE_ALGORITHM,
  sha256Hex,
  stringToSign,
  writeDigest,
} from "../digest-file.ts";
import { digestKey } from "../digest-key.ts";
import type { FoundFile, ListedFile, LogSource, LogSources } from "./log-source.ts";
import type { CheckingKey } from "./public-keys.ts";

export const BUCKET = "audit-logs";
export const HOUR_MS = 3_600_000;
/** When the first digest of every bucket here begins. */
export const START_MS: number = Date.parse("2026-03-01T10:00:00Z");
const PLACE = { account: "123456789012", region: "us-east-1", trailName: "main", homeRegion: "us-east-1" } as const;

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const DER = publicKey.export({ type: "pkcs1", format: "der" });
export const KEY: CheckingKey = { fingerprint: fingerprintOf(DER), value: DER };

interface Stored {
  bytes: Uint8Array;
  metadata: Readonly<Record<string, string>> | undefined;
}

/** A bucket in memory with whoever holds the private key: what it signs is a lie, but properly signed. */
export class SignedBucket implements LogSource {
  readonly bucket: string = BUCKET;
  readonly objects: Map<string, Stored> = new Map();
  /** Oldest first. */
  readonly digestKeys: string[] = [];
  readonly logKeys: string[] = [];
  #previous: Partial<Digest> = NO_PREVIOUS;

  /** Two log files in each of so many hours. */
  static ofHours(hours: number): SignedBucket {
    const bucket = new SignedBucket();
    for (let hour = 0; hour < hours; hour++) {
      const fromMs = START_MS + hour * HOUR_MS;
      bucket.digest(
        fromMs,
        [10, 40].map((minute) => bucket.log(fromMs + minute * 60_000)),
      );
    }
    return bucket;
  }

  /** As all the buckets at hand. */
  get sources(): LogSources {
    return { roots: [{ bucket: BUCKET, above: "" }], bucket: (name) => (name === BUCKET ? this : undefined) };
  }

  /** Puts a log file with one record that was closed then. */
  log(stampMs: number, record: Readonly<Record<string, unknown>> = {}): DigestedFile {
    const eventTime = isoSeconds(stampMs - 60_000);
    const whole = { eventTime, awsRegion: PLACE.region, recipientAccountId: PLACE.account, ...record };
    const content = Buffer.from(JSON.stringify({ Records: [whole] }));
    const stamp = `${isoSeconds(stampMs).replace(/[-:]/g, "").slice(0, 13)}Z`;
    const day = isoSeconds(stampMs).slice(0, 10).replaceAll("-", "/");
    const unique = String(this.logKeys.length).padStart(16, "0");
    const key = `AWSLogs/${PLACE.account}/CloudTrail/${PLACE.region}/${day}/${PLACE.account}_CloudTrail_${PLACE.region}_${stamp}_${unique}.json.gz`;
    this.logKeys.push(key);
    this.objects.set(key, { bytes: gzipSync(content), metadata: {} });
    const hashes = { hashValue: sha256Hex(content), hashAlgorithm: HASH_ALGORITHM };
    return { s3Bucket: BUCKET, s3Object: key, ...hashes, newestEventTime: eventTime, oldestEventTime: eventTime };
  }

  /** Puts the next digest, of an hour from `fromMs` on; `other` members stand instead of what should. */
  digest(
    fromMs: number,
    logFiles: readonly DigestedFile[],
    other: Readonly<Record<string, unknown>> = {},
    {
      backfill = false,
      trailName = PLACE.trailName,
      homeRegion = PLACE.homeRegion,
    }: { readonly backfill?: boolean; readonly trailName?: string; readonly homeRegion?: string } = {},
  ): string {
    const endMs = fromMs + HOUR_MS;
    const key = digestKey({ ...PLACE, trailName, homeRegion, endMs, backfill });
    const digest = {
      awsAccountId: PLACE.account,
      digestStartTime: isoSeconds(fromMs),
      digestEndTime: isoSeconds(endMs),
      digestS3Bucket: BUCKET,
      digestS3Object: key,
      digestPublicKeyFingerprint: KEY.fingerprint,
      digestSignatureAlgorithm: SIGNATURE_ALGORITHM,
      newestEventTime: null,
      oldestEventTime: null,
      ...(backfill || trailName !== PLACE.trailName ? NO_PREVIOUS : this.#previous),
      logFiles,
      ...other,
    } as unknown as Digest;
    const content = writeDigest(digest);
    const signature = this.put(key, digest, content);
    if (backfill || trailName !== PLACE.trailName) return key;
    this.digestKeys.push(key);
    this.#previous = {
      previousDigestS3Bucket: BUCKET,
      previousDigestS3Object: key,
      previousDigestHashValue: sha256Hex(content),
      previousDigestHashAlgorithm: HASH_ALGORITHM,
      previousDigestSignature: signature,
    };
    return key;
  }

  put(key: string, digest: Digest, content: Uint8Array): string {
    const signature = sign("RSA-SHA256", Buffer.from(stringToSign(digest, sha256Hex(content))), privateKey).toString(
      "hex",
    );
    const metadata = {
      [DIGEST_METADATA.signature]: signature,
      [DIGEST_METADATA.algorithm]: SIGNATURE_ALGORITHM,
      [DIGEST_METADATA.generated]: isoSeconds(START_MS),
    };
    this.objects.set(key, { bytes: gzipSync(content), metadata });
    return signature;
  }

  /** Writes a digest anew, signed, with other members. */
  resign(key: string, other: Readonly<Record<string, unknown>>): void {
    const digest = { ...JSON.parse(gunzipSync(this.object(key).bytes).toString()), ...other } as Digest;
    this.put(key, digest, writeDigest(digest));
  }

  object(key: string | undefined): Stored {
    const object = this.objects.get(key ?? "");
    if (object === undefined) throw new Error(`the bucket has no ${key}`);
    return object;
  }

  async *list(prefix: string, startAfter: string): AsyncGenerator<ListedFile> {
    for (const key of [...this.objects.keys()].toSorted()) {
      if (key.startsWith(prefix) && key > startAfter) yield { key, size: this.object(key).bytes.length };
    }
  }

  async get(key: string): Promise<FoundFile | undefined> {
    const object = this.objects.get(key);
    return object && { content: { kind: "bytes", bytes: object.bytes }, metadata: object.metadata };
  }
}
