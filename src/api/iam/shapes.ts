import type { IamOperations } from "../../aws/index.ts";
import {
  entityArn,
  type GroupRow,
  type AnyManagedPolicy,
  type PolicyUseCounts,
  type PolicyVersion,
  type RoleRow,
  type Tag,
  type User,
  versionId,
} from "../../identity/index.ts";

type WireUser = IamOperations["GetUser"]["output"]["User"];
type WireGroup = IamOperations["CreateGroup"]["output"]["Group"];
type WireRole = IamOperations["CreateRole"]["output"]["Role"];
type WirePolicy = NonNullable<IamOperations["GetPolicy"]["output"]["Policy"]>;
type WireVersion = NonNullable<IamOperations["CreatePolicyVersion"]["output"]["PolicyVersion"]>;
type WireBoundary = WireUser["PermissionsBoundary"];

/** IAM tells times in whole seconds. */
export function wireDate(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

/** Policy documents are answered percent-encoded as RFC 3986 says, which is stricter than `encodeURIComponent`. */
export function wireDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A user as lists show it. */
export function userShape(user: User): WireUser {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.user_id,
    Arn: entityArn(user.account_id, "user", user.path, user.name),
    CreateDate: wireDate(user.created_at),
    ...(user.password_last_used_at === null ? {} : { PasswordLastUsed: wireDate(user.password_last_used_at) }),
  };
}

/** What CreateUser, CreateRole and the like show beyond what lists do. */
export function withBoundaryAndTags(
  holder: { readonly boundary_arn: string | null },
  tags: readonly Tag[],
): { PermissionsBoundary?: WireBoundary; Tags?: readonly Tag[] } {
  return {
    ...boundaryShape(holder.boundary_arn),
    ...(tags.length === 0 ? {} : { Tags: tags }),
  };
}

export function boundaryShape(arn: string | null): { PermissionsBoundary?: WireBoundary } {
  if (arn === null) return {};
  return { PermissionsBoundary: { PermissionsBoundaryType: "Policy", PermissionsBoundaryArn: arn } };
}

export function groupShape(group: GroupRow): WireGroup {
  return {
    Path: group.path,
    GroupName: group.name,
    GroupId: group.group_id,
    Arn: entityArn(group.account_id, "group", group.path, group.name),
    CreateDate: wireDate(group.created_at),
  };
}

/** A role as CreateRole shows it: how long its sessions last is told only by the lists and GetRole. */
export function roleShape(role: RoleRow): WireRole {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.role_id,
    Arn: entityArn(role.account_id, "role", role.path, role.name),
    CreateDate: wireDate(role.created_at),
    AssumeRolePolicyDocument: wireDocument(role.trust_policy),
    ...(role.description === null ? {} : { Description: role.description }),
  };
}

/** Empty for a role that nobody has assumed yet. */
export function roleLastUsedShape(role: RoleRow): NonNullable<WireRole["RoleLastUsed"]> {
  if (role.last_used_at === null) return {};
  return { LastUsedDate: wireDate(role.last_used_at), Region: role.last_used_region ?? undefined };
}

/** A managed policy as lists show it. */
export function policyShape(policy: AnyManagedPolicy, uses: PolicyUseCounts): WirePolicy {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: versionId(policy.defaultVersion),
    AttachmentCount: uses.attached(policy.arn),
    PermissionsBoundaryUsageCount: uses.boundary(policy.arn),
    IsAttachable: true,
    CreateDate: wireDate(policy.createdAt),
    UpdateDate: wireDate(policy.updatedAt),
  };
}

/** A version without its document, as lists show it. */
export function versionShape(version: PolicyVersion): WireVersion {
  return {
    VersionId: versionId(version.version),
    IsDefaultVersion: version.isDefault,
    CreateDate: wireDate(version.createdAt),
  };
}
