import type { Kysely } from "kysely";
import { assert } from "../core/index.ts";
import type { Holder } from "./holders.ts";
import { findPolicyIfAny } from "./policies.ts";
import { policyNotAttachable } from "./refusals.ts";
import type { IdentitySchema } from "./schema.ts";

/** @throws {Refusal} `ValidationError`, or `NoSuchEntity` when the ARN names no policy that could be a boundary. */
export async function assertBoundary(tables: Kysely<IdentitySchema>, account: string, arn: string): Promise<void> {
  if ((await findPolicyIfAny(tables, account, arn)) === undefined) throw policyNotAttachable(`Scope ARN: ${arn}`);
}

/** Sets the permissions boundary of a user or role; undefined takes it away. @throws {Refusal} as `assertBoundary`. */
export async function setBoundary(
  tables: Kysely<IdentitySchema>,
  holder: Holder,
  arn: string | undefined,
): Promise<void> {
  if (arn !== undefined) await assertBoundary(tables, holder.account, arn);
  const change = { boundary_arn: arn ?? null };
  assert(holder.kind !== "group", "a group has no permissions boundary");
  if (holder.kind === "user") {
    await tables.updateTable("users").set(change).where("user_id", "=", holder.id).execute();
  } else {
    await tables.updateTable("roles").set(change).where("role_id", "=", holder.id).execute();
  }
}
