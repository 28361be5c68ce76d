import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The tables of metrics and alarms. JSON stands as text, times as milliseconds since 1970. */
export interface AlarmsSchema {
  /** `dimensions` is canonical JSON (`dimensionsKey`). `last_ms`: the newest time of a datum, give or take a minute. */
  metrics: {
    metric_id: number | undefined;
    account_id: string;
    region: string;
    namespace: string;
    name: string;
    dimensions: string;
    unit: string;
    last_ms: number;
  };
  /**
   * What was measured in one period of `period_s` seconds. Every datum is in one row: at first of its metric's
   * resolution, later of a longer period (`RETENTION`). `digest` is a `Digest` as JSON; null where all values are the
   * same or only a statistic set was given.
   */
  metric_data: {
    metric_id: number;
    period_s: number;
    start_ms: number;
    samples: number;
    sum: number;
    minimum: number;
    maximum: number;
    digest: string | null;
  };
  /** `settings` is `AlarmSettings` as JSON; `namespace` and `metric` are null for alarms on several metrics. */
  alarms: {
    alarm_arn: string;
    account_id: string;
    region: string;
    name: string;
    namespace: string | null;
    metric: string | null;
    settings: string;
    configured_ms: number;
    state: string;
    state_reason: string;
    state_reason_data: string | null;
    state_updated_ms: number;
    state_transitioned_ms: number;
  };
  /** Outlives its alarm. */
  alarm_history: {
    history_id: number | undefined;
    alarm_arn: string;
    account_id: string;
    region: string;
    name: string;
    time_ms: number;
    type: string;
    summary: string;
    data: string;
  };
  alarm_tags: { resource: string; position: number; key: string; value: string };
}

export const alarmsMigrations: Readonly<Record<string, Migration>> = {
  "2026-11-20-alarms": {
    up: async (tables) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tables);
    },
  },
};

const STATEMENTS: readonly string[] = [
  `create table metrics (
    metric_id integer primary key, account_id text not null, region text not null, namespace text not null,
    name text not null, dimensions text not null, unit text not null, last_ms bigint not null,
    unique (account_id, region, namespace, name, dimensions, unit))`,
  `create table metric_data (
    metric_id integer not null, period_s integer not null, start_ms bigint not null, samples real not null,
    sum real not null, minimum real not null, maximum real not null, digest text,
    primary key (metric_id, period_s, start_ms)) without rowid`,
  `create index metric_data_age on metric_data (period_s, start_ms)`,
  `create table alarms (
    alarm_arn text primary key, account_id text not null, region text not null, name text not null,
    namespace text, metric text, settings text not null, configured_ms bigint not null, state text not null,
    state_reason text not null, state_reason_data text, state_updated_ms bigint not null,
    state_transitioned_ms bigint not null, unique (account_id, region, name))`,
  `create index alarms_metric on alarms (account_id, region, namespace, metric)`,
  `create table alarm_history (
    history_id integer primary key, alarm_arn text not null, account_id text not null, region text not null,
    name text not null, time_ms bigint not null, type text not null, summary text not null, data text not null)`,
  `create index alarm_history_alarm on alarm_history (alarm_arn, time_ms)`,
  `create index alarm_history_place on alarm_history (account_id, region, time_ms)`,
  `create index alarm_history_age on alarm_history (time_ms)`,
  `create table alarm_tags (
    resource text not null, position integer not null, key text not null, value text not null,
    primary key (resource, key))`,
];
