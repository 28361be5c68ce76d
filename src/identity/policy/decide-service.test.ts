import { describe, expect, test } from "vitest";
import { decideService, type NamedPolicy, parsePolicy, type ServiceRequest, unreadablePolicy } from "./index.ts";

const TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
const SERVICE = "cloudtrail.amazonaws.com";

type Members = Readonly<Record<string, unknown>>;

/** What a trail's put of a log file asks. */
const request: ServiceRequest = {
  service: SERVICE,
  action: "s3:PutObject",
  resource: "arn:aws:s3:::logs/AWSLogs/111122223333/CloudTrail/a.json.gz",
  context: new Map([
    ["aws:sourcearn", [TRAIL]],
    ["s3:x-amz-acl", ["bucket-owner-full-control"]],
  ]),
};

/** A statement that allows it, and what is to be different. */
function statement(different: Members = {}): Members {
  const { Principal = { Service: SERVICE }, ...rest } = different;
  const principal = "NotPrincipal" in different ? {} : { Principal };
  return { Effect: "Allow", ...principal, Action: "s3:PutObject", Resource: "arn:aws:s3:::logs/AWSLogs/*", ...rest };
}

function policy(...statements: readonly Members[]): NamedPolicy {
  const text = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  return { name: "policy of bucket logs", policy: parsePolicy(text, "resource") };
}

describe("decideService(): one statement", () => {
  const condition = (operator: string, key: string, value: string): Members => ({
    Condition: { [operator]: { [key]: value } },
  });
  test.each<[string, Members, boolean]>([
    ["names the service", {}, true],
    ["names it among others", { Principal: { Service: ["config.amazonaws.com", SERVICE] } }, true],
    ["names everybody", { Principal: "*" }, true],
    ["names everybody in the other way", { Principal: { AWS: "*" } }, true],
    ["names another service", { Principal: { Service: "config.amazonaws.com" } }, false],
    ["names the trail's account", { Principal: { AWS: "111122223333" } }, false],
    ["names a provider like the service", { Principal: { Federated: SERVICE } }, false],
    ["allows another action", { Action: "s3:GetObject" }, false],
    ["allows every action of S3", { Action: "s3:*" }, true],
    ["allows it elsewhere", { Resource: "arn:aws:s3:::logs/elsewhere/*" }, false],
    ["wants this trail", condition("StringEquals", "aws:SourceArn", TRAIL), true],
    ["wants this trail, its key spelled otherwise", condition("StringEquals", "AWS:sourcearn", TRAIL), true],
    ["wants another trail", condition("StringEquals", "aws:SourceArn", `${TRAIL}2`), false],
    ["wants any trail of the account", condition("ArnLike", "aws:SourceArn", `${TRAIL.slice(0, -4)}*`), true],
    [
      "wants the owner to have full control",
      condition("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control"),
      true,
    ],
    ["wants what the request does not say", condition("StringEquals", "aws:SourceAccount", "111122223333"), false],
  ])("that %s", (_, different, allowed) => {
    expect(decideService(request, policy(statement(different)))).toEqual(
      allowed
        ? { allowed: true, because: "allowed", layer: "resource", policy: "policy of bucket logs" }
        : { allowed: false, because: "resource-policy" },
    );
  });
});

describe("decideService()", () => {
  const denied = { allowed: false, because: "explicit-deny", layer: "resource", policy: "policy of bucket logs" };

  test("allows nothing without a policy", () => {
    expect(decideService(request, undefined)).toEqual({ allowed: false, because: "resource-policy" });
  });

  test.each([
    ["before", [{ Effect: "Deny", Sid: "No" }, {}]],
    ["behind", [{}, { Effect: "Deny", Sid: "No" }]],
    ["of everybody, behind", [{}, { Effect: "Deny", Sid: "No", Principal: "*" }]],
    ["of all but another service", [{}, { Effect: "Deny", Sid: "No", NotPrincipal: { Service: "x.amazonaws.com" } }]],
  ])("lets a deny win that stands %s", (_, statements) => {
    expect(decideService(request, policy(...statements.map(statement)))).toEqual({ ...denied, sid: "No" });
  });

  test("is not denied what is denied to all but the service", () => {
    const others = statement({ Effect: "Deny", NotPrincipal: { Service: SERVICE } });
    expect(decideService(request, policy(statement(), others)).allowed).toBe(true);
  });

  test("allows nothing when the policy cannot be read", () => {
    const broken = { name: "policy of bucket logs", policy: unreadablePolicy("resource", "{", "not JSON") };
    expect(decideService(request, broken)).toEqual({ ...denied, because: "unreadable-policy" });
  });
});
