import { describe, expect, test } from "vitest";
import { ACCOUNT, DOCUMENT, type Iam, NOW, openIam, refusal, TRUST } from "../../../test/open-iam.ts";
import { systemRandom } from "../../core/index.ts";
import * as identity from "../../identity/index.ts";

const SECOND = new Date(Date.UTC(2026, 10, 20, 12, 0, 0));
const ENCODED = encodeURIComponent(DOCUMENT).replace("*", "%2A");
const PASSWORD_HASH = await identity.hashPassword("correct horse", systemRandom);

const arn = (resource: string) => `arn:aws:iam::${ACCOUNT}:${resource}`;
const READ = arn("policy/Read");
const SPARE = arn("policy/spare/Spare");
const ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess";

/**
 * Mary (`/team/`, tagged, with password, key, group, policies and boundary), Bob, the group Auditors, the role Reader,
 * the policy Read in two versions and in use, and Spare, which nobody uses.
 */
async function world(): Promise<Iam & { readonly keyId: string }> {
  const iam = await openIam();
  await iam.call("CreatePolicy", { PolicyName: "Read", PolicyDocument: DOCUMENT, Description: "reads" });
  await iam.call("CreatePolicyVersion", { PolicyArn: READ, PolicyDocument: DOCUMENT, SetAsDefault: true });
  await iam.call("CreatePolicy", { PolicyName: "Spare", PolicyDocument: DOCUMENT, Path: "/spare/" });
  await iam.call("CreateUser", { UserName: "Bob" });
  await iam.call("CreateUser", {
    UserName: "Mary",
    Path: "/team/",
    Tags: [{ Key: "Team", Value: "Audit" }],
    PermissionsBoundary: READ,
  });
  await identity.createLoginProfile(
    iam.tables,
    ACCOUNT,
    "Mary",
    { passwordHash: PASSWORD_HASH, resetRequired: true },
    NOW,
  );
  await iam.call("CreateGroup", { GroupName: "Auditors" });
  await iam.call("AddUserToGroup", { GroupName: "Auditors", UserName: "Mary" });
  await iam.call("CreateRole", {
    RoleName: "Reader",
    AssumeRolePolicyDocument: TRUST,
    Description: "reads",
    MaxSessionDuration: 7200,
    Tags: [{ Key: "Team", Value: "Audit" }],
  });
  await iam.call("AttachUserPolicy", { UserName: "Mary", PolicyArn: READ });
  await iam.call("AttachGroupPolicy", { GroupName: "Auditors", PolicyArn: READ });
  await iam.call("AttachRolePolicy", { RoleName: "Reader", PolicyArn: READ });
  await iam.call("PutUserPolicy", { UserName: "Mary", PolicyName: "own", PolicyDocument: DOCUMENT });
  await iam.call("PutGroupPolicy", { GroupName: "Auditors", PolicyName: "own", PolicyDocument: DOCUMENT });
  await iam.call("PutRolePolicy", { RoleName: "Reader", PolicyName: "own", PolicyDocument: DOCUMENT });
  const { AccessKey } = await iam.call("CreateAccessKey", { UserName: "Mary" });
  return { ...iam, keyId: AccessKey.AccessKeyId };
}

const MARY = { Path: "/team/", UserName: "Mary", Arn: arn("user/team/Mary"), CreateDate: SECOND };
const BOUNDARY = { PermissionsBoundaryType: "Policy", PermissionsBoundaryArn: READ };
const TAGS = [{ Key: "Team", Value: "Audit" }];
const AUDITORS = { Path: "/", GroupName: "Auditors", Arn: arn("group/Auditors"), CreateDate: SECOND };
const READER = { Path: "/", RoleName: "Reader", Arn: arn("role/Reader"), Description: "reads", CreateDate: SECOND };
const READ_POLICY = { PolicyName: "Read", Arn: READ, Path: "/", DefaultVersionId: "v2", IsAttachable: true };
const DONE = { IsTruncated: false };
const user = { UserName: "Mary" };
const group = { GroupName: "Auditors" };
const role = { RoleName: "Reader" };
const policy = { PolicyArn: READ };
const KEY = "the key of Mary";

/** Every operation that is served: what goes in, and what at least comes out. */
const HAPPY: Readonly<Record<string, readonly [input: object, output: object | undefined]>> = {
  CreateUser: [
    { UserName: "Ann", Path: "/a/", Tags: TAGS, PermissionsBoundary: READ },
    { User: { UserName: "Ann", Arn: arn("user/a/Ann"), Tags: TAGS, PermissionsBoundary: BOUNDARY } },
  ],
  GetUser: [user, { User: { ...MARY, Tags: TAGS, PermissionsBoundary: BOUNDARY } }],
  ListUsers: [{}, { Users: [{ UserName: "Bob", Path: "/" }, MARY], ...DONE }],
  UpdateUser: [{ ...user, NewUserName: "Maria", NewPath: "/" }, undefined],
  DeleteUser: [{ UserName: "bob" }, undefined],
  TagUser: [{ ...user, Tags: [{ Key: "team", Value: "Ops" }] }, undefined],
  UntagUser: [{ ...user, TagKeys: ["team"] }, undefined],
  ListUserTags: [user, { Tags: TAGS, ...DONE }],

  CreateGroup: [{ GroupName: "Ops", Path: "/o/" }, { Group: { GroupName: "Ops", Arn: arn("group/o/Ops") } }],
  GetGroup: [group, { Group: AUDITORS, Users: [MARY], ...DONE }],
  ListGroups: [{ PathPrefix: "/" }, { Groups: [AUDITORS], ...DONE }],
  UpdateGroup: [{ ...group, NewGroupName: "Watchers" }, undefined],
  DeleteGroup: [{ GroupName: "Empty" }, undefined],
  AddUserToGroup: [{ ...group, UserName: "Bob" }, undefined],
  RemoveUserFromGroup: [{ ...group, ...user }, undefined],
  ListGroupsForUser: [user, { Groups: [AUDITORS], ...DONE }],

  CreateRole: [
    { RoleName: "Writer", AssumeRolePolicyDocument: TRUST },
    { Role: { RoleName: "Writer", AssumeRolePolicyDocument: encodeURIComponent(TRUST) } },
  ],
  GetRole: [role, { Role: { ...READER, MaxSessionDuration: 7200, Tags: TAGS, RoleLastUsed: {} } }],
  ListRoles: [{}, { Roles: [{ ...READER, MaxSessionDuration: 7200 }], ...DONE }],
  UpdateRole: [{ ...role, MaxSessionDuration: 3600 }, {}],
  UpdateRoleDescription: [{ ...role, Description: "writes" }, { Role: { ...READER, Description: "writes" } }],
  UpdateAssumeRolePolicy: [{ ...role, PolicyDocument: TRUST }, undefined],
  DeleteRole: [{ RoleName: "Empty" }, undefined],
  TagRole: [{ ...role, Tags: TAGS }, undefined],
  UntagRole: [{ ...role, TagKeys: ["Team"] }, undefined],
  ListRoleTags: [role, { Tags: TAGS, ...DONE }],

  CreateAccessKey: [user, { AccessKey: { UserName: "Mary", Status: "Active", CreateDate: SECOND } }],
  ListAccessKeys: [user, { AccessKeyMetadata: [{ UserName: "Mary", AccessKeyId: KEY, Status: "Active" }], ...DONE }],
  UpdateAccessKey: [{ ...user, AccessKeyId: KEY, Status: "Inactive" }, undefined],
  DeleteAccessKey: [{ ...user, AccessKeyId: KEY }, undefined],
  GetAccessKeyLastUsed: [
    { AccessKeyId: KEY },
    { UserName: "Mary", AccessKeyLastUsed: { ServiceName: "N/A", Region: "N/A" } },
  ],

  CreateLoginProfile: [
    { UserName: "Bob", Password: "12345678" },
    { LoginProfile: { UserName: "Bob", PasswordResetRequired: false } },
  ],
  GetLoginProfile: [user, { LoginProfile: { UserName: "Mary", CreateDate: SECOND, PasswordResetRequired: true } }],
  UpdateLoginProfile: [{ ...user, PasswordResetRequired: false }, undefined],
  DeleteLoginProfile: [user, undefined],
  ChangePassword: [{ OldPassword: "correct horse", NewPassword: "battery staple" }, undefined],

  CreatePolicy: [
    { PolicyName: "Write", PolicyDocument: DOCUMENT, Tags: TAGS },
    {
      Policy: { PolicyName: "Write", Arn: arn("policy/Write"), DefaultVersionId: "v1", AttachmentCount: 0, Tags: TAGS },
    },
  ],
  GetPolicy: [
    policy,
    {
      Policy: { ...READ_POLICY, AttachmentCount: 3, PermissionsBoundaryUsageCount: 1, Description: "reads", Tags: [] },
    },
  ],
  ListPolicies: [
    { Scope: "Local", OnlyAttached: true },
    { Policies: [READ_POLICY], ...DONE },
  ],
  DeletePolicy: [{ PolicyArn: SPARE }, undefined],
  CreatePolicyVersion: [
    { ...policy, PolicyDocument: DOCUMENT },
    { PolicyVersion: { VersionId: "v3", IsDefaultVersion: false, CreateDate: SECOND } },
  ],
  GetPolicyVersion: [
    { ...policy, VersionId: "v1" },
    { PolicyVersion: { VersionId: "v1", IsDefaultVersion: false, Document: ENCODED } },
  ],
  ListPolicyVersions: [
    policy,
    { Versions: [{ VersionId: "v2", IsDefaultVersion: true }, { VersionId: "v1" }], ...DONE },
  ],
  SetDefaultPolicyVersion: [{ ...policy, VersionId: "v1" }, undefined],
  DeletePolicyVersion: [{ ...policy, VersionId: "v1" }, undefined],
  ListEntitiesForPolicy: [
    policy,
    {
      PolicyGroups: [{ GroupName: "Auditors" }],
      PolicyUsers: [{ UserName: "Mary" }],
      PolicyRoles: [{ RoleName: "Reader" }],
      ...DONE,
    },
  ],
  TagPolicy: [{ ...policy, Tags: TAGS }, undefined],
  UntagPolicy: [{ ...policy, TagKeys: ["Team"] }, undefined],
  ListPolicyTags: [policy, { Tags: [], ...DONE }],

  AttachUserPolicy: [{ ...user, PolicyArn: ADMIN }, undefined],
  AttachGroupPolicy: [{ ...group, PolicyArn: ADMIN }, undefined],
  AttachRolePolicy: [{ ...role, PolicyArn: ADMIN }, undefined],
  DetachUserPolicy: [{ ...user, ...policy }, undefined],
  DetachGroupPolicy: [{ ...group, ...policy }, undefined],
  DetachRolePolicy: [{ ...role, ...policy }, undefined],
  ListAttachedUserPolicies: [user, { AttachedPolicies: [{ PolicyName: "Read", PolicyArn: READ }], ...DONE }],
  ListAttachedGroupPolicies: [group, { AttachedPolicies: [{ PolicyName: "Read", PolicyArn: READ }], ...DONE }],
  ListAttachedRolePolicies: [
    { ...role, PathPrefix: "/x" },
    { AttachedPolicies: [], ...DONE },
  ],
  PutUserPolicy: [{ ...user, PolicyName: "more", PolicyDocument: DOCUMENT }, undefined],
  PutGroupPolicy: [{ ...group, PolicyName: "own", PolicyDocument: DOCUMENT }, undefined],
  PutRolePolicy: [{ ...role, PolicyName: "more", PolicyDocument: DOCUMENT }, undefined],
  GetUserPolicy: [
    { ...user, PolicyName: "own" },
    { ...user, PolicyName: "own", PolicyDocument: ENCODED },
  ],
  GetGroupPolicy: [
    { ...group, PolicyName: "own" },
    { ...group, PolicyName: "own", PolicyDocument: ENCODED },
  ],
  GetRolePolicy: [
    { ...role, PolicyName: "own" },
    { ...role, PolicyName: "own", PolicyDocument: ENCODED },
  ],
  ListUserPolicies: [user, { PolicyNames: ["own"], ...DONE }],
  ListGroupPolicies: [group, { PolicyNames: ["own"], ...DONE }],
  ListRolePolicies: [role, { PolicyNames: ["own"], ...DONE }],
  DeleteUserPolicy: [{ ...user, PolicyName: "own" }, undefined],
  DeleteGroupPolicy: [{ ...group, PolicyName: "own" }, undefined],
  DeleteRolePolicy: [{ ...role, PolicyName: "own" }, undefined],
  PutUserPermissionsBoundary: [{ ...user, PermissionsBoundary: ADMIN }, undefined],
  PutRolePermissionsBoundary: [{ ...role, PermissionsBoundary: ADMIN }, undefined],
  DeleteUserPermissionsBoundary: [user, undefined],
  DeleteRolePermissionsBoundary: [role, undefined],

  SimulateCustomPolicy: [
    { PolicyInputList: [DOCUMENT], ActionNames: ["s3:GetObject"], ResourceArns: ["arn:aws:s3:::logs/x"] },
    { EvaluationResults: [{ EvalActionName: "s3:GetObject", EvalDecision: "allowed" }], ...DONE },
  ],
  SimulatePrincipalPolicy: [
    { PolicySourceArn: MARY.Arn, ActionNames: ["s3:PutObject"] },
    { EvaluationResults: [{ EvalResourceName: "*", EvalDecision: "implicitDeny" }], ...DONE },
  ],
  GetContextKeysForCustomPolicy: [{ PolicyInputList: [DOCUMENT] }, { ContextKeyNames: [] }],
  GetContextKeysForPrincipalPolicy: [{ PolicySourceArn: MARY.Arn }, { ContextKeyNames: [] }],

  CreateAccountAlias: [{ AccountAlias: "coffee-shop" }, undefined],
  DeleteAccountAlias: [{ AccountAlias: "old-alias" }, undefined],
  ListAccountAliases: [{}, { AccountAliases: ["old-alias"], ...DONE }],
  GetAccountSummary: [
    {},
    { SummaryMap: { Users: 2, Groups: 2, Roles: 2, Policies: 2, PolicyVersionsInUse: 3, AccountAccessKeysPresent: 0 } },
  ],
  GetAccountAuthorizationDetails: [
    {},
    {
      UserDetailList: [
        { UserName: "Bob", UserPolicyList: [], GroupList: [] },
        { ...MARY, GroupList: ["Auditors"], UserPolicyList: [{ PolicyName: "own", PolicyDocument: ENCODED }] },
      ],
      Policies: [{ PolicyName: "Read", PolicyVersionList: [{ VersionId: "v2" }, { VersionId: "v1" }] }, {}],
      ...DONE,
    },
  ],
};

/** Answered with a refusal and nothing else. */
const WITHOUT_HAPPY_END = ["GetAccountPasswordPolicy"];

describe("iamOperations()", () => {
  test("iamOperations() has a row in this file's table for each operation", async () => {
    const { names } = await openIam();
    expect(Object.keys(HAPPY).concat(WITHOUT_HAPPY_END).toSorted()).toEqual(names.toSorted());
  });

  test.each(Object.entries(HAPPY))("%s answers", async (name, [input, output]) => {
    const iam = await world();
    await iam.call("CreateGroup", { GroupName: "Empty" });
    await iam.call("CreateRole", { RoleName: "Empty", AssumeRolePolicyDocument: TRUST });
    await iam.call("CreateAccountAlias", { AccountAlias: "old-alias" });
    if (name === "ListGroups") await iam.call("DeleteGroup", { GroupName: "Empty" });
    if (name === "ListRoles") await iam.call("DeleteRole", { RoleName: "Empty" });
    const caller = name === "ChangePassword" ? iam.as(await iam.user("Mary")) : iam;
    const answer = await caller.call(name as "GetUser", withKey(input, iam.keyId));
    expect({ answer }).toMatchObject({ answer: output && withKey(output, iam.keyId) });
  });

  test("GetAccountPasswordPolicy says that the account has none", async () => {
    const iam = await openIam();
    expect(await refusal(iam.call("GetAccountPasswordPolicy", {}))).toBe(
      `404 NoSuchEntity: The Password Policy with domain name ${ACCOUNT} cannot be found.`,
    );
  });
});

function withKey<Shape extends object>(shape: Shape, keyId: string): Shape {
  return JSON.parse(JSON.stringify(shape).replaceAll(KEY, keyId), (key, value) =>
    key === "CreateDate" ? new Date(value) : value,
  );
}

const refusals: readonly (readonly [name: string, input: object, told: string])[] = [
  ["CreateUser", { UserName: "MARY" }, "409 EntityAlreadyExists: User with name MARY already exists."],
  [
    "CreateUser",
    { UserName: "Ann", PermissionsBoundary: arn("policy/None") },
    `404 NoSuchEntity: Scope ARN: ${arn("policy/None")} does not exist or is not attachable.`,
  ],
  [
    "CreateUser",
    {
      UserName: "Ann",
      Tags: [
        { Key: "a", Value: "" },
        { Key: "A", Value: "" },
      ],
    },
    "400 InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive.",
  ],
  ["GetUser", { UserName: "Nobody" }, "404 NoSuchEntity: The user with name Nobody cannot be found."],
  [
    "UpdateUser",
    { UserName: "Bob", NewUserName: "mary" },
    "409 EntityAlreadyExists: User with name mary already exists.",
  ],
  ["DeleteUser", user, "409 DeleteConflict: Cannot delete entity, must delete access keys first."],
  ["DeleteGroup", group, "409 DeleteConflict: Cannot delete entity, must remove users from group first."],
  ["DeleteRole", role, "409 DeleteConflict: Cannot delete entity, must detach all policies first."],
  ["GetGroup", { GroupName: "None" }, "404 NoSuchEntity: The group with name None cannot be found."],
  ["CreateGroup", { GroupName: "auditors" }, "409 EntityAlreadyExists: Group with name auditors already exists."],
  [
    "UpdateGroup",
    { GroupName: "Auditors", NewGroupName: "Empty" },
    "409 EntityAlreadyExists: Group with name Empty already exists.",
  ],
  [
    "AddUserToGroup",
    { GroupName: "None", UserName: "Nobody" },
    "404 NoSuchEntity: The user with name Nobody cannot be found.",
  ],
  ["AddUserToGroup", { GroupName: "None", ...user }, "404 NoSuchEntity: The group with name None cannot be found."],
  ["GetRole", { RoleName: "None" }, "404 NoSuchEntity: The role with name None cannot be found."],
  [
    "CreateRole",
    { RoleName: "reader", AssumeRolePolicyDocument: TRUST },
    "409 EntityAlreadyExists: Role with name reader already exists.",
  ],
  [
    "CreateRole",
    {
      RoleName: "Wide",
      AssumeRolePolicyDocument: TRUST.replace(`"${ACCOUNT}"`, `["${`${ACCOUNT}","`.repeat(150)}*"]`),
    },
    "409 LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048",
  ],
  [
    "UpdateAccessKey",
    { ...user, AccessKeyId: "AKIAIOSFODNN7EXAMPLE", Status: "Inactive" },
    "404 NoSuchEntity: The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.",
  ],
  [
    "DeleteAccessKey",
    { UserName: "Bob", AccessKeyId: KEY },
    `404 NoSuchEntity: The Access Key with id ${KEY} cannot be found.`,
  ],
  [
    "GetAccessKeyLastUsed",
    { AccessKeyId: "AKIAIOSFODNN7EXAMPLE" },
    `403 AccessDenied: User: ${arn("root")} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key AKIAIOSFODNN7EXAMPLE`,
  ],
  [
    "CreateLoginProfile",
    { ...user, Password: "12345678" },
    "409 EntityAlreadyExists: Login Profile for user Mary already exists.",
  ],
  [
    "CreateLoginProfile",
    { UserName: "Bob", Password: "1234567" },
    "400 PasswordPolicyViolation: Password should have a minimum length of 8",
  ],
  ["GetLoginProfile", { UserName: "Bob" }, "404 NoSuchEntity: Login Profile for User Bob cannot be found."],
  ["UpdateLoginProfile", { UserName: "Bob" }, "404 NoSuchEntity: Login Profile for User Bob cannot be found."],
  ["DeleteLoginProfile", { UserName: "Bob" }, "404 NoSuchEntity: Login Profile for User Bob cannot be found."],
  [
    "ChangePassword",
    { OldPassword: "correct horse", NewPassword: "battery staple" },
    "400 InvalidUserType: Only IAM Users can change their own password.",
  ],
  [
    "CreatePolicy",
    { PolicyName: "read", Path: "/x/", PolicyDocument: DOCUMENT },
    "409 EntityAlreadyExists: A policy called read already exists. Duplicate names are not allowed.",
  ],
  [
    "CreatePolicy",
    { PolicyName: "Large", PolicyDocument: DOCUMENT.replace("logs/*", "x".repeat(6144)) },
    "409 LimitExceeded: Cannot exceed quota for PolicySize: 6144",
  ],
  ["GetPolicy", { PolicyArn: arn("policy/None") }, `404 NoSuchEntity: Policy ${arn("policy/None")} was not found.`],
  ["GetPolicy", { PolicyArn: "x".repeat(20) }, `400 ValidationError: ARN ${"x".repeat(20)} is not valid.`],
  [
    "GetPolicy",
    { PolicyArn: arn("user/team/Mary") },
    `400 ValidationError: ARN ${arn("user/team/Mary")} is not valid.`,
  ],
  ["DeletePolicy", policy, "409 DeleteConflict: Cannot delete a policy attached to entities."],
  ["DeletePolicy", { PolicyArn: ADMIN }, `403 AccessDenied: Cannot modify ${ADMIN}: it is managed by AWS.`],
  [
    "CreatePolicyVersion",
    { PolicyArn: ADMIN, PolicyDocument: DOCUMENT },
    `403 AccessDenied: Cannot modify ${ADMIN}: it is managed by AWS.`,
  ],
  [
    "GetPolicyVersion",
    { ...policy, VersionId: "v9" },
    `404 NoSuchEntity: Policy ${READ} version v9 does not exist or is not attachable.`,
  ],
  [
    "GetPolicyVersion",
    { PolicyArn: arn("policy/None"), VersionId: "v1" },
    `404 NoSuchEntity: Policy ${arn("policy/None")} version v1 does not exist or is not attachable.`,
  ],
  [
    "SetDefaultPolicyVersion",
    { ...policy, VersionId: "v9" },
    `404 NoSuchEntity: Policy ${READ} version v9 does not exist or is not attachable.`,
  ],
  [
    "DeletePolicyVersion",
    { ...policy, VersionId: "v2" },
    "409 DeleteConflict: Cannot delete the default version of a policy.",
  ],
  [
    "TagPolicy",
    {
      ...policy,
      Tags: [
        { Key: "a", Value: "" },
        { Key: "a", Value: "" },
      ],
    },
    "400 InvalidInput: Duplicate tag keys found.",
  ],
  [
    "TagRole",
    { ...role, Tags: [{ Key: "aws:x", Value: "" }] },
    "400 InvalidInput: The tag key aws:x is reserved: keys must not begin with aws:.",
  ],
  [
    "AttachUserPolicy",
    { ...user, PolicyArn: arn("policy/None") },
    `404 NoSuchEntity: Policy ${arn("policy/None")} does not exist or is not attachable.`,
  ],
  [
    "AttachUserPolicy",
    { ...user, PolicyArn: "arn:aws:iam::999999999999:policy/Read" },
    "404 NoSuchEntity: Policy arn:aws:iam::999999999999:policy/Read does not exist or is not attachable.",
  ],
  ["DetachRolePolicy", { ...role, PolicyArn: SPARE }, `404 NoSuchEntity: Policy ${SPARE} was not found.`],
  [
    "GetUserPolicy",
    { ...user, PolicyName: "none" },
    "404 NoSuchEntity: The user policy with name none cannot be found.",
  ],
  [
    "DeleteRolePolicy",
    { ...role, PolicyName: "none" },
    "404 NoSuchEntity: The role policy with name none cannot be found.",
  ],
  [
    "PutUserPolicy",
    { ...user, PolicyName: "more", PolicyDocument: DOCUMENT.replace("logs/*", "x".repeat(1900)) },
    "409 LimitExceeded: Maximum policy size of 2048 bytes exceeded for user Mary",
  ],
  [
    "PutRolePermissionsBoundary",
    { ...role, PermissionsBoundary: arn("policy/None") },
    `404 NoSuchEntity: Scope ARN: ${arn("policy/None")} does not exist or is not attachable.`,
  ],
  [
    "CreateAccountAlias",
    { AccountAlias: "old-alias" },
    "409 EntityAlreadyExists: The account alias old-alias already exists.",
  ],
  ["DeleteAccountAlias", { AccountAlias: "none" }, "404 NoSuchEntity: The account alias none cannot be found."],
  ["ListUsers", { Marker: "made-up" }, "400 ValidationError: Invalid Marker."],
];

describe("refusals", () => {
  test.each(refusals)("%s of %j is refused", async (name, input, told) => {
    const iam = await world();
    await iam.call("CreateGroup", { GroupName: "Empty" });
    await iam.call("CreateAccountAlias", { AccountAlias: "old-alias" });
    const answer = iam.call(name as "GetUser", withKey(input, iam.keyId));
    expect(await refusal(answer)).toBe(told.replaceAll(KEY, iam.keyId));
  });

  test.each([
    ["CreatePolicy", { PolicyName: "Bad", PolicyDocument: "{" }],
    ["CreatePolicyVersion", { ...policy, PolicyDocument: "{}" }],
    ["CreateRole", { RoleName: "Bad", AssumeRolePolicyDocument: DOCUMENT }],
    ["UpdateAssumeRolePolicy", { ...role, PolicyDocument: DOCUMENT }],
    ["PutUserPolicy", { ...user, PolicyName: "bad", PolicyDocument: TRUST }],
  ])("%s refuses a document that is no such policy", async (name, input) => {
    const iam = await world();
    expect(await refusal(iam.call(name as "CreatePolicy", input as never))).toMatch(/^400 MalformedPolicyDocument: /);
  });
});
