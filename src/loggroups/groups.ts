import type { Kysely, Selectable } from "kysely";
import { Refusal } from "../core/index.ts";
import { groupArn, type Place } from "./group-arn.ts";
import type { LogGroupsSchema } from "./schema.ts";

/** What of a group is only told again, but for the protection. */
export interface GroupSettings {
  readonly logGroupClass: string;
  readonly deletionProtectionEnabled: boolean;
}

export interface LogGroup extends Place {
  /** Without `:*`. */
  readonly arn: string;
  readonly name: string;
  /** Days; for ever when absent. */
  readonly retentionDays?: number;
  readonly settings: GroupSettings;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface LogStreamRow {
  readonly name: string;
  readonly createdAt: number;
}

type Tables = Kysely<LogGroupsSchema>;

const DAY_MS = 86_400_000;
/** Of one account in one Region. AWS's is a million. */
const GROUPS_MAX = 10_000;
/** Of one group: their names are kept in memory. AWS has no limit. */
const STREAMS_MAX = 100_000;

const NO_GROUP = "The specified log group does not exist.";
const NO_STREAM = "The specified log stream does not exist.";

export function limitExceeded(): Refusal {
  return new Refusal("LimitExceededException", "Resource limit exceeded.");
}

/** @throws {Refusal} `ResourceAlreadyExistsException`, `LimitExceededException`. */
export async function createGroup(
  tables: Tables,
  place: Place,
  made: Pick<LogGroup, "name" | "settings" | "createdAt">,
): Promise<string> {
  const arn = groupArn(place, made.name);
  if ((await findGroup(tables, arn)) !== undefined) {
    throw new Refusal("ResourceAlreadyExistsException", "The specified log group already exists");
  }
  const { count } = await tables
    .selectFrom("log_groups")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("account_id", "=", place.account)
    .where("region", "=", place.region)
    .executeTakeFirstOrThrow();
  if (count >= GROUPS_MAX) throw limitExceeded();
  await tables
    .insertInto("log_groups")
    .values({
      group_arn: arn,
      account_id: place.account,
      region: place.region,
      name: made.name,
      retention_days: null,
      settings: JSON.stringify(made.settings),
      created_at: made.createdAt,
    })
    .execute();
  return arn;
}

export async function findGroup(tables: Tables, arn: string): Promise<LogGroup | undefined> {
  const row = await tables.selectFrom("log_groups").selectAll().where("group_arn", "=", arn).executeTakeFirst();
  return row && groupOf(row);
}

/** @throws {Refusal} `ResourceNotFoundException`. */
export async function getGroup(tables: Tables, arn: string): Promise<LogGroup> {
  const group = await findGroup(tables, arn);
  if (group === undefined) throw new Refusal("ResourceNotFoundException", NO_GROUP);
  return group;
}

/** Those of one account and Region by name, from behind `after` on. */
export async function listGroups(tables: Tables, place: Place, after = ""): Promise<readonly LogGroup[]> {
  const rows = await tables
    .selectFrom("log_groups")
    .selectAll()
    .where("account_id", "=", place.account)
    .where("region", "=", place.region)
    .where("name", ">", after)
    .orderBy("name")
    .execute();
  return rows.map(groupOf);
}

/** Of all accounts and Regions: those that do not keep their events for ever. */
export async function listExpiringGroups(tables: Tables): Promise<readonly LogGroup[]> {
  const rows = await tables.selectFrom("log_groups").selectAll().where("retention_days", "is not", null).execute();
  return rows.map(groupOf);
}

export async function setRetention(tables: Tables, arn: string, days: number | null): Promise<void> {
  await tables.updateTable("log_groups").set({ retention_days: days }).where("group_arn", "=", arn).execute();
}

export async function setGroupSettings(tables: Tables, arn: string, settings: GroupSettings): Promise<void> {
  const text = JSON.stringify(settings);
  await tables.updateTable("log_groups").set({ settings: text }).where("group_arn", "=", arn).execute();
}

/** With all that belongs to it but its events. */
export async function deleteGroup(tables: Tables, arn: string): Promise<void> {
  await tables.deleteFrom("log_groups").where("group_arn", "=", arn).execute();
  await tables.deleteFrom("log_streams").where("group_arn", "=", arn).execute();
  await tables.deleteFrom("log_metric_filters").where("group_arn", "=", arn).execute();
  await tables.deleteFrom("log_subscription_filters").where("group_arn", "=", arn).execute();
  await tables.deleteFrom("log_resource_policies").where("resource_arn", "=", arn).execute();
  await tables.deleteFrom("log_tags").where("resource", "=", arn).execute();
}

/** When the oldest event came that a group still shows; 0 when it keeps all. */
export function keptSince({ retentionDays }: Pick<LogGroup, "retentionDays">, now: number): number {
  return retentionDays === undefined ? 0 : now - retentionDays * DAY_MS;
}

/** @throws {Refusal} `ResourceAlreadyExistsException`, `LimitExceededException`. */
export async function createStream(tables: Tables, arn: string, name: string, createdAt: number): Promise<void> {
  if (await hasStream(tables, arn, name)) {
    throw new Refusal("ResourceAlreadyExistsException", "The specified log stream already exists");
  }
  const { count } = await tables
    .selectFrom("log_streams")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("group_arn", "=", arn)
    .executeTakeFirstOrThrow();
  if (count >= STREAMS_MAX) throw limitExceeded();
  await tables.insertInto("log_streams").values({ group_arn: arn, name, created_at: createdAt }).execute();
}

export async function hasStream(tables: Tables, arn: string, name: string): Promise<boolean> {
  const row = await tables
    .selectFrom("log_streams")
    .select("name")
    .where("group_arn", "=", arn)
    .where("name", "=", name)
    .executeTakeFirst();
  return row !== undefined;
}

/** @throws {Refusal} `ResourceNotFoundException`. */
export async function checkStream(tables: Tables, arn: string, name: string): Promise<void> {
  if (!(await hasStream(tables, arn, name))) throw new Refusal("ResourceNotFoundException", NO_STREAM);
}

/** By name. */
export async function listStreams(tables: Tables, arn: string, prefix = ""): Promise<readonly LogStreamRow[]> {
  const rows = await tables
    .selectFrom("log_streams")
    .select(["name", "created_at"])
    .where("group_arn", "=", arn)
    .where("name", ">=", prefix)
    .orderBy("name")
    .execute();
  return rows
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, created_at: createdAt }) => ({ name, createdAt }));
}

export async function deleteStream(tables: Tables, arn: string, name: string): Promise<void> {
  await tables.deleteFrom("log_streams").where("group_arn", "=", arn).where("name", "=", name).execute();
}

function groupOf(row: Selectable<LogGroupsSchema["log_groups"]>): LogGroup {
  return {
    arn: row.group_arn,
    account: row.account_id,
    region: row.region,
    name: row.name,
    ...(row.retention_days === null ? {} : { retentionDays: row.retention_days }),
    settings: JSON.parse(row.settings) as GroupSettings,
    createdAt: row.created_at,
  };
}
