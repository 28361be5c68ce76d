import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import type { AccountRow, IdentitySchema } from "./schema.ts";

/** The account of a caller: callers come only from accounts that exist. */
export function findAccount(tables: Kysely<IdentitySchema>, account: string): Promise<AccountRow> {
  return tables.selectFrom("accounts").selectAll().where("account_id", "=", account).executeTakeFirstOrThrow();
}

/**
 * Gives the account its one alias, in place of the one that it had.
 * @throws {Refusal} `EntityAlreadyExists` when any account has this alias.
 */
export async function setAccountAlias(tables: Kysely<IdentitySchema>, account: string, alias: string): Promise<void> {
  const owner = await tables.selectFrom("accounts").select("account_id").where("alias", "=", alias).executeTakeFirst();
  if (owner !== undefined) {
    throw new Refusal("EntityAlreadyExists", `The account alias ${alias} already exists.`, 409);
  }
  await tables.updateTable("accounts").set({ alias }).where("account_id", "=", account).execute();
}

/** @throws {Refusal} `NoSuchEntity` when the account has not this alias. */
export async function removeAccountAlias(
  tables: Kysely<IdentitySchema>,
  account: string,
  alias: string,
): Promise<void> {
  const current = await findAccount(tables, account);
  if (current.alias !== alias) {
    throw new Refusal("NoSuchEntity", `The account alias ${alias} cannot be found.`, 404);
  }
  await tables.updateTable("accounts").set({ alias: null }).where("account_id", "=", account).execute();
}

/** How many of everything an account has. */
export interface AccountCounts {
  readonly users: number;
  readonly groups: number;
  readonly roles: number;
  readonly policies: number;
  readonly policyVersions: number;
  readonly rootKeys: number;
}

export async function countAccount(tables: Kysely<IdentitySchema>, account: string): Promise<AccountCounts> {
  const count = async (table: "users" | "groups" | "roles" | "policies") => {
    const query = tables.selectFrom(table).select((row) => row.fn.countAll<number>().as("count"));
    const { count } = await query.where("account_id", "=", account).executeTakeFirstOrThrow();
    return Number(count);
  };
  const versions = await tables
    .selectFrom("policy_versions")
    .innerJoin("policies", "policies.policy_id", "policy_versions.policy_id")
    .select((row) => row.fn.countAll<number>().as("count"))
    .where("policies.account_id", "=", account)
    .executeTakeFirstOrThrow();
  const rootKeys = await tables
    .selectFrom("access_keys")
    .select((row) => row.fn.countAll<number>().as("count"))
    .where("account_id", "=", account)
    .where("user_id", "is", null)
    .executeTakeFirstOrThrow();
  return {
    users: await count("users"),
    groups: await count("groups"),
    roles: await count("roles"),
    policies: await count("policies"),
    policyVersions: Number(versions.count),
    rootKeys: Number(rootKeys.count),
  };
}
