import { createHash, createPublicKey, verify } from "node:crypto";

/**
 * A digest file's content, its members in the order in which they are written.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
 */
export interface Digest extends PreviousDigest {
  readonly awsAccountId: string;
  /** `YYYY-MM-DDTHH:MM:SSZ`, like all times here; log files delivered after it, up to and including the end. */
  readonly digestStartTime: string;
  readonly digestEndTime: string;
  readonly digestS3Bucket: string;
  readonly digestS3Object: string;
  readonly digestPublicKeyFingerprint: string;
  readonly digestSignatureAlgorithm: string;
  /** Over all files; null when there are none. */
  readonly newestEventTime: string | null;
  readonly oldestEventTime: string | null;
  readonly logFiles: readonly DigestedFile[];
}

/** What a digest says of the one before it; all null in a starting digest. */
export interface PreviousDigest {
  readonly previousDigestS3Bucket: string | null;
  readonly previousDigestS3Object: string | null;
  /** Hex SHA-256 of its uncompressed bytes. */
  readonly previousDigestHashValue: string | null;
  readonly previousDigestHashAlgorithm: string | null;
  /** Hex; as its object's metadata bears it. */
  readonly previousDigestSignature: string | null;
}

export interface DigestedFile {
  readonly s3Bucket: string;
  readonly s3Object: string;
  /** Hex SHA-256 of the uncompressed bytes. */
  readonly hashValue: string;
  readonly hashAlgorithm: string;
  readonly newestEventTime: string;
  readonly oldestEventTime: string;
}

export const SIGNATURE_ALGORITHM = "SHA256withRSA";
export const HASH_ALGORITHM = "SHA-256";

/** Names of a digest object's user metadata, without `x-amz-meta-`. */
export const DIGEST_METADATA = {
  /** Hex, lower case. */
  signature: "signature",
  algorithm: "signature-algorithm",
  /** On backfill digests: when it was made, `YYYY-MM-DDTHH:MM:SS.000Z`. The key that signed is the one current then. */
  generated: "backfill-generation-timestamp",
} as const;

export const NO_PREVIOUS: PreviousDigest = {
  previousDigestS3Bucket: null,
  previousDigestS3Object: null,
  previousDigestHashValue: null,
  previousDigestHashAlgorithm: null,
  previousDigestSignature: null,
};

/** The uncompressed bytes: one line of JSON. What is hashed must be what is gzipped, so they are written once. */
export function writeDigest(digest: Digest): Buffer {
  const ordered: Digest = {
    awsAccountId: digest.awsAccountId,
    digestStartTime: digest.digestStartTime,
    digestEndTime: digest.digestEndTime,
    digestS3Bucket: digest.digestS3Bucket,
    digestS3Object: digest.digestS3Object,
    digestPublicKeyFingerprint: digest.digestPublicKeyFingerprint,
    digestSignatureAlgorithm: digest.digestSignatureAlgorithm,
    newestEventTime: digest.newestEventTime,
    oldestEventTime: digest.oldestEventTime,
    previousDigestS3Bucket: digest.previousDigestS3Bucket,
    previousDigestS3Object: digest.previousDigestS3Object,
    previousDigestHashValue: digest.previousDigestHashValue,
    previousDigestHashAlgorithm: digest.previousDigestHashAlgorithm,
    previousDigestSignature: digest.previousDigestSignature,
    logFiles: digest.logFiles,
  };
  return Buffer.from(JSON.stringify(ordered));
}

/**
 * What a digest's signature is over: four lines, the last of them `null` in a starting digest.
 *
 * `sha256` is the hex hash of the digest's uncompressed bytes.
 */
export function stringToSign(
  digest: Pick<Digest, "digestEndTime" | "digestS3Bucket" | "digestS3Object" | "previousDigestSignature">,
  sha256: string,
): string {
  const place = `${digest.digestS3Bucket}/${digest.digestS3Object}`;
  return [digest.digestEndTime, place, sha256, digest.previousDigestSignature ?? "null"].join("\n");
}

/**
 * Whether `signature` (hex) is one of `text` by the key: RSASSA-PKCS1-v1_5 over SHA-256. False for whatever else it is;
 * `publicKey` is PKCS#1 DER.
 * @throws when the key cannot be read.
 */
export function isSignatureOf(text: string, signature: string, publicKey: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "pkcs1" });
  if (!/^([0-9a-f]{2})+$/i.test(signature)) return false;
  return verify("RSA-SHA256", Buffer.from(text), key, Buffer.from(signature, "hex"));
}

/** The name by which digests and ListPublicKeys call a key: hex MD5 of its PKCS#1 DER. */
export function fingerprintOf(publicKey: Uint8Array): string {
  return createHash("md5").update(publicKey).digest("hex");
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
