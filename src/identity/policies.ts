import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import { awsPolicies } from "./aws-policies.ts";
import { checkManagedPolicy } from "./documents.ts";
import { assertWithin } from "./limits.ts";
import { entityArn, nameKey, parsePolicyArn } from "./names.ts";
import { policyNotFound } from "./refusals.ts";
import type { IdentitySchema, PolicyRow } from "./schema.ts";
import { byKey } from "./slices.ts";
import { removeAllTags, setTags, type Tag } from "./tags.ts";

/** A managed policy: one of the account's own, or one that AWS manages and all accounts share. */
export interface AnyManagedPolicy {
  readonly arn: string;
  /** `ANPA…` */
  readonly id: string;
  readonly scope: "Local" | "AWS";
  readonly name: string;
  readonly path: string;
  readonly description: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** 3 is `v3`. */
  readonly defaultVersion: number;
}

export interface NewPolicy {
  readonly account: string;
  /** A fresh `ANPA…`. */
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly description: string | undefined;
  readonly document: string;
  readonly tags: readonly Tag[];
  readonly now: number;
}

/** @throws {Refusal} `MalformedPolicyDocument`, `EntityAlreadyExists`, `LimitExceeded`, or what `setTags` throws. */
export async function createPolicy(tables: Kysely<IdentitySchema>, wanted: NewPolicy): Promise<AnyManagedPolicy> {
  checkManagedPolicy(wanted.document);
  const policies = await localPolicies(tables, wanted.account);
  if (policies.some((policy) => nameKey(policy.name) === nameKey(wanted.name))) throw nameTaken(wanted.name);
  assertWithin("PoliciesPerAccount", policies.length + 1);
  const arn = entityArn(wanted.account, "policy", wanted.path, wanted.name);
  await tables
    .insertInto("policies")
    .values({
      account_id: wanted.account,
      policy_id: wanted.id,
      arn,
      name: wanted.name,
      name_key: nameKey(wanted.name),
      path: wanted.path,
      description: wanted.description ?? null,
      created_at: wanted.now,
      updated_at: wanted.now,
      next_version: 2,
    })
    .execute();
  await tables
    .insertInto("policy_versions")
    .values({ policy_id: wanted.id, version: 1, document: wanted.document, is_default: 1, created_at: wanted.now })
    .execute();
  await setTags(tables, { kind: "policy", id: wanted.id }, wanted.tags);
  return findPolicy(tables, wanted.account, arn);
}

/**
 * A policy of the account or of AWS.
 * @throws {Refusal} `ValidationError` when the text is no ARN of a policy, `NoSuchEntity`.
 */
export async function findPolicy(
  tables: Kysely<IdentitySchema>,
  account: string,
  arn: string,
): Promise<AnyManagedPolicy> {
  const policy = await findPolicyIfAny(tables, account, arn);
  if (policy === undefined) throw policyNotFound(arn);
  return policy;
}

/** @throws {Refusal} `ValidationError` when the text is no ARN of a policy. */
export async function findPolicyIfAny(
  tables: Kysely<IdentitySchema>,
  account: string,
  arn: string,
): Promise<AnyManagedPolicy | undefined> {
  const { owner } = parsePolicyArn(arn);
  if (owner === "aws") return awsPolicies.get(arn)?.policy;
  if (owner !== account) return undefined;
  const row = await policiesWithDefault(tables, account).where("policies.arn", "=", arn).executeTakeFirst();
  return row === undefined ? undefined : localPolicy(row);
}

/**
 * A policy that can be changed: one of the account's own.
 * @throws {Refusal} `ValidationError`, `NoSuchEntity`, `AccessDenied` for one of AWS.
 */
export async function findOwnPolicy(
  tables: Kysely<IdentitySchema>,
  account: string,
  arn: string,
): Promise<AnyManagedPolicy> {
  const policy = await findPolicy(tables, account, arn);
  if (policy.scope === "AWS") {
    throw new Refusal("AccessDenied", `Cannot modify ${arn}: it is managed by AWS.`, 403);
  }
  return policy;
}

/** The account's own policies, AWS's, or both, ordered by `policyPosition`. */
export async function listPolicies(
  tables: Kysely<IdentitySchema>,
  account: string,
  scope: "All" | "AWS" | "Local",
): Promise<readonly AnyManagedPolicy[]> {
  const local = scope === "AWS" ? [] : await localPolicies(tables, account);
  const aws = scope === "Local" ? [] : [...awsPolicies.values()].map((each) => each.policy);
  return [...local, ...aws].sort(byKey(policyPosition));
}

/** Where a policy stands in a list: by name; of two with one name the account's own comes second. */
export function policyPosition(policy: Pick<AnyManagedPolicy, "name" | "scope">): string {
  return `${nameKey(policy.name)} ${policy.scope}`;
}

/** @throws {Refusal} `NoSuchEntity`; `DeleteConflict` while it is attached, a boundary, or has further versions. */
export async function deletePolicy(tables: Kysely<IdentitySchema>, account: string, arn: string): Promise<void> {
  const policy = await findOwnPolicy(tables, account, arn);
  if (await inUse(tables, arn))
    throw new Refusal("DeleteConflict", "Cannot delete a policy attached to entities.", 409);
  const versions = await tables
    .selectFrom("policy_versions")
    .select("version")
    .where("policy_id", "=", policy.id)
    .execute();
  if (versions.length > 1) throw new Refusal("DeleteConflict", MORE_VERSIONS, 409);
  await removeAllTags(tables, { kind: "policy", id: policy.id });
  await tables.deleteFrom("policy_versions").where("policy_id", "=", policy.id).execute();
  await tables.deleteFrom("policies").where("policy_id", "=", policy.id).execute();
}

const MORE_VERSIONS =
  "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
  "The default version is deleted with the policy.";

function nameTaken(name: string): Refusal {
  const message = `A policy called ${name} already exists. Duplicate names are not allowed.`;
  return new Refusal("EntityAlreadyExists", message, 409);
}

async function inUse(tables: Kysely<IdentitySchema>, arn: string): Promise<boolean> {
  const uses = await Promise.all([
    tables.selectFrom("attached_policies").select("holder_id").where("policy_arn", "=", arn).executeTakeFirst(),
    tables.selectFrom("users").select("user_id").where("boundary_arn", "=", arn).executeTakeFirst(),
    tables.selectFrom("roles").select("role_id").where("boundary_arn", "=", arn).executeTakeFirst(),
  ]);
  return uses.some((use) => use !== undefined);
}

async function localPolicies(tables: Kysely<IdentitySchema>, account: string): Promise<readonly AnyManagedPolicy[]> {
  return (await policiesWithDefault(tables, account).execute()).map(localPolicy);
}

function policiesWithDefault(tables: Kysely<IdentitySchema>, account: string) {
  return tables
    .selectFrom("policies")
    .innerJoin("policy_versions", (join) =>
      join.onRef("policy_versions.policy_id", "=", "policies.policy_id").on("policy_versions.is_default", "=", 1),
    )
    .selectAll("policies")
    .select("policy_versions.version as default_version")
    .where("policies.account_id", "=", account);
}

function localPolicy(row: PolicyRow & { readonly default_version: number }): AnyManagedPolicy {
  return {
    arn: row.arn,
    id: row.policy_id,
    scope: "Local",
    name: row.name,
    path: row.path,
    description: row.description,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    defaultVersion: row.default_version,
  };
}
