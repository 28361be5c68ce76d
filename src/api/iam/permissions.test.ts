import { describe, expect, test } from "vitest";
import { ACCOUNT, DOCUMENT, type Iam, openIam, refusal, TRUST } from "../../../test/open-iam.ts";
import type { Caller } from "../../identity/index.ts";

const arn = (resource: string) => `arn:aws:iam::${ACCOUNT}:${resource}`;
const READ = arn("policy/team/Read");
const ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess";

const ROLE_SESSION: Caller = {
  kind: "role",
  account: ACCOUNT,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Reader/me`,
  principalId: "AROAREADER:me",
  accessKeyId: "ASIA",
};

async function world(): Promise<Iam> {
  const iam = await openIam();
  await iam.call("CreatePolicy", { PolicyName: "Read", Path: "/team/", PolicyDocument: DOCUMENT });
  await iam.call("TagPolicy", { PolicyArn: READ, Tags: [{ Key: "Cost", Value: "7" }] });
  await iam.call("CreateUser", {
    UserName: "Mary",
    Path: "/team/",
    PermissionsBoundary: READ,
    Tags: [{ Key: "Team", Value: "Audit" }],
  });
  await iam.call("CreateGroup", { GroupName: "Auditors", Path: "/team/" });
  await iam.call("CreateRole", { RoleName: "Reader", Path: "/team/", AssumeRolePolicyDocument: TRUST });
  return iam;
}

const user = { UserName: "mary" };
const group = { GroupName: "Auditors" };
const role = { RoleName: "Reader" };
const policy = { PolicyArn: READ };
const mary = arn("user/team/Mary");

describe("resources", () => {
  test.each<readonly [name: string, input: object, resources: readonly string[]]>([
    ["CreateUser", { UserName: "Ann", Path: "/a/b/" }, [arn("user/a/b/Ann")]],
    ["CreateGroup", { GroupName: "Ops" }, [arn("group/Ops")]],
    ["CreateRole", { RoleName: "Ops", Path: "/x/" }, [arn("role/x/Ops")]],
    ["CreatePolicy", { PolicyName: "Ops" }, [arn("policy/Ops")]],
    ["GetUser", user, [mary]],
    ["GetUser", { UserName: "Nobody" }, [arn("user/Nobody")]],
    ["GetUser", {}, [arn("root")]],
    ["UpdateUser", { ...user, NewUserName: "Maria" }, [mary, arn("user/team/Maria")]],
    ["UpdateUser", { ...user, NewPath: "/" }, [mary, arn("user/Mary")]],
    ["UpdateUser", { ...user, NewPath: "/team/" }, [mary]],
    ["UpdateGroup", { ...group, NewPath: "/b/", NewGroupName: "B" }, [arn("group/team/Auditors"), arn("group/b/B")]],
    ["AddUserToGroup", { ...group, ...user }, [arn("group/team/Auditors")]],
    ["ListGroupsForUser", user, [mary]],
    ["DeleteRole", role, [arn("role/team/Reader")]],
    ["AttachUserPolicy", { ...user, ...policy }, [mary]],
    ["PutGroupPolicy", { ...group, PolicyName: "p" }, [arn("group/team/Auditors")]],
    ["ListRoleTags", role, [arn("role/team/Reader")]],
    ["TagPolicy", { ...policy, Tags: [] }, [READ]],
    ["GetPolicyVersion", { PolicyArn: ADMIN, VersionId: "v1" }, [ADMIN]],
    ["ListUsers", {}, [arn("user/")]],
    ["ListRoles", { PathPrefix: "/team/" }, [arn("role/team/")]],
    ["ListPolicies", {}, ["policy path /"]],
    ["CreateAccountAlias", { AccountAlias: "x" }, ["*"]],
    ["GetAccountAuthorizationDetails", {}, ["*"]],
  ])("%s of %j needs permission on %j", async (name, input, resources) => {
    const iam = await world();
    expect(await iam.resources(name as "GetUser", input)).toEqual(resources);
  });

  test("GetAccessKeyLastUsed needs permission on the key's user", async () => {
    const iam = await world();
    const { AccessKey } = await iam.call("CreateAccessKey", user);
    expect(await iam.resources("GetAccessKeyLastUsed", { AccessKeyId: AccessKey.AccessKeyId })).toEqual([mary]);
    const own = await iam.call("CreateAccessKey", {});
    expect(await iam.resources("GetAccessKeyLastUsed", { AccessKeyId: own.AccessKey.AccessKeyId })).toEqual([
      arn("root"),
    ]);
  });

  test.each(["GetUser", "CreateAccessKey", "ListAccessKeys", "DeleteLoginProfile", "ChangePassword"] as const)(
    "%s without a name needs permission on the calling user",
    async (name) => {
      const iam = await world();
      const asMary = iam.as(await iam.user("Mary"));
      expect(await asMary.resources(name, {} as never)).toEqual([mary]);
    },
  );

  test.each(["GetUser", "CreateAccessKey", "ListAccessKeys", "GetLoginProfile"] as const)(
    "%s without a name is refused to a role, whatever its permissions",
    async (name) => {
      const iam = (await world()).as(ROLE_SESSION);
      expect(await refusal(iam.resources(name, {}))).toBe(
        "400 ValidationError: Must specify userName when calling with non-User credentials",
      );
    },
  );
});

describe("conditions", () => {
  const maryTags = { "aws:ResourceTag/Team": "Audit", "iam:ResourceTag/Team": "Audit" };
  test.each<readonly [name: string, input: object, conditions: object]>([
    [
      "CreateUser",
      { UserName: "Ann", PermissionsBoundary: ADMIN, Tags: [{ Key: "Team", Value: "Ops" }] },
      { "iam:PermissionsBoundary": ADMIN, "aws:RequestTag/Team": "Ops", "aws:TagKeys": ["Team"] },
    ],
    ["CreateRole", { RoleName: "R" }, {}],
    ["GetUser", user, maryTags],
    ["GetUser", { UserName: "Nobody" }, {}],
    [
      "AttachUserPolicy",
      { ...user, PolicyArn: ADMIN },
      { ...maryTags, "iam:PolicyARN": ADMIN, "iam:PermissionsBoundary": READ },
    ],
    ["AttachRolePolicy", { ...role, PolicyArn: ADMIN }, { "iam:PolicyARN": ADMIN }],
    ["AttachGroupPolicy", { ...group, PolicyArn: ADMIN }, { "iam:PolicyARN": ADMIN }],
    ["PutUserPolicy", { ...user, PolicyName: "p" }, { ...maryTags, "iam:PermissionsBoundary": READ }],
    [
      "PutUserPermissionsBoundary",
      { ...user, PermissionsBoundary: ADMIN },
      { ...maryTags, "iam:PermissionsBoundary": ADMIN },
    ],
    ["DeleteUserPermissionsBoundary", user, { ...maryTags, "iam:PermissionsBoundary": READ }],
    [
      "TagUser",
      { ...user, Tags: [{ Key: "a", Value: "b" }] },
      { ...maryTags, "aws:RequestTag/a": "b", "aws:TagKeys": ["a"] },
    ],
    ["UntagRole", { ...role, TagKeys: ["a", "b"] }, { "aws:TagKeys": ["a", "b"] }],
    ["GetPolicy", policy, { "aws:ResourceTag/Cost": "7", "iam:ResourceTag/Cost": "7" }],
    ["ListUsers", {}, {}],
  ])("%s of %j may depend on %j", async (name, input, conditions) => {
    const iam = await world();
    expect(await iam.conditions(name as "GetUser", input)).toEqual(conditions);
  });
});
