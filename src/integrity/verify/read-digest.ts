import type { Digest, DigestedFile } from "../digest-file.ts";

/** A digest file's body with what a checker needs of it; whoever wrote it, the types hold. */
export interface ReadDigest extends Digest {
  readonly startMs: number;
  readonly endMs: number;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/**
 * Reads the uncompressed bytes of a digest file; undefined unless it is one, with members of the right types. Members
 * that do not matter may be absent: AWS's oldest digests have fewer.
 */
export function readDigest(bytes: Uint8Array): ReadDigest | undefined {
  const body = parseObject(bytes);
  if (body === undefined) return undefined;
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

function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
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
