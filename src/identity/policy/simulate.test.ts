import { describe, expect, test } from "vitest";
import { contextKeysOf, type NamedPolicy, type PolicyRequest, parsePolicy, simulate } from "./index.ts";

const ACCOUNT = "111122223333";
const principal = {
  kind: "user",
  account: ACCOUNT,
  arn: `arn:aws:iam::${ACCOUNT}:user/J`,
  principalId: "AIDAJ",
} as const;

const text = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Get", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
    {
      "Sid": "Own", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/\${aws:username}/*"
    },
    {"Sid": "Safe", "Effect": "Deny", "Action": "s3:Delete*", "Resource": "*",
     "Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringNotLike": {"AWS:UserAgent": "\${aws:username}*"}}}
  ]
}`;
const own: NamedPolicy = { name: "own", policy: parsePolicy(text, "identity") };

function request(action: string, context: Record<string, string> = {}): PolicyRequest {
  const entries = Object.entries(context).map(([key, value]) => [key, [value]] as const);
  return { principal, action, resource: "arn:aws:s3:::home/J/x", context: new Map(entries) };
}

describe("simulate()", () => {
  test("simulate() names every statement that allows, with its place in the text", () => {
    const result = simulate(request("s3:GetObject", { "aws:username": "J" }), { identity: [own] });
    expect(result).toMatchObject({ outcome: "allowed", decision: { allowed: true } });
    expect(result.matched).toEqual([
      {
        layer: "identity",
        policy: "own",
        sid: "Get",
        effect: "Allow",
        start: { line: 4, column: 5 },
        end: { line: 4, column: 76 },
      },
      {
        layer: "identity",
        policy: "own",
        sid: "Own",
        effect: "Allow",
        start: { line: 5, column: 5 },
        end: { line: 7, column: 6 },
      },
    ]);
  });

  test("simulate() names only the statements that deny when one does", () => {
    const context = { "aws:username": "J", "aws:securetransport": "false", "aws:useragent": "curl" };
    const result = simulate(request("s3:DeleteObject", context), { identity: [own] });
    expect(result.outcome).toBe("explicitDeny");
    expect(result.matched.map(({ sid }) => sid)).toEqual(["Safe"]);
    expect(result.missingContextKeys).toEqual([]);
  });

  test("simulate() names nothing when nothing allows, and the keys that might have helped", () => {
    const result = simulate(request("s3:PutObject"), { identity: [own] });
    expect(result).toMatchObject({ outcome: "implicitDeny", matched: [] });
    expect(result.missingContextKeys).toEqual(["AWS:UserAgent", "aws:SecureTransport", "aws:username"]);
  });

  test.each([
    ["allows", '{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}', "allowed", true],
    ["is silent", '{"Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}', "implicitDeny", false],
    ["denies", '{"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}', "explicitDeny", false],
  ])("simulate() tells when the boundary %s", (_, statement, outcome, allowedByBoundary) => {
    const boundary = { name: "fence", policy: parsePolicy(`{"Statement": ${statement}}`, "identity") };
    expect(simulate(request("s3:GetObject"), { identity: [own], boundary })).toMatchObject({
      outcome,
      allowedByBoundary,
    });
  });
});

describe("contextKeysOf()", () => {
  test("contextKeysOf() finds keys and variables once, as they are first spelled", () => {
    expect(contextKeysOf(own.policy)).toEqual(["AWS:UserAgent", "aws:SecureTransport", "aws:username"]);
  });
});
