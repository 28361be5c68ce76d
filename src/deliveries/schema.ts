import type { Generated } from "kysely";

/** The ledger. Times are milliseconds since 1970; JSON stands as text. */
export interface DeliveriesSchema {
  deliveries: {
    /** Ids grow: newest last. */
    delivery_id: Generated<number>;
    owner: string;
    target: string;
    kind: string;
    endpoint: string;
    event_id: string;
    body: string;
    parameters: string;
    retry: string;
    dead_letter_arn: string | null;
    hops: number;
    state: string;
    created_at: number;
    due_at: number;
    attempts: number;
    ended_at: number | null;
    last_error: string | null;
    dead_lettered: number;
  };
}
