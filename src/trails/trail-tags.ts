import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import type { TrailsSchema } from "./schema.ts";

/** In AWS's spelling. A tag may have no value, which is another thing than an empty one. */
export interface TrailTag {
  readonly Key: string;
  readonly Value?: string | undefined;
}

/** Tags of one resource. */
const TAGS_MAX = 50;

type Tables = Kysely<TrailsSchema>;

/** In the order in which the keys were first set. */
export async function listTrailTags(tables: Tables, resource: string): Promise<readonly TrailTag[]> {
  const rows = await tables
    .selectFrom("trail_tags")
    .select(["key", "value"])
    .where("resource", "=", resource)
    .orderBy("position")
    .execute();
  return rows.map(({ key, value }) => (value === null ? { Key: key } : { Key: key, Value: value }));
}

/**
 * Adds tags, or changes their values.
 * @throws {Refusal} `InvalidTagParameterException`, `TagsLimitExceededException` beyond 50 tags.
 */
export async function setTrailTags(tables: Tables, resource: string, tags: readonly TrailTag[]): Promise<void> {
  checkTags(tags);
  if (tags.length === 0) return;
  const known = await listTrailTags(tables, resource);
  if (new Set([...known, ...tags].map(({ Key }) => Key)).size > TAGS_MAX) throw tooMany();
  const last = await tables
    .selectFrom("trail_tags")
    .select(({ fn }) => fn.max("position").as("position"))
    .where("resource", "=", resource)
    .executeTakeFirst();
  const first = (last?.position ?? 0) + 1;
  await tables
    .insertInto("trail_tags")
    .values(
      tags.map(({ Key, Value }, index) => ({ resource, position: first + index, key: Key, value: Value ?? null })),
    )
    .onConflict((conflict) =>
      conflict.columns(["resource", "key"]).doUpdateSet((row) => ({ value: row.ref("excluded.value") })),
    )
    .execute();
}

/**
 * What can be said of tags before it is known what they are for.
 * @throws {Refusal} `InvalidTagParameterException`, `TagsLimitExceededException`.
 */
export function checkTags(tags: readonly TrailTag[]): void {
  const keys = tags.map(({ Key }) => Key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw invalid(`The tag key ${twice} is given more than once.`);
  const reserved = keys.find((key) => /^aws:/i.test(key));
  if (reserved !== undefined) throw invalid(`The tag key ${reserved} is reserved: keys must not begin with aws:.`);
  for (const { Key, Value = "" } of tags) {
    const wrong = [Key, Value].find((text) => !ALLOWED.test(text));
    if (wrong !== undefined) {
      throw invalid(`${wrong} is not valid in a tag: it may hold letters, numbers, spaces and _ . : / = + - @.`);
    }
  }
  if (tags.length > TAGS_MAX) throw tooMany();
}

const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Keys that are not there are passed over. */
export async function removeTrailTags(tables: Tables, resource: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await tables.deleteFrom("trail_tags").where("resource", "=", resource).where("key", "in", keys).execute();
}

export async function removeAllTrailTags(tables: Tables, resource: string): Promise<void> {
  await tables.deleteFrom("trail_tags").where("resource", "=", resource).execute();
}

function tooMany(): Refusal {
  return new Refusal("TagsLimitExceededException", `A resource can have at most ${TAGS_MAX} tags.`);
}

function invalid(message: string): Refusal {
  return new Refusal("InvalidTagParameterException", message);
}
