import { type Generated, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { ARCHIVE_STATEMENTS } from "./schema-archives.ts";

/** The tables of rules. JSON stands as text, times as milliseconds since 1970. */
export interface RulesSchema {
  /** Buses; the default bus of an account and Region is there without a row. `bus` is JSON: description, policy … */
  event_buses: { bus_arn: string; account_id: string; region: string; name: string; bus: string; created_at: number };
  /** `rule` is a `Rule` as JSON. */
  event_rules: { rule_arn: string; bus_arn: string; account_id: string; region: string; name: string; rule: string };
  /** `target` is a `Target` as JSON. */
  event_targets: { rule_arn: string; target_id: string; position: number; target_arn: string; target: string };
  /**
   * Rules that were changed, they or their targets, since the index of rules was read; ids grow. So the index reads what
   * changed and nothing else.
   */
  event_rule_changes: { change_id: Generated<number>; rule_arn: string };
  /** When a scheduled rule is due next, by the expression that it had when this was found out. */
  event_schedules: { rule_arn: string; expression: string; next_ms: number };
  /** Of buses and rules. */
  event_tags: { resource: string; position: number; key: string; value: string };
  /** One row: everything below `sequence` went to the rules. */
  rules_place: { id: number; sequence: number };
  event_archives: {
    archive_id: Generated<number>;
    archive_arn: string;
    account_id: string;
    region: string;
    name: string;
    bus_arn: string;
    /** An `Archive` as JSON. */
    archive: string;
    created_at: number;
    events: number;
    bytes: number;
  };
  /**
   * `event` is the envelope; null where the journal has the record at `sequence`. `bytes` is the envelope's size either
   * way. Triggers keep the counts of `event_archives` equal to these rows.
   */
  event_archived: {
    archived_id: Generated<number>;
    archive_id: number;
    time_ms: number;
    sequence: number | null;
    event: string | null;
    /** Whether it is a management event that only reads. */
    read_only: number;
    bytes: number;
  };
  /** Archives that are gone, until their events are. */
  event_archives_deleted: { archive_id: number };
  event_replays: {
    replay_arn: string;
    account_id: string;
    region: string;
    name: string;
    /** A `Replay` as JSON, but for its state. */
    replay: string;
    state: string;
    created_at: number;
  };
  /** `secret` is sealed, null once the connection is deauthorized; `connection` is JSON without secrets. */
  event_connections: {
    connection_arn: string;
    account_id: string;
    region: string;
    name: string;
    connection: string;
    secret: Uint8Array | null;
    created_at: number;
  };
  event_api_destinations: {
    api_destination_arn: string;
    account_id: string;
    region: string;
    name: string;
    /** An `ApiDestination` as JSON. */
    destination: string;
    created_at: number;
  };
}

export const rulesMigrations: Readonly<Record<string, Migration>> = {
  "2026-11-20-rules": {
    up: async (tables) => {
      for (const statement of [...STATEMENTS, ...ARCHIVE_STATEMENTS]) await sql.raw(statement).execute(tables);
    },
  },
};

const STATEMENTS: readonly string[] = [
  `create table event_buses (
    bus_arn text primary key, account_id text not null, region text not null, name text not null, bus text not null,
    created_at bigint not null, unique (account_id, region, name))`,
  `create table event_rules (
    rule_arn text primary key, bus_arn text not null, account_id text not null, region text not null,
    name text not null, rule text not null, unique (bus_arn, name))`,
  `create table event_targets (
    rule_arn text not null references event_rules (rule_arn), target_id text not null, position integer not null,
    target_arn text not null, target text not null, primary key (rule_arn, target_id))`,
  `create index event_targets_arn on event_targets (target_arn, rule_arn)`,
  `create table event_rule_changes (change_id integer primary key autoincrement, rule_arn text not null)`,
  `create table event_tags (
    resource text not null, position integer not null, key text not null, value text not null,
    primary key (resource, key))`,
  `create table rules_place (id integer primary key, sequence bigint not null)`,
];
