import { type Generated, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The tables of trails and their delivery. JSON stands as text, times as milliseconds since 1970. */
export interface TrailsSchema {
  /** Trails as the API shows them. `trail` is a `Trail` as JSON. */
  trails: { trail_id: string; arn: string; account_id: string; home_region: string; name: string; trail: string };
  /** `resource` is an ARN. A tag may have no value. */
  trail_tags: { resource: string; position: number; key: string; value: string | null };
  /**
   * Changes of trails that the delivery has not met in the journal yet: a change counts from the record of the call that
   * made it, which bears `request_id`. `trail` is the trail as it was after the change, null when it was deleted.
   */
  trail_changes: { request_id: string; position: number; trail_id: string; kind: string; trail: string | null };
  /**
   * Trails as the delivery knows them from `planned` on: everything below is planned for the trail. One that was deleted
   * stays, with `deleted` 1, until everything of it is delivered.
   */
  trail_states: { trail_id: string; trail: string; planned: number; deleted: number };
  /** One row: everything below `sequence` is planned or unwanted, but where a shard says it is further. */
  delivery_place: { id: number; sequence: number };
  /** A shard: what a trail delivers of one account and Region. `planned`: everything below is planned for this shard. */
  delivery_shards: {
    trail_id: string;
    account_id: string;
    region: string;
    planned: number;
    /** How many log files it was given: the number of the next one. */
    files: number;
    /** The newest minute stamp, so that keys sort in delivery order whatever the clock does. */
    last_stamp: number;
    /** A `ShardStatus` as JSON: what GetTrailStatus tells. */
    status: string;
    /** Where an hour begins: everything delivered before is in manifests. */
    manifests: Generated<number>;
  };
  /**
   * Log files, from the moment they are decided: `sequences` are those of their records (see `packSequences`). Their bytes
   * are a pure function of these and the journal. `state` is pending or delivered.
   */
  log_files: {
    file_id: number | undefined;
    trail_id: string;
    account_id: string;
    region: string;
    number: number;
    bucket: string;
    key: string;
    sequences: Uint8Array;
    records: number;
    oldest_ms: number;
    newest_ms: number;
    kms_key_id: string | null;
    trail_arn: string;
    state: string;
    planned_at: number;
    delivered_at: number | null;
    /** Hex SHA-256 of the uncompressed bytes, and of what was put. */
    sha256: string | null;
    size: number | null;
    etag: string | null;
    version_id: string | null;
  };
  /** Trails whose records go to a log group: everything below `sequence` is there or unwanted. */
  trail_logs: { trail_id: string; sequence: number; delivered_at: number | null; error: string | null };
  /** How it went to tell a trail's topic of its log files: the latest attempt, and the latest that went well. */
  trail_notifications: {
    trail_id: string;
    attempted_at: number;
    delivered_at: number | null;
    /** Null when the latest attempt went well. */
    error: string | null;
  };
}

export const trailsMigrations: Readonly<Record<string, Migration>> = {
  "2026-11-20-trails": {
    up: async (tables) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tables);
    },
  },
  "2026-11-20-trail-logs": {
    up: async (tables) => {
      for (const statement of LOGS_STATEMENTS) await sql.raw(statement).execute(tables);
    },
  },
};

const STATEMENTS: readonly string[] = [
  `create table trails (
    trail_id text primary key, arn text not null unique, account_id text not null, home_region text not null,
    name text not null, trail text not null)`,
  `create table trail_tags (
    resource text not null, position integer not null, key text not null, value text,
    primary key (resource, key))`,
  `create table trail_changes (
    request_id text primary key, position integer not null, trail_id text not null, kind text not null, trail text)`,
  `create table trail_states (
    trail_id text primary key, trail text not null, planned bigint not null, deleted integer not null)`,
  `create table delivery_place (id integer primary key, sequence bigint not null)`,
  `create table delivery_shards (
    trail_id text not null, account_id text not null, region text not null, planned bigint not null,
    files bigint not null, last_stamp bigint not null, status text not null, manifests bigint not null default 0,
    primary key (trail_id, account_id, region))`,
  `create table log_files (
    file_id integer primary key, trail_id text not null, account_id text not null, region text not null,
    number bigint not null, bucket text not null, key text not null, sequences blob not null, records integer not null,
    oldest_ms bigint not null, newest_ms bigint not null, kms_key_id text, trail_arn text not null, state text not null,
    planned_at bigint not null, delivered_at bigint, sha256 text, size bigint, etag text, version_id text,
    unique (trail_id, account_id, region, number))`,
  `create index log_files_pending on log_files (trail_id, account_id, region, number) where state = 'pending'`,
  `create index log_files_delivered on log_files (trail_id, account_id, region, delivered_at)`,
];

const LOGS_STATEMENTS: readonly string[] = [
  `create table trail_logs (
    trail_id text primary key, sequence bigint not null, delivered_at bigint, error text)`,
  `create table trail_notifications (
    trail_id text primary key, attempted_at bigint not null, delivered_at bigint, error text)`,
];
