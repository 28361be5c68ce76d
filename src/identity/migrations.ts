import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Identity's tables; the text is plain SQL that SQLite and PostgreSQL both read. */
export const identityMigrations: Readonly<Record<string, Migration>> = {
  "2026-11-20-identity": {
    up: async (tables) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tables);
    },
  },
};

const STATEMENTS: readonly string[] = [
  `create table accounts (account_id text primary key, alias text unique, created_at bigint not null)`,
  `create table users (
    account_id text not null references accounts (account_id), user_id text primary key, name text not null,
    name_key text not null, path text not null, created_at bigint not null, boundary_arn text, password_hash text,
    password_created_at bigint, password_reset_required integer not null default 0, password_last_used_at bigint,
    unique (account_id, name_key))`,
  `create table groups (
    account_id text not null references accounts (account_id), group_id text primary key, name text not null,
    name_key text not null, path text not null, created_at bigint not null, unique (account_id, name_key))`,
  `create table group_members (
    group_id text not null references groups (group_id), user_id text not null references users (user_id),
    primary key (group_id, user_id))`,
  `create index group_members_user on group_members (user_id)`,
  `create table roles (
    account_id text not null references accounts (account_id), role_id text primary key, name text not null,
    name_key text not null, path text not null, created_at bigint not null, description text,
    trust_policy text not null, session_seconds_max integer not null, boundary_arn text, last_used_at bigint,
    last_used_region text, unique (account_id, name_key))`,
  `create table access_keys (
    access_key_id text primary key, account_id text not null references accounts (account_id),
    user_id text references users (user_id), secret blob not null, status text not null, created_at bigint not null,
    last_used_at bigint, last_used_service text, last_used_region text)`,
  `create index access_keys_user on access_keys (account_id, user_id)`,
  `create table policies (
    account_id text not null references accounts (account_id), policy_id text primary key, arn text not null unique,
    name text not null, name_key text not null, path text not null, description text, created_at bigint not null,
    updated_at bigint not null, next_version integer not null, unique (account_id, name_key))`,
  `create table policy_versions (
    policy_id text not null references policies (policy_id), version integer not null, document text not null,
    is_default integer not null, created_at bigint not null, primary key (policy_id, version))`,
  `create table attached_policies (
    holder_kind text not null, holder_id text not null, policy_arn text not null, attached_at bigint not null,
    primary key (holder_kind, holder_id, policy_arn))`,
  `create index attached_policies_policy on attached_policies (policy_arn)`,
  `create table inline_policies (
    holder_kind text not null, holder_id text not null, name text not null, document text not null,
    primary key (holder_kind, holder_id, name))`,
  `create table identity_tags (
    holder_kind text not null, holder_id text not null, key text not null, key_key text not null, value text not null,
    primary key (holder_kind, holder_id, key_key))`,
];
