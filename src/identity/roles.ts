import type { Kysely } from "kysely";
import { findEntity } from "./entities.ts";
import { checkTrustPolicy } from "./documents.ts";
import { assertNameFree, assertRoomForOne, assertWithoutPolicies, findHolder } from "./holders.ts";
import { nameKey } from "./names.ts";
import type { IdentitySchema, RoleRow } from "./schema.ts";
import { removeAllTags, setTags, type Tag } from "./tags.ts";
import { replaceTrustedPrincipal } from "./trusted-principals.ts";

export interface NewRole {
  readonly account: string;
  /** A fresh `AROA…`. */
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly trustPolicy: string;
  readonly description: string | undefined;
  readonly sessionSecondsMax: number;
  readonly boundaryArn: string | undefined;
  readonly tags: readonly Tag[];
  readonly now: number;
}

/** @throws {Refusal} `MalformedPolicyDocument`, `EntityAlreadyExists`, `LimitExceeded`, or what `setTags` throws. */
export async function createRole(tables: Kysely<IdentitySchema>, wanted: NewRole): Promise<RoleRow> {
  checkTrustPolicy(wanted.trustPolicy);
  await assertNameFree(tables, wanted.account, "role", wanted.name);
  await assertRoomForOne(tables, wanted.account, "role");
  const role: RoleRow = {
    account_id: wanted.account,
    role_id: wanted.id,
    name: wanted.name,
    name_key: nameKey(wanted.name),
    path: wanted.path,
    created_at: wanted.now,
    description: wanted.description ?? null,
    trust_policy: wanted.trustPolicy,
    session_seconds_max: wanted.sessionSecondsMax,
    boundary_arn: wanted.boundaryArn ?? null,
    last_used_at: null,
    last_used_region: null,
  };
  await tables.insertInto("roles").values(role).execute();
  await setTags(tables, { kind: "role", id: wanted.id }, wanted.tags);
  return role;
}

/** What is undefined stays as it was. @throws {Refusal} `NoSuchEntity`. */
export async function updateRole(
  tables: Kysely<IdentitySchema>,
  account: string,
  name: string,
  change: { readonly description: string | undefined; readonly sessionSecondsMax: number | undefined },
): Promise<RoleRow> {
  const role = await findEntity(tables, account, "role", name);
  const changed = {
    description: change.description ?? role.description,
    session_seconds_max: change.sessionSecondsMax ?? role.session_seconds_max,
  };
  await tables.updateTable("roles").set(changed).where("role_id", "=", role.role_id).execute();
  return { ...role, ...changed };
}

/** @throws {Refusal} `NoSuchEntity`, `MalformedPolicyDocument`, `LimitExceeded`. */
export async function updateTrustPolicy(
  tables: Kysely<IdentitySchema>,
  account: string,
  name: string,
  document: string,
): Promise<void> {
  const role = await findEntity(tables, account, "role", name);
  checkTrustPolicy(document);
  await tables.updateTable("roles").set({ trust_policy: document }).where("role_id", "=", role.role_id).execute();
}

/** @throws {Refusal} `NoSuchEntity`; `DeleteConflict` while the role has policies. */
export async function deleteRole(tables: Kysely<IdentitySchema>, account: string, name: string): Promise<void> {
  const holder = await findHolder(tables, account, "role", name);
  await assertWithoutPolicies(tables, holder);
  await removeAllTags(tables, holder);
  await tables.deleteFrom("roles").where("role_id", "=", holder.id).execute();
  await replaceTrustedPrincipal(tables, holder.arn, holder.id);
}
