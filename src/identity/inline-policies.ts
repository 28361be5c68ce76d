import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import { checkInlinePolicy, documentSize } from "./documents.ts";
import type { Holder } from "./holders.ts";
import { INLINE_SIZE_MAX } from "./limits.ts";
import { noSuchEntity } from "./refusals.ts";
import type { IdentitySchema, InlinePolicyRow } from "./schema.ts";
import { byKey } from "./slices.ts";

export type InlinePolicy = Pick<InlinePolicyRow, "name" | "document">;

/** A holder's own policies, ordered by name. */
export async function listInlinePolicies(
  tables: Kysely<IdentitySchema>,
  holder: Pick<Holder, "kind" | "id">,
): Promise<readonly InlinePolicy[]> {
  const policies = await tables
    .selectFrom("inline_policies")
    .select(["name", "document"])
    .where("holder_kind", "=", holder.kind)
    .where("holder_id", "=", holder.id)
    .execute();
  return policies.sort(byKey((policy) => policy.name));
}

/** @throws {Refusal} `NoSuchEntity`. */
export async function findInlinePolicy(
  tables: Kysely<IdentitySchema>,
  holder: Holder,
  name: string,
): Promise<InlinePolicy> {
  const policy = (await listInlinePolicies(tables, holder)).find((each) => each.name === name);
  if (policy === undefined) throw noSuchEntity(`${holder.kind} policy`, name);
  return policy;
}

/**
 * Adds a policy, or replaces the one of that name.
 * @throws {Refusal} `MalformedPolicyDocument`, `LimitExceeded` when all of the holder's together are too large.
 */
export async function putInlinePolicy(
  tables: Kysely<IdentitySchema>,
  holder: Holder,
  policy: InlinePolicy,
): Promise<void> {
  checkInlinePolicy(policy.document);
  const others = (await listInlinePolicies(tables, holder)).filter((each) => each.name !== policy.name);
  const size = [policy, ...others].reduce((sum, each) => sum + documentSize(each.document), 0);
  const limit = INLINE_SIZE_MAX[holder.kind];
  if (size > limit) {
    const message = `Maximum policy size of ${limit} bytes exceeded for ${holder.kind} ${holder.name}`;
    throw new Refusal("LimitExceeded", message, 409);
  }
  await tables
    .insertInto("inline_policies")
    .values({ holder_kind: holder.kind, holder_id: holder.id, ...policy })
    .onConflict((conflict) =>
      conflict.columns(["holder_kind", "holder_id", "name"]).doUpdateSet({ document: policy.document }),
    )
    .execute();
}

/** @throws {Refusal} `NoSuchEntity`. */
export async function deleteInlinePolicy(tables: Kysely<IdentitySchema>, holder: Holder, name: string): Promise<void> {
  await findInlinePolicy(tables, holder, name);
  await tables
    .deleteFrom("inline_policies")
    .where("holder_kind", "=", holder.kind)
    .where("holder_id", "=", holder.id)
    .where("name", "=", name)
    .execute();
}
