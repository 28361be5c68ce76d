import { describe, expect, test } from "vitest";
import { type Caller, type CallerSession, callerContext, type Decision, denialMessage } from "./index.ts";

const ACCOUNT = "123456789012";
const NOW = Date.UTC(2026, 10, 20, 9, 30, 0, 700);
const CALL = { now: NOW, sourceIp: "203.0.113.7", region: "eu-west-1", secure: true };

const john: Caller = {
  kind: "user",
  account: ACCOUNT,
  arn: `arn:aws:iam::${ACCOUNT}:user/John`,
  principalId: "AIDAJOHN",
  userName: "John",
  accessKeyId: "AKIAJOHN",
};
const session: CallerSession = {
  createdAt: NOW - 90_500,
  expiresAt: NOW + 3_600_000,
  mfaAuthenticated: false,
  tags: { Team: "red" },
  transitiveTagKeys: [],
  policyArns: [],
};
const root: Caller = {
  ...john,
  kind: "root",
  arn: `arn:aws:iam::${ACCOUNT}:root`,
  principalId: ACCOUNT,
  userName: "shop",
};
const roleArn = `arn:aws:iam::${ACCOUNT}:role/Auditor`;
const auditor: Caller = {
  kind: "role",
  account: ACCOUNT,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Auditor/mary`,
  principalId: "AROAAUDITOR:mary",
  accessKeyId: "ASIAAUDITOR",
  session: { ...session, issuer: { type: "Role", principalId: "AROAAUDITOR", arn: roleArn, account: ACCOUNT } },
};
const guest: Caller = {
  ...auditor,
  kind: "federated",
  arn: `arn:aws:sts::${ACCOUNT}:federated-user/g`,
  principalId: `${ACCOUNT}:g`,
  session,
};

describe("callerContext()", () => {
  test("callerContext() tells everything about a call with a user's own key", () => {
    expect(Object.fromEntries(callerContext(john, { ...CALL, userAgent: "aws-cli/2" }))).toEqual({
      "aws:currenttime": ["2026-11-20T09:30:00Z"],
      "aws:epochtime": ["1795167000"],
      "aws:principalaccount": [ACCOUNT],
      "aws:principalarn": [john.arn],
      "aws:principalisawsservice": ["false"],
      "aws:principaltype": ["User"],
      "aws:requestedregion": ["eu-west-1"],
      "aws:securetransport": ["true"],
      "aws:sourceip": ["203.0.113.7"],
      "aws:useragent": ["aws-cli/2"],
      "aws:userid": ["AIDAJOHN"],
      "aws:username": ["John"],
      "aws:viaawsservice": ["false"],
    });
  });

  test.each<[string, Caller, string, readonly string[] | undefined]>([
    ["root has no user name", root, "aws:username", undefined],
    ["root is the account", root, "aws:principaltype", ["Account"]],
    ["root's id is the account", root, "aws:userid", [ACCOUNT]],
    ["a session has no user name", auditor, "aws:username", undefined],
    ["a session is the role", auditor, "aws:principalarn", [roleArn]],
    ["a session is an assumed role", auditor, "aws:principaltype", ["AssumedRole"]],
    ["a session has role and session name as id", auditor, "aws:userid", ["AROAAUDITOR:mary"]],
    ["a session has tags", auditor, "aws:principaltag/team", ["red"]],
    ["a federated user is itself", guest, "aws:principalarn", [guest.arn]],
    ["a federated user says so", guest, "aws:principaltype", ["FederatedUser"]],
    ["a key of its own has no MFA", john, "aws:multifactorauthpresent", undefined],
    ["a session without MFA", auditor, "aws:multifactorauthpresent", ["false"]],
    ["a session without MFA has no age", auditor, "aws:multifactorauthage", undefined],
    [
      "a session with MFA",
      { ...john, session: { ...session, mfaAuthenticated: true } },
      "aws:multifactorauthpresent",
      ["true"],
    ],
    ["the age of MFA", { ...john, session: { ...session, mfaAuthenticated: true } }, "aws:multifactorauthage", ["90"]],
    ["a user's session has the user's name", { ...john, session }, "aws:username", ["John"]],
    ["when a token was issued", auditor, "aws:tokenissuetime", ["2026-11-20T09:28:30Z"]],
    ["a key of its own has no token", john, "aws:tokenissuetime", undefined],
    [
      "a source identity",
      { ...auditor, session: { ...session, sourceIdentity: "Mary" } },
      "aws:sourceidentity",
      ["Mary"],
    ],
    ["no source identity", auditor, "aws:sourceidentity", undefined],
    ["no user agent", john, "aws:useragent", undefined],
  ])("callerContext(): %s", (_, caller, key, values) => {
    expect(callerContext(caller, CALL).get(key)).toEqual(values);
  });
});

describe("denialMessage()", () => {
  const TRAIL = "arn:aws:cloudtrail:us-east-1:123456789012:trail/main";
  test.each<[Omit<Decision, "allowed">, string]>([
    [{ because: "no-identity-policy" }, "because no identity-based policy allows the cloudtrail:GetTrail action"],
    [{ because: "boundary" }, "because no permissions boundary allows the cloudtrail:GetTrail action"],
    [{ because: "session-policy" }, "because no session policy allows the cloudtrail:GetTrail action"],
    [{ because: "resource-policy" }, "because no resource-based policy allows the cloudtrail:GetTrail action"],
    [{ because: "trust-policy" }, "because no role trust policy allows the cloudtrail:GetTrail action"],
    [{ because: "explicit-deny", layer: "identity" }, "with an explicit deny in an identity-based policy"],
    [{ because: "explicit-deny", layer: "boundary" }, "with an explicit deny in a permissions boundary"],
    [{ because: "explicit-deny", layer: "session" }, "with an explicit deny in a session policy"],
    [{ because: "explicit-deny", layer: "resource" }, "with an explicit deny in a resource-based policy"],
    [{ because: "explicit-deny", layer: "trust" }, "with an explicit deny in the role trust policy"],
    [
      { because: "unreadable-policy", policy: "inline P of user John" },
      "because the policy inline P of user John cannot be read",
    ],
  ])("denialMessage() of %j", (decision, ending) => {
    expect(denialMessage(john, "cloudtrail:GetTrail", TRAIL, { allowed: false, ...decision })).toBe(
      `User: ${john.arn} is not authorized to perform: cloudtrail:GetTrail on resource: ${TRAIL} ${ending}`,
    );
  });

  test("denialMessage() leaves the resource out when the action has none", () => {
    const decision = { allowed: false, because: "no-identity-policy" } as const;
    expect(denialMessage(auditor, "cloudtrail:LookupEvents", "*", decision)).toBe(
      `User: ${auditor.arn} is not authorized to perform: cloudtrail:LookupEvents because no identity-based policy allows the cloudtrail:LookupEvents action`,
    );
  });
});
