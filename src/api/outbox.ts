import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import type { EncodedRecord } from "../record/index.ts";

/** Records of committed changes that are not known to be in the journal yet. */
export interface OutboxSchema {
  outbox: { event_id: string; record: Uint8Array };
}

export const outboxMigrations: Readonly<Record<string, Migration>> = {
  "2026-11-20-outbox": {
    up: async (tables) => {
      await sql.raw("create table outbox (event_id text primary key, record blob not null)").execute(tables);
    },
  },
};

/**
 * The bridge between two durable stores: a change of the control plane commits together with its record, here, and
 * the record goes on to the journal afterwards.
 *
 * So a crash between the two leaves neither a change without a record nor a record without its change: what is still
 * here at the next start is appended again, and the journal knows a record by its eventID.
 */
export class Outbox {
  readonly #delivered: string[] = [];
  readonly #tables: Kysely<OutboxSchema>;

  constructor(tables: Kysely<OutboxSchema>) {
    this.#tables = tables;
  }

  /** Part of the change's own transaction. Rows whose records have reached the journal go in the same commit. */
  async put(transaction: Kysely<OutboxSchema>, record: EncodedRecord): Promise<void> {
    const done = this.#delivered.splice(0, DELETED_PER_COMMIT);
    try {
      await transaction.insertInto("outbox").values({ event_id: record.eventID, record: record.bytes }).execute();
      if (done.length > 0) await transaction.deleteFrom("outbox").where("event_id", "in", done).execute();
    } catch (thrown) {
      this.#delivered.push(...done);
      throw thrown;
    }
  }

  /** The record is in the journal: its row may go, with some later commit. */
  delivered(eventID: string): void {
    this.#delivered.push(eventID);
  }

  /** What a crash or a full disk left behind, oldest first. */
  async waiting(): Promise<readonly { readonly eventID: string; readonly bytes: Uint8Array }[]> {
    const delivered = new Set(this.#delivered);
    const rows = await this.#tables.selectFrom("outbox").selectAll().orderBy(sql`rowid`).execute();
    return rows.filter((row) => !delivered.has(row.event_id)).map((row) => ({ eventID: row.event_id, bytes: row.record }));
  }

  /** Removes the rows of delivered records without waiting for another change. */
  async sweep(): Promise<void> {
    const done = this.#delivered.splice(0);
    for (let from = 0; from < done.length; from += DELETED_PER_COMMIT) {
      const some = done.slice(from, from + DELETED_PER_COMMIT);
      await this.#tables.deleteFrom("outbox").where("event_id", "in", some).execute();
    }
  }
}

const DELETED_PER_COMMIT = 200;
