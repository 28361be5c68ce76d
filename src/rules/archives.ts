import type { Kysely } from "kysely";
import type { Place } from "./bus-arn.ts";
import type { Archive, ArchiveSize } from "./archive.ts";
import type { RulesSchema } from "./schema.ts";

/** Archives of one bus: in EventBridge each takes the place of a rule. */
export const ARCHIVES_PER_BUS_MAX = 300;

type Tables = Kysely<RulesSchema>;

/** An archive as the tables have it. */
export interface KeptArchive extends Archive, ArchiveSize {
  /** Never used again, whatever the archive's name is. */
  readonly id: number;
}

export async function findArchive(
  tables: Tables,
  { account, region }: Place,
  name: string,
): Promise<KeptArchive | undefined> {
  const row = await tables
    .selectFrom("event_archives")
    .select(["archive_id", "archive", "events", "bytes"])
    .where("account_id", "=", account)
    .where("region", "=", region)
    .where("name", "=", name)
    .executeTakeFirst();
  return row && readArchive(row);
}

/** The archives of an account in a Region, by name. */
export async function listArchives(tables: Tables, { account, region }: Place): Promise<readonly KeptArchive[]> {
  const rows = await tables
    .selectFrom("event_archives")
    .select(["archive_id", "archive", "events", "bytes"])
    .where("account_id", "=", account)
    .where("region", "=", region)
    .orderBy("name")
    .execute();
  return rows.map(readArchive);
}

/** Of all accounts and Regions. */
export async function allArchives(tables: Tables): Promise<readonly KeptArchive[]> {
  const rows = await tables
    .selectFrom("event_archives")
    .select(["archive_id", "archive", "events", "bytes"])
    .orderBy("archive_id")
    .execute();
  return rows.map(readArchive);
}

/** Creates the archive or changes it; what it holds stays. */
export async function putArchive(tables: Tables, made: Archive): Promise<void> {
  const { arn, account, region, name, busArn, createdAt } = made;
  const archive = JSON.stringify(made);
  const row = { archive_arn: arn, account_id: account, region, name, bus_arn: busArn, created_at: createdAt };
  await tables
    .insertInto("event_archives")
    .values({ ...row, archive, events: 0, bytes: 0 })
    .onConflict((conflict) => conflict.column("archive_arn").doUpdateSet({ archive }))
    .execute();
}

/** What it held is dropped later, in small steps. */
export async function deleteArchive(tables: Tables, { id }: KeptArchive): Promise<void> {
  await tables.deleteFrom("event_archives").where("archive_id", "=", id).execute();
  await tables.insertInto("event_archives_deleted").values({ archive_id: id }).execute();
}

/** Fields of the archive alone, without what it holds. */
export function archiveOf({ id: _id, events: _events, bytes: _bytes, ...archive }: KeptArchive): Archive {
  return archive;
}

function readArchive(
  row: Pick<RulesSchema["event_archives"], "archive" | "events" | "bytes"> & { readonly archive_id: number },
): KeptArchive {
  const { archive, archive_id: id, events, bytes } = row;
  return { ...(JSON.parse(archive) as Archive), id, events, bytes };
}
