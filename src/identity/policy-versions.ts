import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import { awsPolicies } from "./aws-policies.ts";
import { checkManagedPolicy } from "./documents.ts";
import { POLICY_VERSIONS_MAX } from "./limits.ts";
import { parsePolicyArn } from "./names.ts";
import { findOwnPolicy, findPolicy, findPolicyIfAny } from "./policies.ts";
import { policyNotAttachable } from "./refusals.ts";
import type { IdentitySchema } from "./schema.ts";

export interface PolicyVersion {
  /** 3 is `v3`. */
  readonly version: number;
  readonly document: string;
  readonly isDefault: boolean;
  readonly createdAt: number;
}

/** `v3`. */
export function versionId(version: number): string {
  return `v${version}`;
}

/** All versions that a policy has, newest first. @throws {Refusal} `ValidationError`, `NoSuchEntity`. */
export async function listPolicyVersions(
  tables: Kysely<IdentitySchema>,
  account: string,
  arn: string,
): Promise<readonly PolicyVersion[]> {
  const policy = await findPolicy(tables, account, arn);
  const aws = awsPolicies.get(arn);
  if (aws !== undefined) return [aws.version];
  const rows = await tables
    .selectFrom("policy_versions")
    .selectAll()
    .where("policy_id", "=", policy.id)
    .orderBy("version", "desc")
    .execute();
  return rows.map((row) => ({
    version: row.version,
    document: row.document,
    isDefault: row.is_default !== 0,
    createdAt: row.created_at,
  }));
}

/** @throws {Refusal} `ValidationError`, or `NoSuchEntity` without such a policy or such a version. */
export async function findPolicyVersion(
  tables: Kysely<IdentitySchema>,
  account: string,
  arn: string,
  id: string,
): Promise<PolicyVersion> {
  const policy = await findPolicyIfAny(tables, account, arn);
  const versions = policy === undefined ? [] : await listPolicyVersions(tables, account, arn);
  const version = versions.find((each) => versionId(each.version) === id);
  if (version === undefined) throw policyNotAttachable(`Policy ${arn} version ${id}`);
  return version;
}

/** @throws {Refusal} `NoSuchEntity`, `AccessDenied`, `MalformedPolicyDocument`, `LimitExceeded` at 5 versions. */
export async function createPolicyVersion(
  tables: Kysely<IdentitySchema>,
  account: string,
  arn: string,
  wanted: { readonly document: string; readonly isDefault: boolean; readonly now: number },
): Promise<PolicyVersion> {
  const policy = await findOwnPolicy(tables, account, arn);
  checkManagedPolicy(wanted.document);
  const versions = await listPolicyVersions(tables, account, arn);
  if (versions.length >= POLICY_VERSIONS_MAX) throw new Refusal("LimitExceeded", TOO_MANY, 409);
  const { next_version: version } = await tables
    .selectFrom("policies")
    .select("next_version")
    .where("policy_id", "=", policy.id)
    .executeTakeFirstOrThrow();
  await tables
    .insertInto("policy_versions")
    .values({ policy_id: policy.id, version, document: wanted.document, is_default: 0, created_at: wanted.now })
    .execute();
  await tables
    .updateTable("policies")
    .set({ next_version: version + 1, updated_at: wanted.now })
    .where("policy_id", "=", policy.id)
    .execute();
  if (wanted.isDefault) await makeDefault(tables, policy.id, version);
  return { version, document: wanted.document, isDefault: wanted.isDefault, createdAt: wanted.now };
}

const TOO_MANY =
  `A managed policy can have up to ${POLICY_VERSIONS_MAX} versions. ` +
  "Before you create a new version, you must delete an existing version.";

/** @throws {Refusal} `NoSuchEntity`, `AccessDenied` for a policy of AWS. */
export async function setDefaultVersion(
  tables: Kysely<IdentitySchema>,
  account: string,
  arn: string,
  id: string,
  now: number,
): Promise<void> {
  const { version } = await findOwnVersion(tables, account, arn, id);
  const policy = await findOwnPolicy(tables, account, arn);
  await makeDefault(tables, policy.id, version);
  await tables.updateTable("policies").set({ updated_at: now }).where("policy_id", "=", policy.id).execute();
}

/** @throws {Refusal} `NoSuchEntity`, `AccessDenied`; `DeleteConflict` for the default version. */
export async function deletePolicyVersion(
  tables: Kysely<IdentitySchema>,
  account: string,
  arn: string,
  id: string,
): Promise<void> {
  const { version, isDefault } = await findOwnVersion(tables, account, arn, id);
  if (isDefault) throw new Refusal("DeleteConflict", "Cannot delete the default version of a policy.", 409);
  const policy = await findOwnPolicy(tables, account, arn);
  await tables
    .deleteFrom("policy_versions")
    .where("policy_id", "=", policy.id)
    .where("version", "=", version)
    .execute();
}

/** AWS's policies are refused before their versions are looked at. */
async function findOwnVersion(
  tables: Kysely<IdentitySchema>,
  account: string,
  arn: string,
  id: string,
): Promise<PolicyVersion> {
  if (parsePolicyArn(arn).owner === "aws") await findOwnPolicy(tables, account, arn);
  return findPolicyVersion(tables, account, arn, id);
}

async function makeDefault(tables: Kysely<IdentitySchema>, policyId: string, version: number): Promise<void> {
  await tables.updateTable("policy_versions").set({ is_default: 0 }).where("policy_id", "=", policyId).execute();
  await tables
    .updateTable("policy_versions")
    .set({ is_default: 1 })
    .where("policy_id", "=", policyId)
    .where("version", "=", version)
    .execute();
}
