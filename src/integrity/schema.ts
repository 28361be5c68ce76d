import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The tables of digest files and their keys. JSON stands as text, times as milliseconds since 1970. */
export interface IntegritySchema {
  /** RSA-2048 key pairs, one chain of them per Region. The private key is sealed; public keys stay for ever. */
  digest_keys: {
    fingerprint: string;
    region: string;
    /** PKCS#1 DER. */
    public_key: Uint8Array;
    /** Sealed PKCS#8; null once no digest will be signed with it any more. */
    private_key: Uint8Array | null;
    valid_from: number;
    valid_to: number;
  };
  /** One chain of digests per trail, account and Region, and one more of backfill digests. */
  digest_chains: {
    trail_id: string;
    account_id: string;
    region: string;
    /** `regular` or `backfill`. */
    kind: string;
    /** A `ChainState` as JSON. */
    state: string;
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
  /** Digest files from the moment they are decided. `body` is null once it was delivered. */
  digests: {
    digest_id: number | undefined;
    trail_id: string;
    account_id: string;
    region: string;
    kind: string;
    number: number;
    bucket: string;
    key: string;
    /** Everything that is needed to put it again, byte for byte: a `SignedDigest` as JSON. */
    signed: string | null;
    sha256: string;
    end_ms: number;
    planned_at: number;
    delivered_at: number | null;
    etag: string | null;
    version_id: string | null;
  };
}

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
    valid_from bigint not null, valid_to bigint not null)`,
  `create index digest_keys_region on digest_keys (region, valid_from)`,
  `create table digest_chains (
    trail_id text not null, account_id text not null, region text not null, kind text not null, state text not null,
    primary key (trail_id, account_id, region, kind))`,
  `create table digest_files (
    file_id integer primary key, trail_id text not null, account_id text not null, region text not null,
    delivered_at bigint not null, file text not null)`,
  `create index digest_files_chain on digest_files (trail_id, account_id, region, delivered_at)`,
  `create table digests (
    digest_id integer primary key, trail_id text not null, account_id text not null, region text not null,
    kind text not null, number bigint not null, bucket text not null, key text not null, signed text,
    sha256 text not null, end_ms bigint not null, planned_at bigint not null, delivered_at bigint, etag text,
    version_id text, unique (trail_id, account_id, region, kind, number))`,
  `create index digests_pending on digests (trail_id, account_id, region, number) where delivered_at is null`,
];
