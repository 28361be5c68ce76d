import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Boto3 } from "./boto3-client.ts";
import { type AwsClient, at, type Credentials, list, type Output, type Parameters, text } from "./client.ts";
import { BOTO3_MISSING, whySkipped } from "./clients.ts";
import { jsClient } from "./js-client.ts";
import { credentialsIn, errorOf, outputOf, Run, within } from "./run.ts";
import { checkWholeJournal } from "./whole-journal.ts";

const ACCOUNT = "123456789012";
const TIME: unknown = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\+00:00|\.000Z)$/);
const ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess";
const HIRE = `arn:aws:iam::${ACCOUNT}:policy/shop/Hire`;

/** The last use of a key is written from time to time, not with each call. */
const LAST_USED_MS = 10_000;

/** With signs that every encoding on the way has its own idea of. */
const DOCUMENT = {
  Version: "2012-10-17",
  Id: '100% + a & b = ? "#"',
  Statement: [{ Sid: "Hire", Effect: "Allow", Action: ["iam:CreateUser", "iam:Get*"], Resource: "*" }],
};
const TRUST = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: "sts:AssumeRole" }],
};
const document = JSON.stringify(DOCUMENT);
const trust = JSON.stringify(TRUST);

/** One operation, what it is asked, and what must be in the answer. */
type Step = readonly [operation: string, parameters: Parameters | ((seen: Seen) => Parameters), answer: object];

/** What later steps need of earlier answers. */
interface Seen {
  keyId: string;
}

/** In this order everything can be made, looked at, changed, and taken away again. */
const STEPS: readonly Step[] = [
  [
    "CreateUser",
    { UserName: "Ann", Path: "/shop/", Tags: [{ Key: "team", Value: "red = wine + é" }], PermissionsBoundary: ADMIN },
    {
      User: {
        UserName: "Ann",
        Path: "/shop/",
        UserId: expect.stringMatching(/^AIDA[A-Z0-9]{17}$/),
        Arn: `arn:aws:iam::${ACCOUNT}:user/shop/Ann`,
        CreateDate: TIME,
        Tags: [{ Key: "team", Value: "red = wine + é" }],
        PermissionsBoundary: { PermissionsBoundaryArn: ADMIN },
      },
    },
  ],
  ["GetUser", { UserName: "ann" }, { User: { UserName: "Ann", Tags: [{ Key: "team" }] } }],
  ["UpdateUser", { UserName: "Ann", NewUserName: "Anna", NewPath: "/bar/" }, {}],
  ["ListUsers", { PathPrefix: "/bar/" }, { IsTruncated: false, Users: [{ UserName: "Anna", CreateDate: TIME }] }],
  ["TagUser", { UserName: "Anna", Tags: [{ Key: "shift", Value: "" }] }, {}],
  ["ListUserTags", { UserName: "Anna" }, { Tags: [{ Key: "shift", Value: "" }, { Key: "team" }] }],
  ["UntagUser", { UserName: "Anna", TagKeys: ["shift"] }, {}],
  ["DeleteUserPermissionsBoundary", { UserName: "Anna" }, {}],
  ["PutUserPermissionsBoundary", { UserName: "Anna", PermissionsBoundary: ADMIN }, {}],

  ["CreateAccessKey", { UserName: "Anna" }, { AccessKey: { UserName: "Anna", Status: "Active", CreateDate: TIME } }],
  [
    "ListAccessKeys",
    { UserName: "Anna" },
    { AccessKeyMetadata: [{ UserName: "Anna", Status: "Active", CreateDate: TIME }], IsTruncated: false },
  ],
  ["GetAccessKeyLastUsed", ({ keyId }) => ({ AccessKeyId: keyId }), { UserName: "Anna", AccessKeyLastUsed: {} }],
  ["UpdateAccessKey", ({ keyId }) => ({ UserName: "Anna", AccessKeyId: keyId, Status: "Inactive" }), {}],

  [
    "CreateLoginProfile",
    { UserName: "Anna", Password: "Espresso-Doppio-1", PasswordResetRequired: false },
    { LoginProfile: { UserName: "Anna", CreateDate: TIME, PasswordResetRequired: false } },
  ],
  ["GetLoginProfile", { UserName: "Anna" }, { LoginProfile: { UserName: "Anna", CreateDate: TIME } }],
  ["UpdateLoginProfile", { UserName: "Anna", Password: "Ristretto-Lungo-2", PasswordResetRequired: true }, {}],

  ["CreateGroup", { GroupName: "Staff", Path: "/shop/" }, { Group: { GroupName: "Staff", CreateDate: TIME } }],
  ["AddUserToGroup", { GroupName: "Staff", UserName: "Anna" }, {}],
  ["GetGroup", { GroupName: "Staff" }, { Group: { GroupName: "Staff" }, Users: [{ UserName: "Anna" }] }],
  ["ListGroupsForUser", { UserName: "Anna" }, { Groups: [{ GroupName: "Staff" }] }],
  ["UpdateGroup", { GroupName: "Staff", NewGroupName: "Crew" }, {}],
  ["ListGroups", {}, { Groups: [{ GroupName: "Crew", Arn: `arn:aws:iam::${ACCOUNT}:group/shop/Crew` }] }],

  [
    "CreateRole",
    { RoleName: "Roaster", AssumeRolePolicyDocument: trust, Description: "roasts", Tags: [{ Key: "a", Value: "b" }] },
    {
      Role: {
        RoleName: "Roaster",
        RoleId: expect.stringMatching(/^AROA/),
        CreateDate: TIME,
        AssumeRolePolicyDocument: TRUST,
        Tags: [{ Key: "a", Value: "b" }],
      },
    },
  ],
  ["GetRole", { RoleName: "Roaster" }, { Role: { MaxSessionDuration: 3600, AssumeRolePolicyDocument: TRUST } }],
  ["UpdateRole", { RoleName: "Roaster", MaxSessionDuration: 7200, Description: "roasts beans" }, {}],
  ["UpdateRoleDescription", { RoleName: "Roaster", Description: "grinds" }, { Role: { Description: "grinds" } }],
  ["UpdateAssumeRolePolicy", { RoleName: "Roaster", PolicyDocument: trust }, {}],
  [
    "ListRoles",
    {},
    {
      Roles: [
        { RoleName: "Roaster", MaxSessionDuration: 7200, Description: "grinds", AssumeRolePolicyDocument: TRUST },
      ],
    },
  ],
  ["TagRole", { RoleName: "Roaster", Tags: [{ Key: "c", Value: "d" }] }, {}],
  ["ListRoleTags", { RoleName: "Roaster" }, { Tags: [{ Key: "a" }, { Key: "c" }], IsTruncated: false }],
  ["UntagRole", { RoleName: "Roaster", TagKeys: ["a", "c"] }, {}],
  ["PutRolePermissionsBoundary", { RoleName: "Roaster", PermissionsBoundary: ADMIN }, {}],
  ["DeleteRolePermissionsBoundary", { RoleName: "Roaster" }, {}],

  [
    "CreatePolicy",
    { PolicyName: "Hire", Path: "/shop/", PolicyDocument: document, Description: "hires" },
    {
      Policy: {
        Arn: HIRE,
        PolicyId: expect.stringMatching(/^ANPA/),
        DefaultVersionId: "v1",
        AttachmentCount: 0,
        IsAttachable: true,
        CreateDate: TIME,
        UpdateDate: TIME,
      },
    },
  ],
  ["GetPolicy", { PolicyArn: HIRE }, { Policy: { PolicyName: "Hire", Description: "hires", AttachmentCount: 0 } }],
  [
    "CreatePolicyVersion",
    { PolicyArn: HIRE, PolicyDocument: document, SetAsDefault: true },
    { PolicyVersion: { VersionId: "v2", IsDefaultVersion: true, CreateDate: TIME } },
  ],
  [
    "GetPolicyVersion",
    { PolicyArn: HIRE, VersionId: "v2" },
    { PolicyVersion: { Document: DOCUMENT, VersionId: "v2", IsDefaultVersion: true } },
  ],
  ["SetDefaultPolicyVersion", { PolicyArn: HIRE, VersionId: "v1" }, {}],
  ["ListPolicyVersions", { PolicyArn: HIRE }, { Versions: [{ VersionId: "v2" }, { VersionId: "v1" }] }],
  ["DeletePolicyVersion", { PolicyArn: HIRE, VersionId: "v2" }, {}],
  ["TagPolicy", { PolicyArn: HIRE, Tags: [{ Key: "e", Value: "f" }] }, {}],
  ["ListPolicyTags", { PolicyArn: HIRE }, { Tags: [{ Key: "e", Value: "f" }] }],
  ["UntagPolicy", { PolicyArn: HIRE, TagKeys: ["e"] }, {}],

  ["AttachUserPolicy", { UserName: "Anna", PolicyArn: HIRE }, {}],
  ["AttachGroupPolicy", { GroupName: "Crew", PolicyArn: HIRE }, {}],
  ["AttachRolePolicy", { RoleName: "Roaster", PolicyArn: HIRE }, {}],
  ["ListAttachedUserPolicies", { UserName: "Anna" }, { AttachedPolicies: [{ PolicyName: "Hire", PolicyArn: HIRE }] }],
  ["ListAttachedGroupPolicies", { GroupName: "Crew" }, { AttachedPolicies: [{ PolicyName: "Hire" }] }],
  ["ListAttachedRolePolicies", { RoleName: "Roaster" }, { AttachedPolicies: [{ PolicyName: "Hire" }] }],
  [
    "ListEntitiesForPolicy",
    { PolicyArn: HIRE },
    {
      PolicyUsers: [{ UserName: "Anna" }],
      PolicyGroups: [{ GroupName: "Crew" }],
      PolicyRoles: [{ RoleName: "Roaster" }],
    },
  ],
  ["ListPolicies", { Scope: "Local" }, { Policies: [{ PolicyName: "Hire", AttachmentCount: 3 }] }],

  ["PutUserPolicy", { UserName: "Anna", PolicyName: "own", PolicyDocument: document }, {}],
  ["PutGroupPolicy", { GroupName: "Crew", PolicyName: "own", PolicyDocument: document }, {}],
  ["PutRolePolicy", { RoleName: "Roaster", PolicyName: "own", PolicyDocument: document }, {}],
  [
    "GetUserPolicy",
    { UserName: "Anna", PolicyName: "own" },
    { UserName: "Anna", PolicyName: "own", PolicyDocument: DOCUMENT },
  ],
  ["GetGroupPolicy", { GroupName: "Crew", PolicyName: "own" }, { PolicyDocument: DOCUMENT }],
  ["GetRolePolicy", { RoleName: "Roaster", PolicyName: "own" }, { PolicyDocument: DOCUMENT }],
  ["ListUserPolicies", { UserName: "Anna" }, { PolicyNames: ["own"], IsTruncated: false }],
  ["ListGroupPolicies", { GroupName: "Crew" }, { PolicyNames: ["own"] }],
  ["ListRolePolicies", { RoleName: "Roaster" }, { PolicyNames: ["own"] }],

  ["CreateAccountAlias", { AccountAlias: "coffee-shop" }, {}],
  ["ListAccountAliases", {}, { AccountAliases: ["coffee-shop"], IsTruncated: false }],
  ["DeleteAccountAlias", { AccountAlias: "coffee-shop" }, {}],
  [
    "GetAccountSummary",
    {},
    { SummaryMap: { Users: 1, Groups: 1, Roles: 1, Policies: 1, AccountAccessKeysPresent: 1 } },
  ],
  [
    "GetAccountAuthorizationDetails",
    {},
    {
      IsTruncated: false,
      UserDetailList: [
        {
          UserName: "Anna",
          GroupList: ["Crew"],
          UserPolicyList: [{ PolicyName: "own", PolicyDocument: DOCUMENT }],
          AttachedManagedPolicies: [{ PolicyArn: HIRE }],
        },
      ],
      GroupDetailList: [{ GroupName: "Crew", GroupPolicyList: [{ PolicyDocument: DOCUMENT }] }],
      RoleDetailList: [{ RoleName: "Roaster", AssumeRolePolicyDocument: TRUST }],
    },
  ],

  ["DeleteUserPolicy", { UserName: "Anna", PolicyName: "own" }, {}],
  ["DeleteGroupPolicy", { GroupName: "Crew", PolicyName: "own" }, {}],
  ["DeleteRolePolicy", { RoleName: "Roaster", PolicyName: "own" }, {}],
  ["DetachUserPolicy", { UserName: "Anna", PolicyArn: HIRE }, {}],
  ["DetachGroupPolicy", { GroupName: "Crew", PolicyArn: HIRE }, {}],
  ["DetachRolePolicy", { RoleName: "Roaster", PolicyArn: HIRE }, {}],
  ["DeletePolicy", { PolicyArn: HIRE }, {}],
  ["DeleteRole", { RoleName: "Roaster" }, {}],
  ["RemoveUserFromGroup", { GroupName: "Crew", UserName: "Anna" }, {}],
  ["DeleteGroup", { GroupName: "Crew" }, {}],
  ["DeleteLoginProfile", { UserName: "Anna" }, {}],
  ["DeleteAccessKey", ({ keyId }) => ({ UserName: "Anna", AccessKeyId: keyId }), {}],
  ["DeleteUser", { UserName: "Anna" }, {}],
];

/** Served, but not by a row above: each has a test of its own below. */
const ELSEWHERE = ["ChangePassword", "GetAccountPasswordPolicy"];

describe.skipIf(BOTO3_MISSING !== undefined)(`IAM through boto3${whySkipped(BOTO3_MISSING)}`, () => {
  let run: Run;
  let boto3: Boto3;
  let js: AwsClient;
  const seen: Seen = { keyId: "" };

  beforeAll(async () => {
    run = await Run.start();
    boto3 = run.boto3();
    js = run.open(jsClient);
  });
  afterAll(() => run.stop());

  const ok = async (operation: string, parameters: Parameters, credentials: Credentials = run.root): Promise<Output> =>
    outputOf(await run.boto3Call(boto3, "iam", operation, parameters, { credentials }));

  test.each(STEPS)("%s answers as botocore expects", async (operation, given, expected) => {
    const output = await ok(operation, typeof given === "function" ? given(seen) : given);
    expect(output).toMatchObject(expected);
    if (operation === "CreateAccessKey") seen.keyId = text(output, "AccessKey", "AccessKeyId");
  });

  test("the SDK for JavaScript goes the same way", async () => {
    const seenHere: Seen = { keyId: "" };
    for (const [operation, given, expected] of STEPS) {
      const answer = await run.call(js, "iam", operation, typeof given === "function" ? given(seenHere) : given);
      const output = decodeDocuments(outputOf(answer)) as Output;
      expect({ operation, ...output }).toMatchObject({ operation, ...expected });
      if (operation === "CreateAccessKey") seenHere.keyId = text(output, "AccessKey", "AccessKeyId");
    }
  });

  test("everything that was made is gone again", async () => {
    for (const [operation, member] of [
      ["ListUsers", "Users"],
      ["ListGroups", "Groups"],
      ["ListRoles", "Roles"],
    ] as const) {
      expect([operation, ...list(await ok(operation, {}), member)]).toEqual([operation]);
    }
    expect(list(await ok("ListPolicies", { Scope: "Local" }), "Policies")).toEqual([]);
  });

  test("ChangePassword changes the password of the user who calls", async () => {
    await ok("CreateUser", { UserName: "Zoe" });
    await ok("AttachUserPolicy", { UserName: "Zoe", PolicyArn: "arn:aws:iam::aws:policy/IAMFullAccess" });
    const zoe = credentialsIn(await ok("CreateAccessKey", { UserName: "Zoe" }), "AccessKey");
    await ok("CreateLoginProfile", { UserName: "Zoe", Password: "Macchiato-Freddo-3" });
    await ok("ChangePassword", { OldPassword: "Macchiato-Freddo-3", NewPassword: "Americano-Caldo-4" }, zoe);
    const wrong = { OldPassword: "Macchiato-Freddo-3", NewPassword: "Corretto-Grappa-5" };
    const refused = await run.boto3Call(boto3, "iam", "ChangePassword", wrong, { credentials: zoe });
    expect(errorOf(refused)).toMatchObject({ code: "AccessDenied", status: 403 });
    const { record } = await run.recordOf(refused.requestId);
    expect(record.requestParameters).toBeNull();
  });

  test("GetAccountPasswordPolicy says that there is none", async () => {
    const error = errorOf(await run.boto3Call(boto3, "iam", "GetAccountPasswordPolicy", {}));
    expect(error).toMatchObject({ code: "NoSuchEntity", status: 404, thrownAs: "NoSuchEntityException" });
  });

  test.each([
    ["GetUser", { UserName: "Nobody" }, "NoSuchEntity", 404, /^The user with name Nobody cannot be found\.$/],
    ["CreateUser", { UserName: "ZOE" }, "EntityAlreadyExists", 409, /^User with name zoe already exists\.$/i],
    ["DeleteUser", { UserName: "Zoe" }, "DeleteConflict", 409, /^Cannot delete entity, must .+ first\.$/],
    ["CreatePolicy", { PolicyName: "bad", PolicyDocument: "{" }, "MalformedPolicyDocument", 400, /./],
    ["AttachUserPolicy", { UserName: "Zoe", PolicyArn: `${ADMIN}X` }, "NoSuchEntity", 404, /does not exist/],
  ])("%s of %j is refused with %s", async (operation, parameters, code, status, message) => {
    const answer = await run.boto3Call(boto3, "iam", operation, parameters);
    expect(errorOf(answer)).toMatchObject({ code, status, thrownAs: `${code}Exception` });
    const asked = errorOf(answer).message;
    expect(asked).toMatch(message);
    const { record } = await run.recordOf(answer.requestId);
    expect(record).toMatchObject({ errorCode: code, errorMessage: asked, responseElements: null });
  });

  test("every other operation of IAM is refused by name", async () => {
    const covered = new Set([...STEPS.map(([operation]) => operation), ...ELSEWHERE]);
    const all = await boto3.operations("iam");
    const others = all.filter((operation) => !covered.has(operation));
    expect(covered.size + others.length, "operations that botocore knows").toBe(all.length);
    expect(covered.size).toBeGreaterThanOrEqual(80);
    const answers: unknown[] = [];
    for (const operation of others) {
      const { error } = await run.boto3Call(boto3, "iam", operation, "minimal");
      answers.push([operation, error?.code, error?.message]);
    }
    expect(answers).toEqual(
      others.map((operation) => [
        operation,
        "UnsupportedOperationException",
        `iam ${operation} is not supported by OpenTrail`,
      ]),
    );
  });

  describe("paginators", () => {
    const USERS = 260;
    const names = Array.from({ length: USERS }, (_, index) => `guest-${String(index).padStart(3, "0")}`);

    beforeAll(async () => {
      for (const name of names) {
        await ok("CreateUser", { UserName: name, Path: "/guests/" });
        if (Number(name.slice(-3)) % 20 === 0) {
          await ok("CreateGroup", { GroupName: name, Path: "/guests/" });
          await ok("CreateRole", { RoleName: name, Path: "/guests/", AssumeRolePolicyDocument: trust });
          await ok("CreatePolicy", { PolicyName: name, Path: "/guests/", PolicyDocument: document });
          await ok("PutUserPolicy", { UserName: "Zoe", PolicyName: name, PolicyDocument: document });
          await ok("TagUser", { UserName: "Zoe", Tags: [{ Key: name, Value: name }] });
        }
      }
    });

    const every20th = names.filter((_, index) => index % 20 === 0);

    test.each([
      ["ListUsers", { PathPrefix: "/guests/" }, 7, "Users", "UserName", names],
      ["ListGroups", { PathPrefix: "/guests/" }, 3, "Groups", "GroupName", every20th],
      ["ListRoles", { PathPrefix: "/guests/" }, 3, "Roles", "RoleName", every20th],
      ["ListPolicies", { PathPrefix: "/guests/" }, 3, "Policies", "PolicyName", every20th],
      ["ListUserPolicies", { UserName: "Zoe" }, 4, "PolicyNames", undefined, every20th],
      ["ListUserTags", { UserName: "Zoe" }, 4, "Tags", "Key", every20th],
    ])(
      "%s of %j in pages of %i finds everything once",
      async (operation, parameters, pageSize, member, name, expected) => {
        const { pages = [] } = await run.boto3Call(boto3, "iam", operation, parameters, { pageSize });
        expect(pages).toHaveLength(Math.ceil(expected.length / pageSize));
        const found = pages.flatMap((page) =>
          list(page, member).map((item) => (name === undefined ? item : at(item, name))),
        );
        expect(found).toEqual(expected);
      },
    );

    test("GetAccountAuthorizationDetails in pages of 50 finds every user, group and role once", async () => {
      const operation = "GetAccountAuthorizationDetails";
      const { pages = [] } = await run.boto3Call(boto3, "iam", operation, {}, { pageSize: 50 });
      const found = (member: string, name: string): readonly unknown[] =>
        pages.flatMap((page) => list(page, member).map((item) => at(item, name)));
      expect(found("UserDetailList", "UserName")).toEqual([...names, "Zoe"]);
      expect(found("GroupDetailList", "GroupName")).toEqual(every20th);
      expect(found("RoleDetailList", "RoleName")).toEqual(every20th);
    });

    test("a marker of another list is refused", async () => {
      const page = await ok("ListUsers", { MaxItems: 1 });
      const answer = await run.boto3Call(boto3, "iam", "ListGroups", { Marker: page["Marker"] });
      expect(errorOf(answer)).toMatchObject({ code: "ValidationError", status: 400 });
    });
  });

  test("GetAccessKeyLastUsed tells the last use of a key", async () => {
    const key = credentialsIn(await ok("CreateAccessKey", { UserName: "Zoe" }), "AccessKey");
    await ok("ListUsers", { MaxItems: 1 }, key);
    const used = await within(LAST_USED_MS, async () => {
      const answer = await ok("GetAccessKeyLastUsed", { AccessKeyId: key.accessKeyId });
      return at(answer, "AccessKeyLastUsed", "ServiceName") === "N/A" ? undefined : answer;
    });
    expect(used).toMatchObject({
      UserName: "Zoe",
      AccessKeyLastUsed: { ServiceName: "iam", Region: "us-east-1", LastUsedDate: TIME },
    });
  });

  test("every call is in the log, keeps the rules, and shows no secret", async () => {
    expect(await checkWholeJournal(run)).toBeGreaterThan(500);
  });

  test("the records show the parameters as CloudTrail spells them", async () => {
    const records = (await run.records()).map(({ record }) => record);
    const of = (name: string): unknown => records.findLast(({ eventName }) => eventName === name);
    expect(of("CreatePolicy")).toMatchObject({
      requestParameters: { policyName: "Hire", path: "/shop/", policyDocument: document, description: "hires" },
      responseElements: { policy: { arn: HIRE, defaultVersionId: "v1", attachmentCount: 0, isAttachable: true } },
    });
    expect(of("CreateLoginProfile")).toMatchObject({
      requestParameters: { userName: "Anna", passwordResetRequired: false },
      responseElements: { loginProfile: { userName: "Anna", passwordResetRequired: false } },
    });
    expect(of("CreateAccessKey")).toMatchObject({
      requestParameters: { userName: "Anna" },
      responseElements: { accessKey: { userName: "Anna", accessKeyId: seen.keyId, status: "Active" } },
    });
    expect(of("TagUser")).toMatchObject({
      requestParameters: { userName: "Anna", tags: [{ key: "shift", value: "" }] },
      responseElements: null,
    });
  });
});

/** This SDK leaves policy documents as they came: percent-encoded. */
function decodeDocuments(value: unknown): unknown {
  if (typeof value === "string") return value.startsWith("%7B") ? JSON.parse(decodeURIComponent(value)) : value;
  if (Array.isArray(value)) return value.map(decodeDocuments);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([member, inner]) => [member, decodeDocuments(inner)]));
}
