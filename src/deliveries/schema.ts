import { type Generated, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** The ledger. Times are milliseconds since 1970; JSON stands as text. */
export interface DeliveriesSchema {
  deliveries: {
    /** Ids grow and are never used again: newest last. */
    delivery_id: Generated<number>;
    /** The account of `owner`. */
    account_id: string;
    owner: string;
    target: string;
    kind: string;
    endpoint: string;
    event_id: string;
    parameters: string;
    retry: string;
    dead_letter_arn: string | null;
    hops: number;
    state: string;
    /** Whose turn it is: the kind and endpoint of the next attempt, or the dead-letter queue. Null once nothing is left to do. */
    lane: string | null;
    created_at: number;
    /** When it was made pending anew: its age counts from then on. */
    redriven_at: number | null;
    due_at: number;
    attempts: number;
    ended_at: number | null;
    last_error: string | null;
    dead_lettered: number;
    /** Why its dead-letter queue does not have it yet. */
    dead_letter_error: string | null;
    /** Stands last, so that what is read without it is read without its pages. */
    body: string;
  };
}

export const deliveriesMigrations: Readonly<Record<string, Migration>> = {
  "2026-11-20-deliveries": {
    up: async (tables) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tables);
    },
  },
};

const STATEMENTS: readonly string[] = [
  `create table deliveries (
    delivery_id integer primary key autoincrement, account_id text not null, owner text not null, target text not null,
    kind text not null, endpoint text not null, event_id text not null, parameters text not null, retry text not null,
    dead_letter_arn text, hops integer not null, state text not null, lane text, created_at bigint not null,
    redriven_at bigint, due_at bigint not null, attempts integer not null, ended_at bigint, last_error text,
    dead_lettered integer not null, dead_letter_error text, body text not null)`,
  "create index deliveries_due on deliveries (lane, due_at, delivery_id) where lane is not null",
  "create index deliveries_owner on deliveries (owner, delivery_id)",
  "create index deliveries_account on deliveries (account_id, delivery_id)",
  "create index deliveries_state on deliveries (account_id, state, delivery_id)",
  "create index deliveries_ended on deliveries (state, ended_at) where ended_at is not null",
];
