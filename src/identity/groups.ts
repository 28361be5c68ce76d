import type { Kysely } from "kysely";
import { findEntity, type User } from "./entities.ts";
import { assertNameFree, assertRoomForOne, assertWithoutPolicies, findHolder } from "./holders.ts";
import { assertWithin } from "./limits.ts";
import { nameKey } from "./names.ts";
import { deleteConflict } from "./refusals.ts";
import type { GroupRow, IdentitySchema } from "./schema.ts";
import type { Slice } from "./slices.ts";

export interface NewGroup {
  readonly account: string;
  /** A fresh `AGPA…`. */
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly now: number;
}

/** @throws {Refusal} `EntityAlreadyExists`, `LimitExceeded`. */
export async function createGroup(tables: Kysely<IdentitySchema>, wanted: NewGroup): Promise<GroupRow> {
  await assertNameFree(tables, wanted.account, "group", wanted.name);
  await assertRoomForOne(tables, wanted.account, "group");
  const group: GroupRow = {
    account_id: wanted.account,
    group_id: wanted.id,
    name: wanted.name,
    name_key: nameKey(wanted.name),
    path: wanted.path,
    created_at: wanted.now,
  };
  await tables.insertInto("groups").values(group).execute();
  return group;
}

/** @throws {Refusal} `NoSuchEntity`, or `EntityAlreadyExists` when another group has the new name. */
export async function updateGroup(
  tables: Kysely<IdentitySchema>,
  account: string,
  name: string,
  change: { readonly name: string | undefined; readonly path: string | undefined },
): Promise<void> {
  const group = await findEntity(tables, account, "group", name);
  const newName = change.name ?? group.name;
  await assertNameFree(tables, account, "group", newName, group.group_id);
  await tables
    .updateTable("groups")
    .set({ name: newName, name_key: nameKey(newName), path: change.path ?? group.path })
    .where("group_id", "=", group.group_id)
    .execute();
}

/** @throws {Refusal} `NoSuchEntity`; `DeleteConflict` while the group has members or policies. */
export async function deleteGroup(tables: Kysely<IdentitySchema>, account: string, name: string): Promise<void> {
  const holder = await findHolder(tables, account, "group", name);
  const member = tables.selectFrom("group_members").select("user_id").where("group_id", "=", holder.id);
  if ((await member.executeTakeFirst()) !== undefined) throw deleteConflict("remove users from group");
  await assertWithoutPolicies(tables, holder);
  await tables.deleteFrom("groups").where("group_id", "=", holder.id).execute();
}

/**
 * Does nothing when the user is in the group already.
 * @throws {Refusal} `NoSuchEntity`, `LimitExceeded` beyond 10 groups of one user.
 */
export async function addUserToGroup(
  tables: Kysely<IdentitySchema>,
  account: string,
  userName: string,
  groupName: string,
): Promise<void> {
  const user = await findEntity(tables, account, "user", userName);
  const group = await findEntity(tables, account, "group", groupName);
  const groups = await groupsOf(tables, user.user_id);
  if (groups.some((each) => each.group_id === group.group_id)) return;
  assertWithin("GroupsPerUser", groups.length + 1);
  await tables.insertInto("group_members").values({ group_id: group.group_id, user_id: user.user_id }).execute();
}

/**
 * Does nothing when the user is not in the group.
 * @throws {Refusal} `NoSuchEntity` when there is no such user or no such group.
 */
export async function removeUserFromGroup(
  tables: Kysely<IdentitySchema>,
  account: string,
  userName: string,
  groupName: string,
): Promise<void> {
  const user = await findEntity(tables, account, "user", userName);
  const group = await findEntity(tables, account, "group", groupName);
  await tables
    .deleteFrom("group_members")
    .where("group_id", "=", group.group_id)
    .where("user_id", "=", user.user_id)
    .execute();
}

/** The groups of a user, ordered by `name_key`; 10 at most. */
export function groupsOf(tables: Kysely<IdentitySchema>, userId: string): Promise<readonly GroupRow[]> {
  return tables
    .selectFrom("groups")
    .innerJoin("group_members", "group_members.group_id", "groups.group_id")
    .selectAll("groups")
    .where("group_members.user_id", "=", userId)
    .orderBy("groups.name_key")
    .execute();
}

/** The members of a group, ordered by `name_key`. */
export function listMembers(tables: Kysely<IdentitySchema>, groupId: string, slice: Slice): Promise<readonly User[]> {
  return tables
    .selectFrom("users")
    .innerJoin("group_members", "group_members.user_id", "users.user_id")
    .selectAll("users")
    .where("group_members.group_id", "=", groupId)
    .where("users.name_key", ">", slice.after ?? "")
    .orderBy("users.name_key")
    .limit(slice.limit)
    .execute();
}
