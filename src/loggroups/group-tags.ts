import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import type { LogGroupsSchema } from "./schema.ts";

/** Tags of one resource. */
const TAGS_MAX = 50;

type Tables = Kysely<LogGroupsSchema>;

export type GroupTags = Readonly<Record<string, string>>;

/** In the order in which the keys were first set. */
export async function listGroupTags(tables: Tables, resource: string): Promise<GroupTags> {
  const rows = await tables
    .selectFrom("log_tags")
    .select(["key", "value"])
    .where("resource", "=", resource)
    .orderBy("position")
    .execute();
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

/**
 * Adds tags, or changes their values.
 * @throws {Refusal} `InvalidParameterException` for keys that AWS keeps for itself, `TooManyTagsException` beyond 50.
 */
export async function setGroupTags(tables: Tables, resource: string, tags: GroupTags): Promise<void> {
  const keys = Object.keys(tags);
  const reserved = keys.find((key) => /^aws:/i.test(key));
  if (reserved !== undefined) {
    throw new Refusal(
      "InvalidParameterException",
      `The tag key ${reserved} is reserved: keys must not begin with aws:`,
    );
  }
  if (keys.length === 0) return;
  const known = await listGroupTags(tables, resource);
  if (new Set([...Object.keys(known), ...keys]).size > TAGS_MAX) {
    throw new Refusal("TooManyTagsException", `A resource can have at most ${TAGS_MAX} tags`, 400, {
      resourceName: resource,
    });
  }
  const last = await tables
    .selectFrom("log_tags")
    .select(({ fn }) => fn.max("position").as("position"))
    .where("resource", "=", resource)
    .executeTakeFirst();
  const first = (last?.position ?? 0) + 1;
  const rows = Object.entries(tags).map(([key, value], index) => ({ resource, position: first + index, key, value }));
  await tables
    .insertInto("log_tags")
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(["resource", "key"]).doUpdateSet((row) => ({ value: row.ref("excluded.value") })),
    )
    .execute();
}

/** Keys that are not there are passed over. */
export async function removeGroupTags(tables: Tables, resource: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await tables.deleteFrom("log_tags").where("resource", "=", resource).where("key", "in", keys).execute();
}
