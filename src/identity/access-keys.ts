import type { Kysely } from "kysely";
import { type Random, Refusal } from "../core/index.ts";
import { newAccessKeyId, newSecretAccessKey } from "./ids.ts";
import { assertWithin } from "./limits.ts";
import type { AccessKeyRow, IdentitySchema } from "./schema.ts";
import type { SecretBox } from "./secret-box.ts";

/** Whose key it is: a user's, or with null the root's of the account. */
export interface KeyOwner {
  readonly account: string;
  readonly userId: string | null;
}

/** A new key, and its secret for the only time that it is told. */
export interface NewAccessKey {
  readonly row: AccessKeyRow;
  readonly secret: string;
}

/** What a key's secret is sealed for: it cannot be moved to another key. */
export function accessKeyPurpose(accessKeyId: string): string {
  return `access-key:${accessKeyId}`;
}

/** @throws {Refusal} `LimitExceeded` when the owner has two keys. */
export async function createAccessKey(
  tables: Kysely<IdentitySchema>,
  means: { readonly random: Random; readonly box: SecretBox },
  owner: KeyOwner,
  now: number,
): Promise<NewAccessKey> {
  const keys = await listAccessKeys(tables, owner);
  assertWithin("AccessKeysPerUser", keys.length + 1);
  const id = newAccessKeyId(means.random, "AKIA", owner.account);
  const secret = newSecretAccessKey(means.random);
  const row: AccessKeyRow = {
    access_key_id: id,
    account_id: owner.account,
    user_id: owner.userId,
    secret: means.box.seal(secret, accessKeyPurpose(id)),
    status: "Active",
    created_at: now,
    last_used_at: null,
    last_used_service: null,
    last_used_region: null,
  };
  await tables.insertInto("access_keys").values(row).execute();
  return { row, secret };
}

/** The keys of one owner, ordered by id; two at most. */
export function listAccessKeys(
  tables: Kysely<IdentitySchema>,
  owner: KeyOwner,
): Promise<readonly Omit<AccessKeyRow, "secret">[]> {
  return tables
    .selectFrom("access_keys")
    .select(KEY_COLUMNS)
    .where("account_id", "=", owner.account)
    .where("user_id", owner.userId === null ? "is" : "=", owner.userId)
    .orderBy("access_key_id")
    .execute();
}

/** @throws {Refusal} `NoSuchEntity` when the owner has no such key. */
export async function setAccessKeyStatus(
  tables: Kysely<IdentitySchema>,
  owner: KeyOwner,
  accessKeyId: string,
  status: AccessKeyRow["status"],
): Promise<void> {
  await findOwnKey(tables, owner, accessKeyId);
  await tables.updateTable("access_keys").set({ status }).where("access_key_id", "=", accessKeyId).execute();
}

/** @throws {Refusal} `NoSuchEntity` when the owner has no such key. */
export async function deleteAccessKey(
  tables: Kysely<IdentitySchema>,
  owner: KeyOwner,
  accessKeyId: string,
): Promise<void> {
  await findOwnKey(tables, owner, accessKeyId);
  await tables.deleteFrom("access_keys").where("access_key_id", "=", accessKeyId).execute();
}

/** Any key of the account, with its user's name and path; both null for root's. */
export function findKeyUse(
  tables: Kysely<IdentitySchema>,
  account: string,
  accessKeyId: string,
): Promise<KeyUse | undefined> {
  return tables
    .selectFrom("access_keys")
    .leftJoin("users", "users.user_id", "access_keys.user_id")
    .select(["users.name as user_name", "users.path as user_path"])
    .select(["last_used_at", "last_used_service", "last_used_region"])
    .where("access_keys.account_id", "=", account)
    .where("access_key_id", "=", accessKeyId)
    .executeTakeFirst();
}

export interface KeyUse {
  readonly user_name: string | null;
  readonly user_path: string | null;
  readonly last_used_at: number | null;
  readonly last_used_service: string | null;
  readonly last_used_region: string | null;
}

function noSuchAccessKey(accessKeyId: string): Refusal {
  return new Refusal("NoSuchEntity", `The Access Key with id ${accessKeyId} cannot be found.`, 404);
}

/** Everything but the secret, which only the check of a signature needs. */
const KEY_COLUMNS = [
  "access_key_id",
  "account_id",
  "user_id",
  "status",
  "created_at",
  "last_used_at",
  "last_used_service",
  "last_used_region",
] as const;

async function findOwnKey(tables: Kysely<IdentitySchema>, owner: KeyOwner, accessKeyId: string): Promise<void> {
  const keys = await listAccessKeys(tables, owner);
  if (!keys.some((key) => key.access_key_id === accessKeyId)) throw noSuchAccessKey(accessKeyId);
}
