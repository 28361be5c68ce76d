/**
 * The IAM API. One file per operation; operations that differ only in whether they are about a user, a group or a role
 * (attached policies, inline policies, tags, boundaries), and small families around one row (policy versions, login
 * profiles, memberships, aliases), share a file named after the family. Rules and state are in `identity/`; here stand
 * the permissions that an operation needs and the shapes of its answer. What is not in the table is refused by name.
 */
import type { IamOperations } from "../../aws/index.ts";
import type { IdentitySchema } from "../../identity/index.ts";
import type { Operations } from "../operation.ts";
import { accountAliases } from "./account-aliases.ts";
import { attachedPolicies } from "./attached-policies.ts";
import { contextKeys } from "./context-keys.ts";
import { createAccessKey } from "./create-access-key.ts";
import { createGroup } from "./create-group.ts";
import { createPolicy } from "./create-policy.ts";
import { createRole } from "./create-role.ts";
import { createUser } from "./create-user.ts";
import { deleteAccessKey } from "./delete-access-key.ts";
import { deleteGroup } from "./delete-group.ts";
import { deletePolicy } from "./delete-policy.ts";
import { deleteRole } from "./delete-role.ts";
import { deleteUser } from "./delete-user.ts";
import { getAccessKeyLastUsed } from "./get-access-key-last-used.ts";
import { getAccountAuthorizationDetails } from "./get-account-authorization-details.ts";
import { getAccountPasswordPolicy } from "./get-account-password-policy.ts";
import { getAccountSummary } from "./get-account-summary.ts";
import { getGroup } from "./get-group.ts";
import { getPolicy } from "./get-policy.ts";
import { getRole } from "./get-role.ts";
import { getUser } from "./get-user.ts";
import { groupMembership } from "./group-membership.ts";
import type { IamNeeds } from "./iam-operation.ts";
import { inlinePolicies } from "./inline-policies.ts";
import { listAccessKeys } from "./list-access-keys.ts";
import { listEntitiesForPolicy } from "./list-entities-for-policy.ts";
import { listGroups } from "./list-groups.ts";
import { listPolicies } from "./list-policies.ts";
import { listRoles } from "./list-roles.ts";
import { listUsers } from "./list-users.ts";
import { loginProfiles } from "./login-profiles.ts";
import { permissionsBoundaries } from "./permissions-boundaries.ts";
import { policyVersions } from "./policy-versions.ts";
import { roleUpdates } from "./role-updates.ts";
import { simulateCustomPolicy } from "./simulate-custom-policy.ts";
import { simulatePrincipalPolicy } from "./simulate-principal-policy.ts";
import { tags } from "./tags.ts";
import { updateAccessKey } from "./update-access-key.ts";
import { updateGroup } from "./update-group.ts";
import { updateUser } from "./update-user.ts";

export type { IamNeeds } from "./iam-operation.ts";

export function iamOperations(needs: IamNeeds): Operations<IamOperations, IdentitySchema> {
  return {
    CreateUser: createUser(needs),
    GetUser: getUser,
    ListUsers: listUsers(needs),
    UpdateUser: updateUser,
    DeleteUser: deleteUser,

    CreateGroup: createGroup(needs),
    GetGroup: getGroup(needs),
    ListGroups: listGroups(needs),
    UpdateGroup: updateGroup,
    DeleteGroup: deleteGroup,
    ...groupMembership(needs),

    CreateRole: createRole(needs),
    GetRole: getRole,
    ListRoles: listRoles(needs),
    ...roleUpdates,
    DeleteRole: deleteRole,

    CreateAccessKey: createAccessKey(needs),
    ListAccessKeys: listAccessKeys(needs),
    UpdateAccessKey: updateAccessKey,
    DeleteAccessKey: deleteAccessKey,
    GetAccessKeyLastUsed: getAccessKeyLastUsed,

    ...loginProfiles(needs),
    GetAccountPasswordPolicy: getAccountPasswordPolicy,

    CreatePolicy: createPolicy(needs),
    GetPolicy: getPolicy,
    ListPolicies: listPolicies(needs),
    DeletePolicy: deletePolicy,
    ...policyVersions(needs),
    ListEntitiesForPolicy: listEntitiesForPolicy(needs),
    ...attachedPolicies(needs),
    ...inlinePolicies(needs),
    ...permissionsBoundaries,
    ...tags(needs),

    SimulateCustomPolicy: simulateCustomPolicy(needs),
    SimulatePrincipalPolicy: simulatePrincipalPolicy(needs),
    ...contextKeys,

    ...accountAliases,
    GetAccountSummary: getAccountSummary,
    GetAccountAuthorizationDetails: getAccountAuthorizationDetails(needs),
  };
}
