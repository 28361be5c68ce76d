import type { Kysely } from "kysely";
import type { TrailsSchema } from "./schema.ts";
import type { Trail } from "./trail.ts";

/** Whose records a series of log files holds: what a trail delivers of one account and Region. */
export interface Shard {
  readonly trailId: string;
  readonly account: string;
  readonly region: string;
}

/** A log file as the delivery hands it over. */
export interface LogFile {
  readonly trail: Trail;
  readonly account: string;
  readonly bucket: string;
  readonly key: string;
  /** Gzip. */
  readonly bytes: Uint8Array;
  /** An earlier attempt may have put it, unknown to us. */
  readonly again: boolean;
}

/** Puts a log file; resolves once it is durable in its bucket. @throws {Failure} whose `code` is S3's error code. */
export type PutLogFile = (file: LogFile) => Promise<{ readonly etag: string; readonly versionId?: string }>;

/** What becomes of the deliveries: told in the transactions in which the delivery learns it. */
export interface DeliveryListener {
  /** The journal's reader has come to this change; `trail` is as it is after it. */
  trailChanged(transaction: Kysely<TrailsSchema>, trail: Trail, now: number): Promise<void>;
  fileDelivered(
    transaction: Kysely<TrailsSchema>,
    shard: Shard,
    file: {
      readonly bucket: string;
      readonly key: string;
      readonly sha256: string;
      readonly oldestMs: number;
      readonly newestMs: number;
      readonly deliveredAt: number;
    },
  ): Promise<void>;
}

export interface Delivery {
  /** To be called after every committed change of trails. */
  trailsChanged(): void;
  /** Whether a log file of the shard is decided, or to be decided of what was read, and not delivered. */
  pending(shard: Shard): Promise<boolean>;
  /** How far the reader is behind the journal, and what waits. */
  stats(): { readonly lagRecords: number; readonly pendingFiles: number; readonly deliveredFiles: number };
  /** Files in flight finish; what is not delivered waits for the next start. */
  close(): Promise<void>;
}

/** What GetTrailStatus tells of a trail in one Region. Times are milliseconds since 1970. */
export interface ShardStatus {
  readonly latestDeliveryMs?: number;
  /** S3's error code; absent when the latest attempt succeeded. */
  readonly latestError?: string;
  readonly latestAttemptMs?: number;
  readonly latestSuccessMs?: number;
}
