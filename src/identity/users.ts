import type { Kysely } from "kysely";
import { findEntity, type User } from "./entities.ts";
import { assertNameFree, assertRoomForOne, assertWithoutPolicies, findHolder } from "./holders.ts";
import { entityArn, nameKey } from "./names.ts";
import { deleteConflict } from "./refusals.ts";
import type { IdentitySchema } from "./schema.ts";
import { removeAllTags, setTags, type Tag } from "./tags.ts";
import { replaceTrustedPrincipal } from "./trusted-principals.ts";

export interface NewUser {
  readonly account: string;
  /** A fresh `AIDA…`. */
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly boundaryArn: string | undefined;
  readonly tags: readonly Tag[];
  readonly now: number;
}

/** @throws {Refusal} `EntityAlreadyExists`, `LimitExceeded`, or what `setTags` throws. */
export async function createUser(tables: Kysely<IdentitySchema>, wanted: NewUser): Promise<User> {
  await assertNameFree(tables, wanted.account, "user", wanted.name);
  await assertRoomForOne(tables, wanted.account, "user");
  await tables
    .insertInto("users")
    .values({
      account_id: wanted.account,
      user_id: wanted.id,
      name: wanted.name,
      name_key: nameKey(wanted.name),
      path: wanted.path,
      created_at: wanted.now,
      boundary_arn: wanted.boundaryArn ?? null,
      password_hash: null,
      password_created_at: null,
      password_last_used_at: null,
    })
    .execute();
  await setTags(tables, { kind: "user", id: wanted.id }, wanted.tags);
  return findEntity(tables, wanted.account, "user", wanted.name);
}

/** @throws {Refusal} `NoSuchEntity`, or `EntityAlreadyExists` when somebody else has the new name. */
export async function updateUser(
  tables: Kysely<IdentitySchema>,
  account: string,
  name: string,
  change: { readonly name: string | undefined; readonly path: string | undefined },
): Promise<void> {
  const user = await findEntity(tables, account, "user", name);
  const newName = change.name ?? user.name;
  await assertNameFree(tables, account, "user", newName, user.user_id);
  await tables
    .updateTable("users")
    .set({ name: newName, name_key: nameKey(newName), path: change.path ?? user.path })
    .where("user_id", "=", user.user_id)
    .execute();
  const newArn = entityArn(account, "user", change.path ?? user.path, newName);
  await replaceTrustedPrincipal(tables, entityArn(account, "user", user.path, user.name), newArn);
}

/** @throws {Refusal} `NoSuchEntity`; `DeleteConflict` while the user has keys, a password, policies or groups. */
export async function deleteUser(tables: Kysely<IdentitySchema>, account: string, name: string): Promise<void> {
  const holder = await findHolder(tables, account, "user", name);
  const user = await findEntity(tables, account, "user", name);
  const key = tables.selectFrom("access_keys").select("access_key_id").where("user_id", "=", user.user_id);
  if ((await key.executeTakeFirst()) !== undefined) throw deleteConflict("delete access keys");
  if (user.password_hash !== null) throw deleteConflict("delete login profile");
  await assertWithoutPolicies(tables, holder);
  const membership = tables.selectFrom("group_members").select("group_id").where("user_id", "=", user.user_id);
  if ((await membership.executeTakeFirst()) !== undefined) throw deleteConflict("remove users from group");
  await removeAllTags(tables, holder);
  await tables.deleteFrom("users").where("user_id", "=", user.user_id).execute();
  await replaceTrustedPrincipal(tables, holder.arn, holder.id);
}
