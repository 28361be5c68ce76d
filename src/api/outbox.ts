import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import type { JournalRecord } from "../journal/index.ts";
import type { EncodedRecord } from "../record/index.ts";
import type { ControlSchema } from "./control-schema.ts";

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
  #delivered: string[] = [];
  readonly #tables: Kysely<ControlSchema>;

  constructor(tables: Kysely<ControlSchema>) {
    this.#tables = tables;
  }

  /** `transaction` is the change's own. */
  async put(transaction: Kysely<ControlSchema>, records: readonly EncodedRecord[]): Promise<void> {
    const rows = records.map(({ eventID, bytes }) => ({ event_id: eventID, record: bytes }));
    await transaction.insertInto("outbox").values(rows).execute();
  }

  /** The record is in the journal: the next sweep removes its row. */
  delivered(eventID: string): void {
    this.#delivered.push(eventID);
  }

  /** What a crash or a full disk left behind. */
  async waiting(): Promise<readonly JournalRecord[]> {
    const rows = await this.#tables.selectFrom("outbox").selectAll().execute();
    const delivered = new Set(this.#delivered);
    return rows
      .filter((row) => !delivered.has(row.event_id))
      .map((row) => ({ eventID: row.event_id, bytes: row.record }));
  }

  /** Writes something that changes nothing. @throws {Failure} when the tables take no writes. */
  async probe(): Promise<void> {
    await this.#tables.transaction().execute(async (transaction) => {
      const row = { event_id: PROBE, record: new Uint8Array() };
      await transaction.insertInto("outbox").values(row).execute();
      await transaction.deleteFrom("outbox").where("event_id", "=", PROBE).execute();
    });
  }

  /** Removes the rows of delivered records; those it could not remove stay for the next sweep. */
  async sweep(): Promise<void> {
    while (this.#delivered.length > 0) {
      const some = this.#delivered.slice(0, DELETED_AT_ONCE);
      await this.#tables.deleteFrom("outbox").where("event_id", "in", some).execute();
      this.#delivered = this.#delivered.slice(some.length);
    }
  }
}

/** Below the number of parameters that every SQL engine takes in one statement. */
const DELETED_AT_ONCE = 500;

/** No record has this eventID. */
const PROBE = "probe";
