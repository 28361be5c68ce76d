import { Refusal } from "../core/index.ts";

/**
 * How much of everything an account may have, under the names that IAM uses for them in its answers.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const IDENTITY_LIMITS = {
  UsersPerAccount: 5000,
  GroupsPerAccount: 300,
  RolesPerAccount: 1000,
  PoliciesPerAccount: 1500,
  GroupsPerUser: 10,
  PoliciesPerUser: 10,
  PoliciesPerGroup: 10,
  PoliciesPerRole: 10,
  AccessKeysPerUser: 2,
  /** Characters of one managed policy, white space not counted. */
  PolicySize: 6144,
  /** Characters of a role's trust policy, white space not counted. */
  ACLSizePerRole: 2048,
} as const;

/** Tags of one user, role or policy. */
export const TAGS_MAX = 50;

/** Versions that a managed policy keeps at a time. */
export const POLICY_VERSIONS_MAX = 5;

/** Characters of all inline policies of one holder together, white space not counted. */
export const INLINE_SIZE_MAX = { user: 2048, group: 5120, role: 10240 } as const;

/** @throws {Refusal} `LimitExceeded` when `wanted` is more than the account may have. */
export function assertWithin(quota: keyof typeof IDENTITY_LIMITS, wanted: number): void {
  const limit = IDENTITY_LIMITS[quota];
  if (wanted > limit) throw new Refusal("LimitExceeded", `Cannot exceed quota for ${quota}: ${limit}`, 409);
}
