import type { Kysely } from "kysely";
import type { Clock } from "../core/index.ts";
import { allArchives } from "./archives.ts";
import type { RulesSchema } from "./schema.ts";

interface RetentionNeeds {
  readonly tables: Kysely<RulesSchema>;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;
/** Replays are told of for so long after they began. */
const REPLAY_DAYS = 90;
/** Rows that are dropped at a time, so that nobody waits long for the tables. */
const STEP_ROWS = 500;

/**
 * Drops a few events of archives whose retention is over, or which are gone, and what is told of old replays. Answers
 * whether there may be more.
 */
export async function dropExpired({ tables, clock }: RetentionNeeds): Promise<boolean> {
  const now = clock.now();
  let more = false;
  for (const { id, retentionDays } of await allArchives(tables)) {
    if (retentionDays === 0) continue;
    more = (await dropBefore(tables, id, now - retentionDays * DAY_MS)) === STEP_ROWS || more;
  }
  const gone = await tables.selectFrom("event_archives_deleted").select("archive_id").execute();
  for (const { archive_id } of gone) {
    more = (await dropBefore(tables, archive_id, Number.MAX_SAFE_INTEGER)) === STEP_ROWS || more;
    if (!(await hasEvents(tables, archive_id))) await forget(tables, archive_id);
  }
  await dropReplays(tables, now - REPLAY_DAYS * DAY_MS);
  return more;
}

/** Answers how many rows it dropped. */
async function dropBefore(tables: Kysely<RulesSchema>, archiveId: number, timeMs: number): Promise<number> {
  const { numDeletedRows } = await tables
    .deleteFrom("event_archived")
    .where("archived_id", "in", (old) =>
      old
        .selectFrom("event_archived")
        .select("archived_id")
        .where("archive_id", "=", archiveId)
        .where("time_ms", "<", timeMs)
        .orderBy("time_ms")
        .limit(STEP_ROWS),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

async function hasEvents(tables: Kysely<RulesSchema>, archiveId: number): Promise<boolean> {
  const row = await tables
    .selectFrom("event_archived")
    .select("archived_id")
    .where("archive_id", "=", archiveId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

async function forget(tables: Kysely<RulesSchema>, archiveId: number): Promise<void> {
  await tables.deleteFrom("event_archives_deleted").where("archive_id", "=", archiveId).execute();
}

async function dropReplays(tables: Kysely<RulesSchema>, before: number): Promise<void> {
  await tables
    .deleteFrom("event_replays")
    .where("state", "in", ["COMPLETED", "CANCELLED", "FAILED"])
    .where("created_at", "<", before)
    .execute();
}
