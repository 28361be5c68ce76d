import type { Kysely } from "kysely";
import { assertWithin } from "./limits.ts";
import { entityArn, nameKey } from "./names.ts";
import { alreadyExists, deleteConflict, noSuchEntity } from "./refusals.ts";
import type { IdentitySchema } from "./schema.ts";

/** What policies can be given to. */
export type PolicyHolderKind = "user" | "group" | "role";

/** A user, group or role, as far as those three are alike. */
export interface Holder {
  readonly kind: PolicyHolderKind;
  /** `AIDA…`, `AGPA…`, `AROA…`. */
  readonly id: string;
  readonly account: string;
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  /** The ARN of the permissions boundary; groups have none. */
  readonly boundaryArn: string | null;
}

/** @throws {Refusal} `NoSuchEntity`. */
export async function findHolder(
  tables: Kysely<IdentitySchema>,
  account: string,
  kind: PolicyHolderKind,
  name: string,
): Promise<Holder> {
  const holder = await findHolderIfAny(tables, account, kind, name);
  if (holder === undefined) throw noSuchEntity(kind, name);
  return holder;
}

export async function findHolderIfAny(
  tables: Kysely<IdentitySchema>,
  account: string,
  kind: PolicyHolderKind,
  name: string,
): Promise<Holder | undefined> {
  const row = await holderRow(tables, account, kind, nameKey(name));
  if (row === undefined) return undefined;
  const { id, path, boundary_arn } = row;
  const arn = entityArn(account, kind, path, row.name);
  return { kind, id, account, name: row.name, path, arn, boundaryArn: boundary_arn };
}

function holderRow(
  tables: Kysely<IdentitySchema>,
  account: string,
  kind: PolicyHolderKind,
  key: string,
): Promise<{ id: string; name: string; path: string; boundary_arn: string | null } | undefined> {
  switch (kind) {
    case "user":
      return tables
        .selectFrom("users")
        .select(["user_id as id", "name", "path", "boundary_arn"])
        .where("account_id", "=", account)
        .where("name_key", "=", key)
        .executeTakeFirst();
    case "role":
      return tables
        .selectFrom("roles")
        .select(["role_id as id", "name", "path", "boundary_arn"])
        .where("account_id", "=", account)
        .where("name_key", "=", key)
        .executeTakeFirst();
    case "group":
      return tables
        .selectFrom("groups")
        .select((row) => ["group_id as id", "name", "path", row.val<string | null>(null).as("boundary_arn")])
        .where("account_id", "=", account)
        .where("name_key", "=", key)
        .executeTakeFirst();
  }
}

const KINDS = {
  user: { title: "User", table: "users", quota: "UsersPerAccount" },
  group: { title: "Group", table: "groups", quota: "GroupsPerAccount" },
  role: { title: "Role", table: "roles", quota: "RolesPerAccount" },
} as const;

/** @throws {Refusal} `EntityAlreadyExists` when another one than `exceptId` has the name, in any case. */
export async function assertNameFree(
  tables: Kysely<IdentitySchema>,
  account: string,
  kind: PolicyHolderKind,
  name: string,
  exceptId?: string,
): Promise<void> {
  const row = await holderRow(tables, account, kind, nameKey(name));
  if (row !== undefined && row.id !== exceptId) throw alreadyExists(KINDS[kind].title, name);
}

/** @throws {Refusal} `LimitExceeded` when the account has as many of this kind as it may. */
export async function assertRoomForOne(
  tables: Kysely<IdentitySchema>,
  account: string,
  kind: PolicyHolderKind,
): Promise<void> {
  const { table, quota } = KINDS[kind];
  const { count } = await tables
    .selectFrom(table)
    .select((row) => row.fn.countAll<number>().as("count"))
    .where("account_id", "=", account)
    .executeTakeFirstOrThrow();
  assertWithin(quota, Number(count) + 1);
}

/**
 * What every holder must lose before it can be deleted.
 * @throws {Refusal} `DeleteConflict`.
 */
export async function assertWithoutPolicies(tables: Kysely<IdentitySchema>, holder: Holder): Promise<void> {
  const attached = await tables
    .selectFrom("attached_policies")
    .select("policy_arn")
    .where("holder_kind", "=", holder.kind)
    .where("holder_id", "=", holder.id)
    .executeTakeFirst();
  if (attached !== undefined) throw deleteConflict("detach all policies");
  const inline = await tables
    .selectFrom("inline_policies")
    .select("name")
    .where("holder_kind", "=", holder.kind)
    .where("holder_id", "=", holder.id)
    .executeTakeFirst();
  if (inline !== undefined) throw deleteConflict("delete policies");
}
