import type { Kysely } from "kysely";
import type { IntegritySchema } from "./schema.ts";

/** A log file that lies in its bucket. */
export interface DeliveredFile {
  readonly bucket: string;
  readonly key: string;
  /** Hex SHA-256 of the uncompressed bytes. */
  readonly sha256: string;
  readonly oldestMs: number;
  readonly newestMs: number;
  readonly deliveredAt: number;
}

/** Whose files: a trail's, of one account and Region. */
export interface ChainName {
  readonly trailId: string;
  readonly account: string;
  readonly region: string;
}

/** What digests must know of a trail, at the place in the journal that the delivery has reached. */
export interface DigestedTrail {
  readonly trailId: string;
  readonly name: string;
  readonly arn: string;
  readonly homeRegion: string;
  readonly bucket: string;
  readonly prefix?: string;
  readonly organizationId?: string;
  readonly kmsKeyId?: string;
  /** Whether it covers other Regions than its home. */
  readonly multiRegion: boolean;
  /** False once it was stopped or deleted: what it has still to deliver belongs to its last digest. */
  readonly logging: boolean;
  /** It logs, and its log files are to be validated. */
  readonly validating: boolean;
}

/** Where a digest goes; resolves once it is durable there. */
export type PutDigest = (digest: {
  readonly trail: DigestedTrail;
  readonly account: string;
  readonly bucket: string;
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  /** It may lie there already: an earlier attempt got no answer. */
  readonly again: boolean;
}) => Promise<{ readonly etag: string; readonly versionId?: string }>;

/** What GetTrailStatus tells of a trail's digests in a Region. */
export interface DigestStatus {
  readonly latestDeliveryMs?: number;
  /** S3's error code; empty when the latest attempt succeeded. */
  readonly latestError?: string;
}

/** The digest files of all trails. */
export interface Digests {
  /**
   * The delivery has come to a change of the trail. Chains begin when `validating` turns true (one for the home Region and
   * each of `accounts` at once, others with their first file), and end, after a last digest, when it turns false.
   * `transaction` is the delivery's own.
   */
  trailChanged(
    transaction: Kysely<IntegritySchema>,
    trail: DigestedTrail,
    accounts: readonly string[],
    now: number,
  ): Promise<void>;
  /** A log file was delivered; `transaction` is the one in which the delivery learns so. */
  fileDelivered(transaction: Kysely<IntegritySchema>, chain: ChainName, file: DeliveredFile): Promise<void>;
  /** Keys whose validity meets [from, to], of a Region. */
  publicKeys(region: string, from: number, to: number): Promise<readonly PublicKey[]>;
  status(trailId: string, region: string): Promise<DigestStatus>;
  close(): Promise<void>;
}

export interface PublicKey {
  readonly fingerprint: string;
  /** PKCS#1 DER. */
  readonly value: Uint8Array;
  readonly validFrom: number;
  readonly validTo: number;
}
