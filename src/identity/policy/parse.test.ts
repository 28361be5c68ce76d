import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Refusal } from "../../core/index.ts";
import { type PolicyKind, parsePolicy } from "./index.ts";

const ROLE = "arn:aws:iam::111122223333:role/R";
const identity = { Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
const trust = { Effect: "Allow", Principal: { AWS: ROLE }, Action: "sts:AssumeRole" };
const resource = { ...identity, Principal: "*" };

function refusal(text: string, kind: PolicyKind): unknown {
  try {
    return parsePolicy(text, kind);
  } catch (thrown) {
    return thrown;
  }
}

function document(statement: unknown): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statement });
}

describe("parsePolicy()", () => {
  test.each<[string, PolicyKind, string]>([
    ["one statement", "identity", document(identity)],
    ["a list of statements", "identity", document([identity, { ...identity, Effect: "Deny" }])],
    ["no Version", "identity", JSON.stringify({ Statement: identity })],
    ["the old Version", "identity", JSON.stringify({ Version: "2008-10-17", Id: "x", Statement: identity })],
    [
      "space all around",
      "identity",
      ` \n\t${JSON.stringify({ Version: "2012-10-17", Statement: identity }, null, 4)}\r\n`,
    ],
    ["a Sid", "identity", document({ ...identity, Sid: "Read1" })],
    [
      "an empty Sid twice",
      "identity",
      document([
        { ...identity, Sid: "" },
        { ...identity, Sid: "" },
      ]),
    ],
    ["a Sid with spaces on a bucket", "resource", document({ ...resource, Sid: "Read it, all" })],
    ["lists", "identity", document({ ...identity, Action: ["s3:*", "*"], Resource: ["*", "arn:aws:s3:::b/*"] })],
    ["wild partitions", "identity", document({ ...identity, Resource: "arn:*:iam::*:role/x" })],
    ["other partitions", "identity", document({ ...identity, Resource: "arn:aws-us-gov:s3:::b" })],
    ["variables with colons", "identity", document({ ...identity, Resource: "arn:aws:s3:::b/${aws:username}" })],
    ["NotAction and NotResource", "identity", document({ Effect: "Deny", NotAction: "iam:*", NotResource: "*" })],
    [
      "conditions of all types of values",
      "identity",
      document({ ...identity, Condition: { StringEquals: { "a:b": [1, true, "x"] } } }),
    ],
    ["a trust in a role", "trust", document(trust)],
    [
      "a trust in an account",
      "trust",
      document({ ...trust, Principal: { AWS: ["111122223333", "arn:aws:iam::111122223333:root"] } }),
    ],
    ["a trust in a service", "trust", document({ ...trust, Principal: { Service: "ec2.amazonaws.com" } })],
    [
      "a trust in a session",
      "trust",
      document({ ...trust, Principal: { AWS: "arn:aws:sts::111122223333:assumed-role/R/s@x" } }),
    ],
    ["a trust in everybody", "trust", document({ ...trust, Principal: "*" })],
    ["tagging beside assuming", "trust", document({ ...trust, Action: ["sts:AssumeRole", "sts:TagSession"] })],
    [
      "NotPrincipal to deny on a bucket",
      "resource",
      document({ Effect: "Deny", NotPrincipal: { AWS: ROLE }, Action: "s3:*", Resource: "*" }),
    ],
    [
      "a resource policy without Resource",
      "resource",
      document({ Effect: "Allow", Principal: "*", Action: "sns:Publish" }),
    ],
  ])("parsePolicy() accepts %s", (_, kind, text) => {
    expect(parsePolicy(text, kind)).toMatchObject({ kind, text });
  });

  test.each<[string, PolicyKind, string, string]>([
    ["an empty text", "identity", "", "Syntax errors in policy. (not JSON at character 1)"],
    ["no JSON", "identity", "allow everything", "Syntax errors in policy."],
    ["half a JSON", "identity", '{"Version": "2012-10-17"', "Syntax errors in policy."],
    ["text after the end", "identity", `${document(identity)};`, "text after the end"],
    ["a comma too many", "identity", '{"Statement": [],}', "a key was expected"],
    ["a list", "identity", "[]", "the policy is not an object"],
    [
      "a key twice",
      "identity",
      '{"Statement": {"Effect": "Deny", "Effect": "Allow"}}',
      'duplicate key "Effect" at character 34',
    ],
    [
      "a key twice, spelled with an escape",
      "identity",
      '{"Statement": 1, "St\\u0061tement": 2}',
      'duplicate key "Statement"',
    ],
    ["nesting without end", "identity", "[".repeat(100_000), "nested too deep"],
    ["another Version", "identity", JSON.stringify({ Version: "2020-01-01", Statement: identity }), "unknown Version"],
    [
      "an unknown element",
      "identity",
      JSON.stringify({ Statements: [], Statement: identity }),
      "Unknown field Statements (the policy)",
    ],
    [
      "an unknown element in a statement",
      "identity",
      document([identity, { ...identity, Actions: "*" }]),
      "Unknown field Actions (Statement[1])",
    ],
    [
      "__proto__",
      "identity",
      '{"Statement": {"__proto__": {}, "Effect": "Allow"}}',
      "Unknown field __proto__ (Statement)",
    ],
    ["no Statement", "identity", "{}", "Syntax errors in policy. (Statement)"],
    ["no statements", "identity", document([]), "Syntax errors in policy. (Statement)"],
    ["a statement that is a text", "identity", document(["x"]), "Syntax errors in policy. (Statement[0])"],
    ["an Effect in small letters", "identity", document({ ...identity, Effect: "allow" }), "(Statement.Effect)"],
    ["no Effect", "identity", document({ Action: "*", Resource: "*" }), "(Statement.Effect)"],
    [
      "a Sid with spaces",
      "identity",
      document({ ...identity, Sid: "a b" }),
      "Statement IDs (SID) must be alpha-numeric.",
    ],
    [
      "a Sid twice",
      "identity",
      document([
        { ...identity, Sid: "a" },
        { ...identity, Sid: "a" },
      ]),
      "Statement IDs (SID) in a single policy must be unique. (a)",
    ],
    [
      "no Action",
      "identity",
      document({ Effect: "Allow", Resource: "*" }),
      "Policy statement must contain actions. (Statement)",
    ],
    [
      "an empty list of actions",
      "identity",
      document({ ...identity, Action: [] }),
      "Policy statement must contain actions.",
    ],
    [
      "Action and NotAction",
      "identity",
      document({ ...identity, NotAction: "iam:*" }),
      "Statement: both Action and NotAction",
    ],
    [
      "an action without service",
      "identity",
      document({ ...identity, Action: "GetObject" }),
      "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (Statement.Action: GetObject)",
    ],
    [
      "an action with two colons",
      "identity",
      document({ ...identity, Action: "s3:Get:Object" }),
      "Actions/Condition can contain only one colon.",
    ],
    [
      "an action with a space",
      "identity",
      document({ ...identity, Action: "s3:Get Object" }),
      "(Statement.Action: s3:Get Object)",
    ],
    ["a strange service", "identity", document({ ...identity, Action: "s 3:GetObject" }), "Vendor s 3 is not valid"],
    ["an action that is a number", "identity", document({ ...identity, Action: 1 }), "(Statement.Action)"],
    [
      "no Resource",
      "identity",
      document({ Effect: "Allow", Action: "*" }),
      "Policy statement must contain resources. (Statement)",
    ],
    [
      "an empty list of resources",
      "identity",
      document({ ...identity, Resource: [] }),
      "Policy statement must contain resources.",
    ],
    [
      "Resource and NotResource",
      "identity",
      document({ ...identity, NotResource: "*" }),
      "both Resource and NotResource",
    ],
    [
      "a resource that is no ARN",
      "identity",
      document({ ...identity, Resource: "my-bucket" }),
      'Resource my-bucket must be in ARN format or "*". (Statement.Resource)',
    ],
    ["a short ARN", "identity", document({ ...identity, Resource: "arn:aws:s3:::" }), 'must be in ARN format or "*".'],
    [
      "a short ARN with a variable",
      "identity",
      document({ ...identity, Resource: "arn:aws:s3::${aws:username}" }),
      "must be in ARN format",
    ],
    [
      "an unknown partition",
      "identity",
      document({ ...identity, Resource: "arn:azure:s3:::b" }),
      'Partition "azure" is not valid for resource "arn:azure:s3:::b".',
    ],
    [
      "an IAM resource in a Region",
      "identity",
      document({ ...identity, Resource: "arn:aws:iam:us-east-1:1:user/x" }),
      "cannot contain region information.",
    ],
    [
      "an open variable",
      "identity",
      document({ ...identity, Resource: "arn:aws:s3:::${aws:username" }),
      "Syntax errors in policy.",
    ],
    [
      "a variable without service",
      "identity",
      document({ ...identity, Resource: "arn:aws:s3:::${username}" }),
      "Syntax errors in policy.",
    ],
    [
      "a variable with half a default",
      "identity",
      document({ ...identity, Resource: "arn:aws:s3:::${aws:username, 'x}" }),
      "Syntax errors in policy.",
    ],
    [
      "Principal in an identity policy",
      "identity",
      document(resource),
      "Policy document should not specify a principal.",
    ],
    [
      "an unknown operator",
      "identity",
      document({ ...identity, Condition: { StringIs: { "a:b": "c" } } }),
      "Invalid Condition type : StringIs. (Statement.Condition)",
    ],
    [
      "NullIfExists",
      "identity",
      document({ ...identity, Condition: { NullIfExists: { "a:b": "true" } } }),
      "Invalid Condition type : NullIfExists.",
    ],
    [
      "a condition without key",
      "identity",
      document({ ...identity, Condition: { StringEquals: "a" } }),
      "(Statement.Condition.StringEquals)",
    ],
    [
      "a condition key without service",
      "identity",
      document({ ...identity, Condition: { StringEquals: { team: "a" } } }),
      "must be prefaced by a vendor",
    ],
    [
      "a condition value that is an object",
      "identity",
      document({ ...identity, Condition: { StringEquals: { "a:b": {} } } }),
      "(Statement.Condition.StringEquals.a:b)",
    ],
    [
      "a condition value of null",
      "identity",
      document({ ...identity, Condition: { StringEquals: { "a:b": null } } }),
      "(Statement.Condition.StringEquals.a:b)",
    ],
    [
      "a number that is none",
      "identity",
      document({ ...identity, Condition: { NumericEquals: { "a:b": "ten" } } }),
      'NumericEquals.a:b: "ten"',
    ],
    [
      "a date that is none",
      "identity",
      document({ ...identity, Condition: { DateLessThan: { "a:b": "2026-02-30" } } }),
      '"2026-02-30"',
    ],
    [
      "an hour that is none",
      "identity",
      document({ ...identity, Condition: { DateLessThan: { "a:b": "2026-02-03T25:00Z" } } }),
      '"2026-02-03T25:00Z"',
    ],
    [
      "an address that is none",
      "identity",
      document({ ...identity, Condition: { IpAddress: { "a:b": "10.0.0/8" } } }),
      '"10.0.0/8"',
    ],
    [
      "a prefix that is none",
      "identity",
      document({ ...identity, Condition: { IpAddress: { "a:b": "10.0.0.0/33" } } }),
      '"10.0.0.0/33"',
    ],
    ["a Bool that is none", "identity", document({ ...identity, Condition: { Bool: { "a:b": "yes" } } }), '"yes"'],
    ["a Null that is none", "identity", document({ ...identity, Condition: { Null: { "a:b": "yes" } } }), '"yes"'],
    [
      "a condition ARN that is none",
      "identity",
      document({ ...identity, Condition: { ArnLike: { "a:b": "arn:aws:s3" } } }),
      '"arn:aws:s3"',
    ],
    ["base64 that is none", "identity", document({ ...identity, Condition: { BinaryEquals: { "a:b": "ä" } } }), '"ä"'],
    [
      "a trust policy without Principal",
      "trust",
      document({ Effect: "Allow", Action: "sts:AssumeRole" }),
      "Missing required field Principal (Statement)",
    ],
    [
      "a trust policy with no principals",
      "trust",
      document({ ...trust, Principal: {} }),
      "Missing required field Principal cannot be empty!",
    ],
    [
      "a trust policy with Resource",
      "trust",
      document({ ...trust, Resource: "*" }),
      "Has prohibited field Resource (Statement)",
    ],
    [
      "a trust policy with NotPrincipal",
      "trust",
      document({ Effect: "Deny", NotPrincipal: "*", Action: "sts:*" }),
      "Has prohibited field NotPrincipal",
    ],
    [
      "a trust policy about S3",
      "trust",
      document({ ...trust, Action: "s3:*" }),
      "AssumeRole policy may only specify STS AssumeRole actions.",
    ],
    [
      "a trust policy about everything",
      "trust",
      document({ ...trust, Action: "*" }),
      "AssumeRole policy may only specify STS AssumeRole actions.",
    ],
    [
      "a trust policy about all but tagging",
      "trust",
      document({ Effect: "Allow", Principal: "*", NotAction: "sts:TagSession" }),
      "AssumeRole policy may only specify",
    ],
    [
      "a trust policy about all but S3",
      "trust",
      document({ Effect: "Allow", Principal: "*", NotAction: "s3:*" }),
      "AssumeRole policy may only specify",
    ],
    [
      "a wild principal",
      "trust",
      document({ ...trust, Principal: { AWS: "arn:aws:iam::111122223333:user/*" } }),
      'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*"',
    ],
    [
      "a principal that is a group",
      "trust",
      document({ ...trust, Principal: { AWS: "arn:aws:iam::111122223333:group/G" } }),
      "Invalid principal in policy",
    ],
    ["a principal that is a name", "trust", document({ ...trust, Principal: "John" }), "(Statement.Principal)"],
    [
      "a service that is none",
      "trust",
      document({ ...trust, Principal: { Service: "*" } }),
      'Invalid principal in policy: "SERVICE":"*"',
    ],
    [
      "a principal of unknown type",
      "trust",
      document({ ...trust, Principal: { Aws: "*" } }),
      "Unknown field Aws (Statement.Principal)",
    ],
    [
      "NotPrincipal to allow",
      "resource",
      document({ Effect: "Allow", NotPrincipal: { AWS: ROLE }, Action: "s3:*", Resource: "*" }),
      "Has prohibited field NotPrincipal",
    ],
    [
      "Principal and NotPrincipal",
      "resource",
      document({ ...resource, NotPrincipal: "*" }),
      "both Principal and NotPrincipal",
    ],
  ])("parsePolicy() refuses %s", (_, kind, text, message) => {
    const refused = refusal(text, kind);
    expect(refused).toBeInstanceOf(Refusal);
    expect(refused).toMatchObject({ code: "MalformedPolicyDocument", message: expect.stringContaining(message) });
  });

  test("parsePolicy() knows where each statement stands", () => {
    const text = document([identity, { ...identity, Sid: "Two" }]);
    const spans = parsePolicy(text, "identity").statements.map(({ start, end }) => JSON.parse(text.slice(start, end)));
    expect(spans).toEqual([identity, { ...identity, Sid: "Two" }]);
  });

  const kinds = fc.constantFrom<PolicyKind>("identity", "trust", "resource");

  test("parsePolicy() answers any JSON with a policy or a Refusal", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), kinds, (text, kind) => {
        const answer = refusal(text, kind);
        expect(answer instanceof Refusal || Object(answer).kind === kind).toBe(true);
      }),
    );
  });

  test("parsePolicy() answers anything that resembles a policy with a policy or a Refusal", () => {
    const words = fc.constantFrom(
      "Allow",
      "Deny",
      "*",
      "s3:*",
      "sts:AssumeRole",
      "arn:aws:s3:::b",
      "${aws:username}",
      "${",
      "2012-10-17",
      ROLE,
      "true",
      ":",
    );
    const value = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        words,
        fc.constantFrom(0, true, null),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom("AWS", "Service", "StringLike", "ForAnyValue:ArnLike", "Null", "aws:a", "Bool"),
          tie("any"),
        ),
      ),
    })).any;
    const elements = [
      "Sid",
      "Effect",
      "Principal",
      "NotPrincipal",
      "Action",
      "NotAction",
      "Resource",
      "NotResource",
      "Condition",
    ];
    const base = fc.constantFrom<object>(identity, trust, resource, {});
    const statement = fc
      .tuple(base, fc.dictionary(fc.constantFrom(...elements), value, { maxKeys: 2 }))
      .map(([start, changes]) => ({ ...start, ...changes }));
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(statement, fc.array(statement, { maxLength: 3 })), kinds, (statements, kind) => {
        const answer = refusal(document(statements), kind);
        expect(answer instanceof Refusal || Object(answer).kind === kind).toBe(true);
        if (!(answer instanceof Refusal)) accepted++;
      }),
      { numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(10);
  });
});
