import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The tables of log groups; their events lie elsewhere. JSON stands as text, times as milliseconds since 1970. */
export interface LogGroupsSchema {
  /** `settings` is a `GroupSettings` as JSON. */
  log_groups: {
    /** Without `:*`. */
    group_arn: string;
    account_id: string;
    region: string;
    name: string;
    retention_days: number | null;
    settings: string;
    created_at: number;
  };
  log_streams: { group_arn: string; name: string; created_at: number };
  log_tags: { resource: string; position: number; key: string; value: string };
  /** `filter` is JSON in the model's words, without the names and the time. */
  log_metric_filters: { group_arn: string; name: string; filter: string; created_at: number };
  log_subscription_filters: { group_arn: string; name: string; filter: string; created_at: number };
  /** `resource_arn` is empty for a policy of the account. */
  log_resource_policies: {
    account_id: string;
    region: string;
    resource_arn: string;
    name: string;
    document: string;
    revision: string;
    updated_at: number;
  };
  /** `definition` is JSON in the model's words. */
  log_query_definitions: { account_id: string; region: string; query_id: string; name: string; definition: string };
}

export const logGroupsMigrations: Readonly<Record<string, Migration>> = {
  "2026-11-20-loggroups": {
    up: async (tables) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tables);
    },
  },
};

const STATEMENTS: readonly string[] = [
  `create table log_groups (
    group_arn text primary key, account_id text not null, region text not null, name text not null,
    retention_days integer, settings text not null, created_at bigint not null)`,
  `create index log_groups_by_name on log_groups (account_id, region, name)`,
  `create table log_streams (
    group_arn text not null, name text not null, created_at bigint not null, primary key (group_arn, name))`,
  `create table log_tags (
    resource text not null, position integer not null, key text not null, value text not null,
    primary key (resource, key))`,
  `create table log_metric_filters (
    group_arn text not null, name text not null, filter text not null, created_at bigint not null,
    primary key (group_arn, name))`,
  `create table log_subscription_filters (
    group_arn text not null, name text not null, filter text not null, created_at bigint not null,
    primary key (group_arn, name))`,
  `create table log_resource_policies (
    account_id text not null, region text not null, resource_arn text not null, name text not null,
    document text not null, revision text not null, updated_at bigint not null,
    primary key (account_id, region, resource_arn, name))`,
  `create table log_query_definitions (
    account_id text not null, region text not null, query_id text not null, name text not null,
    definition text not null, primary key (account_id, region, query_id))`,
];
