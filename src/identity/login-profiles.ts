import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import type { IdentitySchema } from "./schema.ts";
import { findEntity, type User } from "./entities.ts";

/** A user's password as the tables keep it. */
export interface LoginProfile {
  readonly passwordHash: string;
  readonly resetRequired: boolean;
}

/** The user whose login profile it is. @throws {Refusal} `NoSuchEntity` without such a user or without a password. */
export async function findLoginProfile(
  tables: Kysely<IdentitySchema>,
  account: string,
  userName: string,
): Promise<User & { readonly password_hash: string; readonly password_created_at: number }> {
  const user = await findEntity(tables, account, "user", userName);
  const { password_hash, password_created_at } = user;
  if (password_hash === null || password_created_at === null) {
    throw new Refusal("NoSuchEntity", `Login Profile for User ${userName} cannot be found.`, 404);
  }
  return { ...user, password_hash, password_created_at };
}

/** @throws {Refusal} `NoSuchEntity`, or `EntityAlreadyExists` when the user has a password. */
export async function createLoginProfile(
  tables: Kysely<IdentitySchema>,
  account: string,
  userName: string,
  profile: LoginProfile,
  now: number,
): Promise<void> {
  await assertNoLoginProfile(tables, account, userName);
  const user = await findEntity(tables, account, "user", userName);
  await tables
    .updateTable("users")
    .set({
      password_hash: profile.passwordHash,
      password_created_at: now,
      password_reset_required: profile.resetRequired ? 1 : 0,
      password_last_used_at: null,
    })
    .where("user_id", "=", user.user_id)
    .execute();
}

/** @throws {Refusal} `NoSuchEntity`, or `EntityAlreadyExists` when the user has a password. */
export async function assertNoLoginProfile(
  tables: Kysely<IdentitySchema>,
  account: string,
  userName: string,
): Promise<void> {
  const user = await findEntity(tables, account, "user", userName);
  if (user.password_hash === null) return;
  throw new Refusal("EntityAlreadyExists", `Login Profile for user ${userName} already exists.`, 409);
}

/** What is undefined stays as it was. @throws {Refusal} `NoSuchEntity`. */
export async function updateLoginProfile(
  tables: Kysely<IdentitySchema>,
  account: string,
  userName: string,
  change: { readonly passwordHash: string | undefined; readonly resetRequired: boolean | undefined },
): Promise<void> {
  const user = await findLoginProfile(tables, account, userName);
  const resetRequired = change.resetRequired ?? user.password_reset_required !== 0;
  await tables
    .updateTable("users")
    .set({
      password_hash: change.passwordHash ?? user.password_hash,
      password_reset_required: resetRequired ? 1 : 0,
    })
    .where("user_id", "=", user.user_id)
    .execute();
}

/** @throws {Refusal} `NoSuchEntity`. */
export async function deleteLoginProfile(
  tables: Kysely<IdentitySchema>,
  account: string,
  userName: string,
): Promise<void> {
  const user = await findLoginProfile(tables, account, userName);
  await tables
    .updateTable("users")
    .set({ password_hash: null, password_created_at: null, password_reset_required: 0, password_last_used_at: null })
    .where("user_id", "=", user.user_id)
    .execute();
}
