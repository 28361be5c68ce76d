import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import type { RulesSchema } from "./schema.ts";

/** In AWS's spelling. */
export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** Tags of one bus or rule. */
const TAGS_MAX = 50;

type Tables = Kysely<RulesSchema>;

/** In the order in which the keys were first set. */
export async function listTags(tables: Tables, resource: string): Promise<readonly Tag[]> {
  const rows = await tables
    .selectFrom("event_tags")
    .select(["key", "value"])
    .where("resource", "=", resource)
    .orderBy("position")
    .execute();
  return rows.map(({ key, value }) => ({ Key: key, Value: value }));
}

/**
 * Adds tags, or changes their values.
 * @throws {Refusal} `ValidationException` for keys that AWS keeps for itself, keys given twice, and over 50 tags.
 */
export async function setTags(tables: Tables, resource: string, tags: readonly Tag[]): Promise<void> {
  const keys = tags.map(({ Key }) => Key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw invalid(`Duplicate tag key: ${twice}`);
  const reserved = keys.find((key) => /^aws:/i.test(key));
  if (reserved !== undefined) throw invalid(`Tag key ${reserved} is not valid: keys must not begin with aws:`);
  if (tags.length === 0) return;
  const known = await listTags(tables, resource);
  if (new Set([...known.map(({ Key }) => Key), ...keys]).size > TAGS_MAX) {
    throw invalid(`A resource can have at most ${TAGS_MAX} tags.`);
  }
  const last = await tables
    .selectFrom("event_tags")
    .select(({ fn }) => fn.max("position").as("position"))
    .where("resource", "=", resource)
    .executeTakeFirst();
  const first = (last?.position ?? 0) + 1;
  await tables
    .insertInto("event_tags")
    .values(tags.map(({ Key, Value }, index) => ({ resource, position: first + index, key: Key, value: Value })))
    .onConflict((conflict) =>
      conflict.columns(["resource", "key"]).doUpdateSet((row) => ({ value: row.ref("excluded.value") })),
    )
    .execute();
}

/** Keys that are not there are passed over. */
export async function removeTags(tables: Tables, resource: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await tables.deleteFrom("event_tags").where("resource", "=", resource).where("key", "in", keys).execute();
}

export async function removeAllTags(tables: Tables, resource: string): Promise<void> {
  await tables.deleteFrom("event_tags").where("resource", "=", resource).execute();
}

function invalid(message: string): Refusal {
  return new Refusal("ValidationException", message);
}
