import type { Digest, DigestedFile } from "../digest-file.ts";

/** A digest file's body with what a checker needs of it; whoever wrote it, the types hold. */
export interface ReadDigest extends Digest {
  readonly startMs: number;
  readonly endMs: number;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** A digest file's JSON, of which nothing is known yet. */
export type DigestBody = Readonly<Record<string, unknown>>;

/**
 * Reads the JSON of a digest file; undefined unless it has all members with the right types. Those that do not matter may
 * be absent: AWS's oldest digests have fewer.
 */
export function readDigest(body: DigestBody): ReadDigest | undefined {
  const [startMs, endMs] = [timeOf(body["digestStartTime"]), timeOf(body["digestEndTime"])];
  const texts = ["digestS3Bucket", "digestS3Object", "digestPublicKeyFingerprint"];
  if (startMs === undefined || endMs === undefined || startMs > endMs) return undefined;
  if (texts.some((name) => typeof body[name] !== "string")) return undefined;
  // Absent is not null here: it is part of what was signed.
  if (body["previousDigestSignature"] === undefined || NULLABLE.some((name) => !isNullable(body[name])))
    return undefined;
  const logFiles = body["logFiles"];
  if (!Array.isArray(logFiles) || !logFiles.every(isDigestedFile)) return undefined;
  return { ...(body as unknown as Digest), startMs, endMs };
}

const NULLABLE = [
  "awsAccountId",
  "digestSignatureAlgorithm",
  "newestEventTime",
  "oldestEventTime",
  "previousDigestS3Bucket",
  "previousDigestS3Object",
  "previousDigestHashValue",
  "previousDigestHashAlgorithm",
  "previousDigestSignature",
];

/** Milliseconds since 1970 of a time as digest files write it. */
export function timeOf(text: unknown): number | undefined {
  const ms = typeof text === "string" && TIME.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** The JSON object that uncompressed bytes hold; undefined when they hold none. */
export function parseBody(bytes: Uint8Array): DigestBody | undefined {
  try {
    const body: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isObject(body) ? body : undefined;
  } catch {
    // Neither text nor JSON: no digest.
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNullable(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string";
}

function isDigestedFile(value: unknown): value is DigestedFile {
  if (!isObject(value)) return false;
  const needed = ["s3Bucket", "s3Object", "hashValue"].every((name) => typeof value[name] === "string");
  return needed && ["hashAlgorithm", "newestEventTime", "oldestEventTime"].every((name) => isNullable(value[name]));
}
