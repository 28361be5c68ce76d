import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The tables of topics. JSON stands as text, times as milliseconds since 1970. */
export interface TopicsSchema {
  /** `attributes` is JSON: those that were set, of Policy, DisplayName, DeliveryPolicy, SignatureVersion … */
  topics: {
    topic_arn: string;
    account_id: string;
    region: string;
    name: string;
    attributes: string;
    created_at: number;
  };
  topic_tags: { resource: string; position: number; key: string; value: string };
  subscriptions: {
    subscription_arn: string;
    topic_arn: string;
    /** Who subscribed, and in which Region. */
    account_id: string;
    region: string;
    protocol: string;
    endpoint: string;
    /** JSON: those that were set, of FilterPolicy, FilterPolicyScope, RawMessageDelivery, DeliveryPolicy, RedrivePolicy … */
    attributes: string;
    /** `pending`, `confirmed` or `deleted`; whatever is not confirmed is gone once its token has expired. */
    state: string;
    /** SHA-256 of the token that confirms it; null when none does. */
    token_hash: Uint8Array | null;
    token_expires_at: number | null;
    /** 1 when confirmed with AuthenticateOnUnsubscribe: then nobody unsubscribes without a signature. */
    authenticated: number;
    created_at: number;
  };
  /** Keys that sign messages; `secret` is sealed PKCS #8, `certificate` PEM. `name` stands in the certificate's URL. */
  topic_keys: { name: string; secret: Uint8Array; certificate: string; created_at: number };
}

export const topicsMigrations: Readonly<Record<string, Migration>> = {
  "2026-11-20-topics": {
    up: async (tables) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tables);
    },
  },
};

const STATEMENTS: readonly string[] = [
  `create table topics (
    topic_arn text primary key, account_id text not null, region text not null, name text not null,
    attributes text not null, created_at bigint not null)`,
  `create index topics_of_account on topics (account_id, region, topic_arn)`,
  `create table topic_tags (
    resource text not null, position integer not null, key text not null, value text not null,
    primary key (resource, key))`,
  `create table subscriptions (
    subscription_arn text primary key, topic_arn text not null, account_id text not null, region text not null,
    protocol text not null, endpoint text not null, attributes text not null, state text not null, token_hash blob,
    token_expires_at bigint, authenticated integer not null, created_at bigint not null)`,
  `create index subscriptions_of_topic on subscriptions (topic_arn, subscription_arn)`,
  `create index subscriptions_of_account on subscriptions (account_id, region, subscription_arn)`,
  `create index subscriptions_of_endpoint on subscriptions (topic_arn, protocol, endpoint)`,
  `create index subscriptions_expiring on subscriptions (token_expires_at) where token_expires_at is not null`,
  `create table topic_keys (
    name text primary key, secret blob not null, certificate text not null, created_at bigint not null)`,
];
