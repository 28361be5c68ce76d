import { generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  DIGEST_METADATA,
  digestKey,
  fingerprintOf,
  HASH_ALGORITHM,
  NO_PREVIOUS,
  type PreviousDigest,
  SIGNATURE_ALGORITHM,
  sha256Hex,
  stringToSign,
  writeDigest,
} from "../src/integrity/index.ts";
import { SYNTHETIC_ACCOUNT, SYNTHETIC_REGION, SyntheticRecords } from "./synthetic-records.ts";

interface DayOptions {
  readonly directory: string;
  readonly records: number;
  readonly files: number;
  readonly hours: number;
}

/** A bucket's day as a folder: `<bucket>/` with the files, `objects.json` and `list-public-keys.json` beside it. */
export interface Day {
  readonly bucket: string;
  readonly trailArn: string;
  readonly start: string;
  readonly end: string;
  readonly logKeys: readonly string[];
  readonly bytes: number;
  readonly gzipBytes: number;
}

const BUCKET = "bench-trail-bucket";
const TRAIL = "bench";
const START_MS = Date.parse("2026-03-01T00:00:00Z");
const HOUR_MS = 3_600_000;

/** Writes a day of log files with a chain of hourly digest files, signed with a key of its own. */
export function makeDay({ directory, records, files, hours }: DayOptions): Day {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const der = publicKey.export({ type: "pkcs1", format: "der" });
  const fingerprint = fingerprintOf(der);
  const perSecond = Math.max(1, Math.ceil(records / 86_400));
  const source = new SyntheticRecords({ seed: 1, startMs: START_MS, perSecond });
  const objects: { bucket: string; key: string; metadata: Readonly<Record<string, string>> }[] = [];
  const logKeys: string[] = [];
  let [bytes, gzipBytes] = [0, 0];
  let previous: PreviousDigest = NO_PREVIOUS;
  const put = (key: string, content: Uint8Array, metadata: Readonly<Record<string, string>>): void => {
    const path = join(directory, BUCKET, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    objects.push({ bucket: BUCKET, key, metadata });
  };
  for (let hour = 0; hour < hours; hour++) {
    const [fromMs, endMs] = [START_MS + hour * HOUR_MS, START_MS + (hour + 1) * HOUR_MS];
    const first = Math.floor((hour * files) / hours);
    const last = Math.floor(((hour + 1) * files) / hours);
    const logFiles = [];
    for (let file = first; file < last; file++) {
      const count = Math.floor(((file + 1) * records) / files) - Math.floor((file * records) / files);
      const content = logFile(source, count);
      const gzip = gzipSync(content);
      const key = logKey(fromMs + 5 * 60_000 * Math.min(11, file - first + 1), file);
      put(key, gzip, {});
      logKeys.push(key);
      bytes += content.length;
      gzipBytes += gzip.length;
      const [oldestEventTime, newestEventTime] = [isoTime(fromMs - HOUR_MS), isoTime(endMs)];
      const hashes = { hashValue: sha256Hex(content), hashAlgorithm: HASH_ALGORITHM };
      logFiles.push({ s3Bucket: BUCKET, s3Object: key, ...hashes, newestEventTime, oldestEventTime });
    }
    const name = {
      account: SYNTHETIC_ACCOUNT,
      region: SYNTHETIC_REGION,
      trailName: TRAIL,
      homeRegion: SYNTHETIC_REGION,
    };
    const key = digestKey({ ...name, endMs, backfill: false });
    const digest = {
      awsAccountId: SYNTHETIC_ACCOUNT,
      digestStartTime: isoTime(fromMs),
      digestEndTime: isoTime(endMs),
      digestS3Bucket: BUCKET,
      digestS3Object: key,
      digestPublicKeyFingerprint: fingerprint,
      digestSignatureAlgorithm: SIGNATURE_ALGORITHM,
      newestEventTime: isoTime(endMs),
      oldestEventTime: isoTime(fromMs - HOUR_MS),
      ...previous,
      logFiles,
    };
    const content = writeDigest(digest);
    const sha256 = sha256Hex(content);
    const signature = sign("RSA-SHA256", Buffer.from(stringToSign(digest, sha256)), privateKey).toString("hex");
    put(key, gzipSync(content), {
      [DIGEST_METADATA.signature]: signature,
      [DIGEST_METADATA.algorithm]: SIGNATURE_ALGORITHM,
    });
    previous = {
      previousDigestS3Bucket: BUCKET,
      previousDigestS3Object: key,
      previousDigestHashValue: sha256,
      previousDigestHashAlgorithm: HASH_ALGORITHM,
      previousDigestSignature: signature,
    };
  }
  writeFileSync(join(directory, "objects.json"), JSON.stringify(objects));
  const validity = {
    ValidityStartTime: isoTime(START_MS - 24 * HOUR_MS),
    ValidityEndTime: isoTime(START_MS + 720 * HOUR_MS),
  };
  const keys = { PublicKeyList: [{ Value: der.toString("base64"), Fingerprint: fingerprint, ...validity }] };
  writeFileSync(join(directory, "list-public-keys.json"), JSON.stringify(keys));
  const trailArn = `arn:aws:cloudtrail:${SYNTHETIC_REGION}:${SYNTHETIC_ACCOUNT}:trail/${TRAIL}`;
  const [start, end] = [isoTime(START_MS), isoTime(START_MS + hours * HOUR_MS)];
  return { bucket: BUCKET, trailArn, start, end, logKeys, bytes, gzipBytes };
}

function logFile(source: SyntheticRecords, count: number): Buffer {
  const parts: Uint8Array[] = [Buffer.from('{"Records":[')];
  for (let index = 0; index < count; index++) {
    if (index > 0) parts.push(Buffer.from(","));
    parts.push(source.next().bytes);
  }
  parts.push(Buffer.from("]}"));
  return Buffer.concat(parts);
}

function logKey(stampMs: number, number: number): string {
  const stamp = isoTime(stampMs)
    .replace(/[-:]/g, "")
    .replace(/\d\dZ$/, "Z");
  const day = isoTime(stampMs).slice(0, 10).replaceAll("-", "/");
  const [account, region] = [SYNTHETIC_ACCOUNT, SYNTHETIC_REGION];
  const unique = String(number).padStart(16, "0");
  return `AWSLogs/${account}/CloudTrail/${region}/${day}/${account}_CloudTrail_${region}_${stamp}_${unique}.json.gz`;
}

function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
