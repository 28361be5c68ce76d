import * as identity from "../../identity/index.ts";
import type { IamOperation } from "./iam-operation.ts";

const { IDENTITY_LIMITS, INLINE_SIZE_MAX } = identity;

/** What stays the same in every summary. Kinds that are not served count 0; their quotas are AWS's. */
const CONSTANTS: Readonly<Record<string, number>> = {
  UsersQuota: IDENTITY_LIMITS.UsersPerAccount,
  GroupsQuota: IDENTITY_LIMITS.GroupsPerAccount,
  RolesQuota: IDENTITY_LIMITS.RolesPerAccount,
  PoliciesQuota: IDENTITY_LIMITS.PoliciesPerAccount,
  GroupsPerUserQuota: IDENTITY_LIMITS.GroupsPerUser,
  AccessKeysPerUserQuota: IDENTITY_LIMITS.AccessKeysPerUser,
  AttachedPoliciesPerUserQuota: IDENTITY_LIMITS.PoliciesPerUser,
  AttachedPoliciesPerGroupQuota: IDENTITY_LIMITS.PoliciesPerGroup,
  AttachedPoliciesPerRoleQuota: IDENTITY_LIMITS.PoliciesPerRole,
  PolicySizeQuota: IDENTITY_LIMITS.PolicySize,
  AssumeRolePolicySizeQuota: IDENTITY_LIMITS.ACLSizePerRole,
  VersionsPerPolicyQuota: identity.POLICY_VERSIONS_MAX,
  UserPolicySizeQuota: INLINE_SIZE_MAX.user,
  GroupPolicySizeQuota: INLINE_SIZE_MAX.group,
  RolePolicySizeQuota: INLINE_SIZE_MAX.role,
  PolicyVersionsInUseQuota: 10_000,
  AccountMFAEnabled: 0,
  AccountPasswordPresent: 0,
  AccountSigningCertificatesPresent: 0,
  GlobalEndpointTokenVersion: 1,
  InstanceProfiles: 0,
  InstanceProfilesQuota: 1000,
  MFADevices: 0,
  MFADevicesInUse: 0,
  Providers: 0,
  ServerCertificates: 0,
  ServerCertificatesQuota: 20,
  SigningCertificatesPerUserQuota: 2,
};

/**
 * GetAccountSummary: how many of everything there are, and how many there may be.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
 */
export const getAccountSummary: IamOperation<"GetAccountSummary"> = {
  mutates: false,
  run: async (_, { tables, caller }) => {
    const counts = await identity.countAccount(tables, caller.account);
    return {
      SummaryMap: {
        ...CONSTANTS,
        Users: counts.users,
        Groups: counts.groups,
        Roles: counts.roles,
        Policies: counts.policies,
        PolicyVersionsInUse: counts.policyVersions,
        AccountAccessKeysPresent: counts.rootKeys > 0 ? 1 : 0,
      },
    };
  },
};
