import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The tables of digest files and their keys. JSON stands as text, times as milliseconds since 1970. */
export interface IntegritySchema {
  /** RSA-2048 key pairs, one series of them per Region. Public keys stay for ever. */
  digest_keys: {
    fingerprint: string;
    region: string;
    /** PKCS#1 DER. */
    public_key: Uint8Array;
    /** PKCS#8 DER in base64, sealed; null once no digest will be signed with it any more. */
    private_key: Uint8Array | null;
    created_at: number;
    valid_from: number;
    valid_to: number;
  };
  /**
   * Trails as the delivery knows them. `trail` is a `DigestedTrail` as JSON. `since` is when it began to validate: null when
   * what it delivers now was not to be validated. A trail that was stopped keeps it: what it still delivers is older.
   */
  digest_trails: { trail_id: string; trail: string; since: number | null };
  /** One chain of digests per trail, account and Region, and one more of backfill digests. */
  digest_chains: {
    trail_id: string;
    account_id: string;
    region: string;
    kind: DigestKind;
    /** A `ChainState` as JSON. */
    state: string;
    /** When there is something to decide, for either kind; only regular chains have one. */
    due_at: number | null;
  };
  /** Delivered log files that no digest lists yet. `file` is a `DeliveredFile` as JSON. */
  digest_files: {
    file_id: number | undefined;
    trail_id: string;
    account_id: string;
    region: string;
    delivered_at: number;
    file: string;
  };
  /** Digest files from the moment they are decided. */
  digests: {
    digest_id: number | undefined;
    trail_id: string;
    trail_arn: string;
    account_id: string;
    region: string;
    kind: DigestKind;
    number: number;
    bucket: string;
    key: string;
    /** What is put, and what it is put with (a `DigestPut` as JSON): null once it was delivered. */
    bytes: Uint8Array | null;
    put: string | null;
    /** Hex, of the uncompressed bytes. */
    sha256: string;
    signature: string;
    /** Of what is put. */
    size: number;
    end_ms: number;
    planned_at: number;
    delivered_at: number | null;
    etag: string | null;
    version_id: string | null;
    /** S3's code of the latest attempt's failure. */
    error: string | null;
  };
  /** What the check of delivered files found and did not find mended since. `finding` is a `StoredFinding` as JSON. */
  file_findings: { kind: FileKind; file_id: number; finding: string; event_id: string; reported_at: number | null };
  /** How far the check has come: files up to here are not recent any more; files up to here were read whole, in this turn. */
  file_check_places: { kind: FileKind; recent_after: number; whole_after: number };
}

export type DigestKind = "regular" | "backfill";
export type FileKind = "log" | "digest";

export const integrityMigrations: Readonly<Record<string, Migration>> = {
  "2026-11-20-integrity": {
    up: async (tables) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tables);
    },
  },
};

const STATEMENTS: readonly string[] = [
  `create table digest_keys (
    fingerprint text primary key, region text not null, public_key blob not null, private_key blob,
    created_at bigint not null, valid_from bigint not null, valid_to bigint not null)`,
  `create index digest_keys_region on digest_keys (region, created_at)`,
  `create table digest_trails (trail_id text primary key, trail text not null, since bigint)`,
  `create table digest_chains (
    trail_id text not null, account_id text not null, region text not null, kind text not null, state text not null,
    due_at bigint, primary key (trail_id, account_id, region, kind))`,
  `create index digest_chains_due on digest_chains (due_at) where due_at is not null`,
  `create table digest_files (
    file_id integer primary key, trail_id text not null, account_id text not null, region text not null,
    delivered_at bigint not null, file text not null)`,
  `create index digest_files_chain on digest_files (trail_id, account_id, region, delivered_at)`,
  `create table digests (
    digest_id integer primary key, trail_id text not null, trail_arn text not null, account_id text not null,
    region text not null, kind text not null, number bigint not null, bucket text not null, key text not null,
    bytes blob, put text, sha256 text not null, signature text not null, size bigint not null, end_ms bigint not null,
    planned_at bigint not null, delivered_at bigint, etag text, version_id text, error text,
    unique (trail_id, account_id, region, kind, number))`,
  `create index digests_pending on digests (trail_id, account_id, region, kind, bucket, number)
    where delivered_at is null`,
  `create index digests_delivered on digests (trail_id, region, delivered_at)`,
  `create index digests_arn on digests (trail_arn, account_id, region, kind, end_ms)`,
  `create table file_findings (
    kind text not null, file_id bigint not null, finding text not null, event_id text not null, reported_at bigint,
    primary key (kind, file_id))`,
  `create table file_check_places (kind text primary key, recent_after bigint not null, whole_after bigint not null)`,
];
