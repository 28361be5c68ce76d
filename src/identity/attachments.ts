import type { Kysely } from "kysely";
import type { Holder, PolicyHolderKind } from "./holders.ts";
import { assertWithin } from "./limits.ts";
import { findPolicy, findPolicyIfAny, type AnyManagedPolicy, policyPosition } from "./policies.ts";
import { policyNotAttachable, policyNotFound } from "./refusals.ts";
import type { IdentitySchema } from "./schema.ts";
import { byKey } from "./slices.ts";

const QUOTAS = { user: "PoliciesPerUser", group: "PoliciesPerGroup", role: "PoliciesPerRole" } as const;

/**
 * Does nothing when the policy is attached already.
 * @throws {Refusal} `ValidationError`, `NoSuchEntity`, `LimitExceeded` beyond 10 policies of one holder.
 */
export async function attachPolicy(
  tables: Kysely<IdentitySchema>,
  holder: Holder,
  arn: string,
  now: number,
): Promise<void> {
  const policy = await findPolicyIfAny(tables, holder.account, arn);
  if (policy === undefined) throw policyNotAttachable(`Policy ${arn}`);
  const attached = await attachedArns(tables, holder.kind, holder.id);
  if (attached.includes(policy.arn)) return;
  assertWithin(QUOTAS[holder.kind], attached.length + 1);
  await tables
    .insertInto("attached_policies")
    .values({ holder_kind: holder.kind, holder_id: holder.id, policy_arn: policy.arn, attached_at: now })
    .execute();
}

/** @throws {Refusal} `ValidationError`; `NoSuchEntity` when the policy is not attached to the holder. */
export async function detachPolicy(tables: Kysely<IdentitySchema>, holder: Holder, arn: string): Promise<void> {
  await findPolicy(tables, holder.account, arn);
  const { numDeletedRows } = await tables
    .deleteFrom("attached_policies")
    .where("holder_kind", "=", holder.kind)
    .where("holder_id", "=", holder.id)
    .where("policy_arn", "=", arn)
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw policyNotFound(arn);
}

/** The policies attached to a holder, ordered by `policyPosition`; 10 at most. */
export async function attachedPolicies(
  tables: Kysely<IdentitySchema>,
  holder: Pick<Holder, "kind" | "id" | "account">,
): Promise<readonly AnyManagedPolicy[]> {
  const arns = await attachedArns(tables, holder.kind, holder.id);
  const policies = await Promise.all(arns.map((arn) => findPolicy(tables, holder.account, arn)));
  return policies.sort(byKey(policyPosition));
}

async function attachedArns(
  tables: Kysely<IdentitySchema>,
  kind: PolicyHolderKind,
  id: string,
): Promise<readonly string[]> {
  const rows = await tables
    .selectFrom("attached_policies")
    .select("policy_arn")
    .where("holder_kind", "=", kind)
    .where("holder_id", "=", id)
    .execute();
  return rows.map((row) => row.policy_arn);
}
