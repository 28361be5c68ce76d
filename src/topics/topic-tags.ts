import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import { invalidParameter } from "./refusals.ts";
import type { TopicsSchema } from "./schema.ts";

/** In AWS's spelling. */
export interface TopicTag {
  readonly Key: string;
  readonly Value: string;
}

const TAGS_MAX = 50;

type Tables = Kysely<TopicsSchema>;

/** In the order in which the keys were first set. */
export async function listTopicTags(tables: Tables, resource: string): Promise<readonly TopicTag[]> {
  const rows = await tables
    .selectFrom("topic_tags")
    .select(["key", "value"])
    .where("resource", "=", resource)
    .orderBy("position")
    .execute();
  return rows.map(({ key, value }) => ({ Key: key, Value: value }));
}

/**
 * Adds tags, or changes their values.
 * @throws {Refusal} `InvalidParameter`; `TagLimitExceeded` beyond 50 tags.
 */
export async function setTopicTags(tables: Tables, resource: string, tags: readonly TopicTag[]): Promise<void> {
  checkTags(tags);
  if (tags.length === 0) return;
  const known = await listTopicTags(tables, resource);
  if (new Set([...known, ...tags].map(({ Key }) => Key)).size > TAGS_MAX) {
    throw new Refusal("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded");
  }
  const last = await tables
    .selectFrom("topic_tags")
    .select(({ fn }) => fn.max("position").as("position"))
    .where("resource", "=", resource)
    .executeTakeFirst();
  const first = (last?.position ?? 0) + 1;
  await tables
    .insertInto("topic_tags")
    .values(tags.map(({ Key, Value }, index) => ({ resource, position: first + index, key: Key, value: Value })))
    .onConflict((conflict) =>
      conflict.columns(["resource", "key"]).doUpdateSet((row) => ({ value: row.ref("excluded.value") })),
    )
    .execute();
}

/** Keys that are not there are passed over. */
export async function removeTopicTags(tables: Tables, resource: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await tables.deleteFrom("topic_tags").where("resource", "=", resource).where("key", "in", keys).execute();
}

/** Whether the same tags are meant, whatever their order. */
export function sameTags(some: readonly TopicTag[], others: readonly TopicTag[]): boolean {
  const values = new Map(some.map(({ Key, Value }) => [Key, Value]));
  return some.length === others.length && others.every(({ Key, Value }) => values.get(Key) === Value);
}

function checkTags(tags: readonly TopicTag[]): void {
  const keys = tags.map(({ Key }) => Key);
  if (new Set(keys).size < keys.length) throw invalidParameter("Duplicated keys are not allowed.");
  if (keys.some((key) => /^aws:/i.test(key))) throw invalidParameter("Tags Reason: aws: is reserved for system use");
  const wrong = tags.flatMap(({ Key, Value }) => [Key, Value]).find((text) => !ALLOWED.test(text));
  if (wrong !== undefined) throw invalidParameter(`Tags Reason: ${wrong} holds characters that no tag may have`);
}

const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
