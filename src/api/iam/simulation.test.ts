import { describe, expect, test } from "vitest";
import { ACCOUNT, type Iam, openIam, refusal, TRUST } from "../../../test/open-iam.ts";

const arn = (resource: string) => `arn:aws:iam::${ACCOUNT}:${resource}`;
const statement = (effect: string, action: string, more: object = {}) =>
  JSON.stringify({ Version: "2012-10-17", Statement: { Effect: effect, Action: action, Resource: "*", ...more } });
const MARY = arn("user/team/Mary");
const FENCE = arn("policy/Fence");

/** Mary may get by her own policy and put by her group's; her boundary allows to get only. */
async function world(): Promise<Iam> {
  const iam = await openIam();
  await iam.call("CreatePolicy", { PolicyName: "Fence", PolicyDocument: statement("Allow", "s3:Get*") });
  await iam.call("CreateUser", { UserName: "Mary", Path: "/team/", Tags: [{ Key: "Team", Value: "Audit" }] });
  await iam.call("PutUserPermissionsBoundary", { UserName: "Mary", PermissionsBoundary: FENCE });
  await iam.call("CreateGroup", { GroupName: "Auditors" });
  await iam.call("AddUserToGroup", { UserName: "Mary", GroupName: "Auditors" });
  await iam.call("PutUserPolicy", {
    UserName: "Mary",
    PolicyName: "own",
    PolicyDocument: statement("Allow", "s3:Get*"),
  });
  await iam.call("PutGroupPolicy", {
    GroupName: "Auditors",
    PolicyName: "all",
    PolicyDocument: statement("Allow", "s3:Put*"),
  });
  await iam.call("AttachGroupPolicy", {
    GroupName: "Auditors",
    PolicyArn: "arn:aws:iam::aws:policy/IAMReadOnlyAccess",
  });
  await iam.call("CreateRole", { RoleName: "Reader", AssumeRolePolicyDocument: TRUST });
  return iam;
}

async function decisions(iam: Iam, input: object): Promise<readonly string[]> {
  const base = { PolicySourceArn: MARY, ActionNames: ["s3:GetObject", "s3:PutObject", "iam:ListUsers"] };
  const { EvaluationResults } = await iam.call("SimulatePrincipalPolicy", { ...base, ...input });
  return (EvaluationResults ?? []).map((result) => result.EvalDecision);
}

describe("SimulatePrincipalPolicy", () => {
  test.each<readonly [what: string, input: object, decisions: readonly string[]]>([
    ["a user with groups and a boundary", {}, ["allowed", "implicitDeny", "implicitDeny"]],
    ["a group", { PolicySourceArn: arn("group/Auditors") }, ["implicitDeny", "allowed", "allowed"]],
    [
      "a role without policies",
      { PolicySourceArn: arn("role/Reader") },
      ["implicitDeny", "implicitDeny", "implicitDeny"],
    ],
    [
      "another boundary",
      { PermissionsBoundaryPolicyInputList: [statement("Allow", "*")] },
      ["allowed", "allowed", "allowed"],
    ],
    [
      "no boundary",
      { PolicyExclusionList: [{ PolicyType: "permission-boundary", PolicyArn: FENCE }] },
      ["allowed", "allowed", "allowed"],
    ],
    [
      "an inline policy left out",
      {
        PolicyExclusionList: [
          { InlinePolicyIdentifier: { PolicyName: "own", AttachmentType: "USER", AttachmentName: "Mary" } },
        ],
      },
      ["implicitDeny", "implicitDeny", "implicitDeny"],
    ],
    [
      "a denial added",
      { PolicyInputList: [statement("Deny", "s3:*")] },
      ["explicitDeny", "explicitDeny", "implicitDeny"],
    ],
    [
      "a tag of the user",
      {
        PolicyInputList: [
          statement("Deny", "s3:Get*", { Condition: { StringEquals: { "aws:PrincipalTag/team": "Audit" } } }),
        ],
      },
      ["explicitDeny", "implicitDeny", "implicitDeny"],
    ],
  ])("SimulatePrincipalPolicy with %s", async (_, input, expected) => {
    expect(await decisions(await world(), input)).toEqual(expected);
  });

  test("SimulatePrincipalPolicy names the policies that decided, their places and the missing keys", async () => {
    const iam = await world();
    const { EvaluationResults } = await iam.call("SimulatePrincipalPolicy", {
      PolicySourceArn: MARY,
      ActionNames: ["s3:GetObject"],
      PolicyInputList: [statement("Deny", "s3:Get*", { Condition: { Bool: { "aws:SecureTransport": "false" } } })],
    });
    expect(EvaluationResults).toMatchObject([
      {
        EvalDecision: "allowed",
        MatchedStatements: [
          { SourcePolicyId: "user_Mary_own", SourcePolicyType: "IAM Policy", StartPosition: { Line: 1 } },
          { SourcePolicyId: "Fence" },
        ],
        MissingContextValues: ["aws:SecureTransport"],
        PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: true },
      },
    ]);
    const context = [{ ContextKeyName: "AWS:SecureTransport", ContextKeyValues: ["false"], ContextKeyType: "boolean" }];
    const denied = await iam.call("SimulatePrincipalPolicy", {
      PolicySourceArn: MARY,
      ActionNames: ["s3:GetObject"],
      ContextEntries: context,
      PolicyInputList: [statement("Deny", "s3:Get*", { Condition: { Bool: { "aws:SecureTransport": "false" } } })],
    });
    expect(denied.EvaluationResults).toMatchObject([
      {
        EvalDecision: "explicitDeny",
        MatchedStatements: [{ SourcePolicyId: "PolicyInputList.1" }],
        MissingContextValues: [],
      },
    ]);
  });

  test.each([
    ["no user, group or role", { PolicySourceArn: arn("policy/Fence") }, `400 InvalidInput: ${FENCE} is not the ARN`],
    ["a user that is not there", { PolicySourceArn: arn("user/Mary") }, `404 NoSuchEntity: ${arn("user/Mary")} cannot`],
    ["another account's user", { PolicySourceArn: "arn:aws:iam::999999999999:user/team/Mary" }, "404 NoSuchEntity"],
    ["a policy that does not parse", { PolicyInputList: ["{"] }, "400 InvalidInput: PolicyInputList.1: "],
    [
      "two boundaries",
      { PermissionsBoundaryPolicyInputList: [statement("Allow", "*"), statement("Allow", "*")] },
      "400 InvalidInput: Only one",
    ],
    ["a caller that is no user", { CallerArn: arn("role/Reader") }, "400 InvalidInput: CallerArn"],
  ])("SimulatePrincipalPolicy refuses %s", async (_, input, told) => {
    expect(await refusal(decisions(await world(), input))).toContain(told);
  });
});

describe("SimulateCustomPolicy", () => {
  test("SimulateCustomPolicy asks every action of every resource, in pages", async () => {
    const iam = await openIam();
    const input = {
      PolicyInputList: [statement("Allow", "s3:Get*", { Resource: "arn:aws:s3:::a/*" })],
      ActionNames: ["s3:GetObject", "s3:PutObject"],
      ResourceArns: ["arn:aws:s3:::a/x", "arn:aws:s3:::b/x"],
      MaxItems: 3,
    };
    const first = await iam.call("SimulateCustomPolicy", input);
    const second = await iam.call("SimulateCustomPolicy", { ...input, Marker: first.Marker });
    const all = [...(first.EvaluationResults ?? []), ...(second.EvaluationResults ?? [])];
    expect(all.map((each) => [each.EvalActionName, each.EvalResourceName, each.EvalDecision])).toEqual([
      ["s3:GetObject", "arn:aws:s3:::a/x", "allowed"],
      ["s3:GetObject", "arn:aws:s3:::b/x", "implicitDeny"],
      ["s3:PutObject", "arn:aws:s3:::a/x", "implicitDeny"],
      ["s3:PutObject", "arn:aws:s3:::b/x", "implicitDeny"],
    ]);
    expect([first.IsTruncated, second.IsTruncated]).toEqual([true, false]);
    const other = { ...input, ActionNames: ["s3:*"], Marker: first.Marker };
    expect(await refusal(iam.call("SimulateCustomPolicy", other))).toBe("400 ValidationError: Invalid Marker.");
  });

  test.each([
    ["allows on its own", ACCOUNT, "allowed"],
    ["is not enough in another account", "999999999999", "implicitDeny"],
  ])("SimulateCustomPolicy: a resource's policy that names the caller %s", async (_, owner, decision) => {
    const iam = await openIam();
    const { EvaluationResults } = await iam.call("SimulateCustomPolicy", {
      PolicyInputList: [statement("Allow", "sns:Publish")],
      ActionNames: ["s3:GetObject"],
      ResourceArns: ["arn:aws:s3:::a/x"],
      CallerArn: arn("user/Mary"),
      ResourceOwner: owner,
      ResourcePolicy: statement("Allow", "s3:GetObject", { Principal: { AWS: arn("user/Mary") } }),
    });
    expect(EvaluationResults?.map((each) => each.EvalDecision)).toEqual([decision]);
  });

  test("SimulateCustomPolicy knows the name of a calling user", async () => {
    const iam = await openIam();
    const decide = async (CallerArn: string) => {
      const { EvaluationResults } = await iam.call("SimulateCustomPolicy", {
        PolicyInputList: [statement("Allow", "iam:*", { Resource: `${arn("user/")}\${aws:username}` })],
        ActionNames: ["iam:ChangePassword"],
        ResourceArns: [arn("user/Mary")],
        CallerArn,
      });
      return EvaluationResults?.[0]?.EvalDecision;
    };
    expect(await decide(arn("user/team/Mary"))).toBe("allowed");
    expect(await decide(arn("user/Bob"))).toBe("implicitDeny");
    expect(await refusal(decide(arn("policy/Bob")))).toContain("400 InvalidInput");
  });

  test("SimulateCustomPolicy refuses policies of an organization", async () => {
    const iam = await openIam();
    const answer = iam.call("SimulateCustomPolicy", {
      PolicyInputList: [],
      ActionNames: ["s3:GetObject"],
      OrderedOrganizationPolicyInputList: [{}],
    });
    expect(await refusal(answer)).toContain("400 InvalidInput: Policies of an organization");
  });
});

describe("GetContextKeysForPrincipalPolicy", () => {
  test("GetContextKeysForPrincipalPolicy collects the keys of the user, its groups and the input", async () => {
    const iam = await world();
    const condition = (key: string) => statement("Allow", "s3:*", { Condition: { StringEquals: { [key]: "x" } } });
    await iam.call("PutGroupPolicy", {
      GroupName: "Auditors",
      PolicyName: "k",
      PolicyDocument: condition("aws:SourceVpc"),
    });
    const { ContextKeyNames } = await iam.call("GetContextKeysForPrincipalPolicy", {
      PolicySourceArn: MARY,
      PolicyInputList: [condition("AWS:SOURCEVPC"), condition("s3:prefix")],
    });
    expect(ContextKeyNames).toEqual(["aws:SourceVpc", "s3:prefix"]);
  });
});
