import { describe, expect, test } from "vitest";
import { identityOfArn, inOrder, roleIssuer } from "./identity-of-arn.ts";
import { ACCOUNT, ROLE_ARN, SESSION_ARN } from "./testing.ts";

describe("identityOfArn()", () => {
  test.each([
    [`arn:aws:iam::${ACCOUNT}:root`, { type: "Root", principalId: ACCOUNT, accountId: ACCOUNT }],
    [`arn:aws:iam::${ACCOUNT}:user/Mary`, { type: "IAMUser", accountId: ACCOUNT, userName: "Mary" }],
    [`arn:aws-cn:iam::${ACCOUNT}:user/a/b/Mary`, { type: "IAMUser", accountId: ACCOUNT, userName: "Mary" }],
    ["arn:aws:iam:::user/Mary", { type: "IAMUser", userName: "Mary" }],
    [
      `arn:aws:sts::${ACCOUNT}:federated-user/Mary`,
      { type: "FederatedUser", principalId: `${ACCOUNT}:Mary`, accountId: ACCOUNT },
    ],
  ])("says of %s no more than it says", (arn, expected) => {
    expect(identityOfArn(arn)).toEqual({ ...expected, arn });
  });

  test("knows the role of a session by name", () => {
    expect(identityOfArn(SESSION_ARN, { accessKeyId: "ASIA", principalId: "AROABARISTA:morning" })).toEqual({
      type: "AssumedRole",
      principalId: "AROABARISTA:morning",
      arn: SESSION_ARN,
      accountId: ACCOUNT,
      accessKeyId: "ASIA",
      sessionContext: {
        sessionIssuer: { type: "Role", principalId: "AROABARISTA", accountId: ACCOUNT, userName: "Barista" },
        webIdFederationData: {},
      },
    });
  });

  test.each([
    "",
    "Mary",
    "arn:aws:iam::123456789012:role/Barista",
    "arn:aws:iam::123456789012:user/",
    "arn:aws:iam::123456789012:user",
    "arn:aws:iam::123456789012:root/x",
    "arn:aws:iam::123456789012:assumed-role/Barista/morning",
    "arn:aws:sts::123456789012:assumed-role/Barista",
    "arn:aws:sts::123456789012:assumed-role//morning",
    "arn:aws:sts::123456789012:user/moto",
    "arn:aws:s3:::user/Mary",
    "arn:aws:iam::123456789012:__proto__/x",
  ])("knows nobody called %j", (arn) => {
    expect(identityOfArn(arn)).toBeUndefined();
  });
});

describe("roleIssuer()", () => {
  test("takes the ARN that was asked for, with its path, when it names the same role", () => {
    expect(roleIssuer(SESSION_ARN, "AROABARISTA:morning", ROLE_ARN)).toEqual({
      type: "Role",
      principalId: "AROABARISTA",
      arn: ROLE_ARN,
      accountId: ACCOUNT,
      userName: "Barista",
    });
  });

  test.each([
    `arn:aws:iam::${ACCOUNT}:role/Admin`,
    "arn:aws:iam::999999999999:role/Barista",
    `arn:aws:iam::${ACCOUNT}:user/Barista`,
    "arn:xxx:xxx:xxx:xxxx",
    "Barista",
  ])("takes no %s for it", (asked) => {
    expect(roleIssuer(SESSION_ARN, undefined, asked)).toEqual({
      type: "Role",
      accountId: ACCOUNT,
      userName: "Barista",
    });
  });
});

describe("inOrder()", () => {
  test("has the members in the order of production records", () => {
    const given = { sessionContext: {}, userName: "u", accessKeyId: "k", accountId: "a", arn: "n", type: "t" };
    const ordered = ["type", "arn", "accountId", "accessKeyId", "userName", "sessionContext"];
    expect(Object.keys(inOrder(given))).toEqual(ordered);
  });
});
