import type { Generated } from "kysely";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * The tables of `buckets.db`. Times are milliseconds since 1970. Keys are UTF-8 bytes: SQLite compares blobs as S3
 * compares keys, and no character of a key means anything to it.
 */
export interface BucketsSchema {
  buckets: BucketRow;
  bucket_documents: DocumentRow;
  versions: Omit<VersionRow, "sequence"> & { sequence: Generated<number> };
  uploads: UploadRow;
  parts: PartRow;
}

export interface BucketRow {
  name: string;
  account: string;
  region: string;
  created_at: number;
  versioning: "Enabled" | "Suspended" | null;
  object_lock: number;
  /** JSON of `DefaultRetention`. */
  default_retention: string | null;
  /** JSON of `ObjectEncryption`. */
  encryption: string | null;
}

export interface DocumentRow {
  bucket: string;
  kind: string;
  text: string;
}

export interface VersionRow {
  /** Grows with each version that is made, in whatever bucket: the latest version of a key has the greatest. */
  sequence: number;
  bucket: string;
  key: Uint8Array;
  version_id: string;
  is_latest: number;
  delete_marker: number;
  size: number;
  etag: string;
  last_modified: number;
  /** JSON of what never changes and is never searched: `VersionFacts`. */
  facts: string;
  /** JSON, name to value. */
  tags: string;
  lock_mode: "GOVERNANCE" | "COMPLIANCE" | null;
  lock_until: number | null;
  /** null when nobody ever said. */
  legal_hold: number | null;
  /** The object's data key, encrypted; null when its file is plain. */
  sealed_key: Uint8Array | null;
  /** Below the directory; null for a delete marker. */
  file: string | null;
}

export interface UploadRow {
  upload_id: string;
  bucket: string;
  key: Uint8Array;
  initiated_at: number;
  /** JSON of `Upload.request`. */
  request: string;
  checksum_algorithm: string | null;
  checksum_type: string | null;
}

export interface PartRow {
  upload_id: string;
  part_number: number;
  size: number;
  etag: string;
  last_modified: number;
  /** JSON of `UploadedPart.checksum`. */
  checksum: string | null;
  sealed_key: Uint8Array | null;
  file: string;
}

export const bucketsMigrations: Readonly<Record<string, Migration>> = {
  "2026-12-10-buckets": {
    up: async (tables) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tables);
    },
  },
};

const STATEMENTS: readonly string[] = [
  `create table buckets (
    name text primary key, account text not null, region text not null, created_at bigint not null, versioning text,
    object_lock integer not null, default_retention text, encryption text)`,
  `create table bucket_documents (
    bucket text not null references buckets (name) on delete cascade, kind text not null, text text not null,
    primary key (bucket, kind))`,
  `create table versions (
    sequence integer primary key autoincrement, bucket text not null references buckets (name), key blob not null,
    version_id text not null, is_latest integer not null, delete_marker integer not null, size bigint not null,
    etag text not null, last_modified bigint not null, facts text not null, tags text not null, lock_mode text,
    lock_until bigint, legal_hold integer, sealed_key blob, file text,
    unique (bucket, key, version_id))`,
  `create index versions_order on versions (bucket, key, sequence desc)`,
  // What a plain listing walks: it never meets what is hidden behind a delete marker or a later version.
  `create index versions_visible on versions (bucket, key) where is_latest = 1 and delete_marker = 0`,
  `create table uploads (
    upload_id text primary key, bucket text not null references buckets (name) on delete cascade, key blob not null,
    initiated_at bigint not null, request text not null, checksum_algorithm text, checksum_type text)`,
  `create index uploads_order on uploads (bucket, key, upload_id)`,
  `create table parts (
    upload_id text not null references uploads (upload_id) on delete cascade, part_number integer not null,
    size bigint not null, etag text not null, last_modified bigint not null, checksum text, sealed_key blob,
    file text not null, primary key (upload_id, part_number))`,
];
