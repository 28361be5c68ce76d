import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import type { AlarmsSchema } from "./schema.ts";

export interface AlarmTag {
  readonly Key: string;
  readonly Value: string;
}

/** Tags of one alarm. */
const TAGS_MAX = 50;

type Tables = Kysely<AlarmsSchema>;

/** In the order in which the keys were first set. */
export async function listAlarmTags(tables: Tables, resource: string): Promise<readonly AlarmTag[]> {
  const rows = await tables
    .selectFrom("alarm_tags")
    .select(["key", "value"])
    .where("resource", "=", resource)
    .orderBy("position")
    .execute();
  return rows.map(({ key, value }) => ({ Key: key, Value: value }));
}

/**
 * Adds tags, or changes their values.
 * @throws {Refusal} `InvalidParameterValue` for reserved keys, keys given twice, and more than 50 tags.
 */
export async function setAlarmTags(tables: Tables, resource: string, tags: readonly AlarmTag[]): Promise<void> {
  const known = await listAlarmTags(tables, resource);
  const keys = tags.map(({ Key }) => Key);
  if (new Set(keys).size < keys.length) throw invalidTags("A tag key is given more than once.");
  if (keys.some((key) => /^aws:/i.test(key))) throw invalidTags("Tag keys must not begin with aws:.");
  const all = new Map([...known, ...tags].map(({ Key, Value }) => [Key, Value]));
  if (all.size > TAGS_MAX) throw invalidTags(`A resource cannot have more than ${TAGS_MAX} tags.`);
  const rows = [...all].map(([key, value], position) => ({ resource, position, key, value }));
  if (rows.length > 0) await tables.replaceInto("alarm_tags").values(rows).execute();
}

function invalidTags(message: string): Refusal {
  return new Refusal("InvalidParameterValue", message);
}

/** Keys that are not there are passed over. */
export async function removeAlarmTags(tables: Tables, resource: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await tables.deleteFrom("alarm_tags").where("resource", "=", resource).where("key", "in", keys).execute();
}
