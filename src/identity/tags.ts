import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import { TAGS_MAX } from "./limits.ts";
import type { HolderKind, IdentitySchema } from "./schema.ts";
import { byKey } from "./slices.ts";

/** In IAM's spelling. */
export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** What carries tags: the id is the one that is never given twice. */
export interface Tagged {
  readonly kind: HolderKind;
  readonly id: string;
}

/** The tags in the order of `tagPosition`. */
export async function listTags(tables: Kysely<IdentitySchema>, tagged: Tagged): Promise<readonly Tag[]> {
  const rows = await tables
    .selectFrom("identity_tags")
    .select(["key as Key", "value as Value"])
    .where("holder_kind", "=", tagged.kind)
    .where("holder_id", "=", tagged.id)
    .execute();
  return rows.sort(byKey(tagPosition));
}

/**
 * Where a tag stands in a list: by its key. A key may have 128 characters of any script, which is more than fits into
 * a page marker (320 characters); of a long one the beginning counts, and then a digest so that no two are equal.
 */
export function tagPosition(tag: Tag): string {
  if (tag.Key.length <= 40) return tag.Key;
  return `${tag.Key.slice(0, 40)}\0${createHash("sha256").update(tag.Key).digest("hex").slice(0, 16)}`;
}

/**
 * Adds tags or changes their values; a key keeps the case of its last writer.
 *
 * @throws {Refusal} `InvalidInput` for keys given twice or reserved ones (`aws:…`), `LimitExceeded` beyond 50 tags.
 */
export async function setTags(tables: Kysely<IdentitySchema>, tagged: Tagged, tags: readonly Tag[]): Promise<void> {
  if (tags.length === 0) return;
  assertDistinct(tagged.kind, tags);
  await removeTags(
    tables,
    tagged,
    tags.map((tag) => tag.Key),
  );
  const kept = await listTags(tables, tagged);
  if (kept.length + tags.length > TAGS_MAX) {
    throw new Refusal("LimitExceeded", `The number of tags has reached the maximum limit: ${TAGS_MAX}`, 409);
  }
  await tables
    .insertInto("identity_tags")
    .values(
      tags.map((tag) => ({
        holder_kind: tagged.kind,
        holder_id: tagged.id,
        key: tag.Key,
        key_key: tagKey(tagged.kind, tag.Key),
        value: tag.Value,
      })),
    )
    .execute();
}

/** Keys that are not there are passed over. */
export async function removeTags(
  tables: Kysely<IdentitySchema>,
  tagged: Tagged,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  await tables
    .deleteFrom("identity_tags")
    .where("holder_kind", "=", tagged.kind)
    .where("holder_id", "=", tagged.id)
    .where(
      "key_key",
      "in",
      keys.map((key) => tagKey(tagged.kind, key)),
    )
    .execute();
}

export async function removeAllTags(tables: Kysely<IdentitySchema>, tagged: Tagged): Promise<void> {
  await tables
    .deleteFrom("identity_tags")
    .where("holder_kind", "=", tagged.kind)
    .where("holder_id", "=", tagged.id)
    .execute();
}

/** Tag keys of users and roles are the same whatever their case; those of policies are not. */
function tagKey(kind: HolderKind, key: string): string {
  return kind === "policy" ? key : key.toLowerCase();
}

function assertDistinct(kind: HolderKind, tags: readonly Tag[]): void {
  const reserved = tags.find((tag) => /^aws:/i.test(tag.Key));
  if (reserved !== undefined) {
    throw new Refusal("InvalidInput", `The tag key ${reserved.Key} is reserved: keys must not begin with aws:.`);
  }
  if (new Set(tags.map((tag) => tagKey(kind, tag.Key))).size === tags.length) return;
  const hint = kind === "policy" ? "" : " Please note that Tag keys are case insensitive.";
  throw new Refusal("InvalidInput", `Duplicate tag keys found.${hint}`);
}
