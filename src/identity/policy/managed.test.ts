import { describe, expect, test } from "vitest";
import { decide, managedPolicies, parsePolicy } from "./index.ts";

function allows(name: string, action: string, resource = "*"): boolean {
  const policy = managedPolicies.get(`arn:aws:iam::aws:policy/${name}`);
  expect(policy).toBeDefined();
  const account = "123456789012";
  const principal = { arn: `arn:aws:iam::${account}:user/Ann`, account, principalId: "AIDAANN", kind: "user" } as const;
  const context = new Map([["aws:username", ["Ann"]]]);
  const identity = [{ name, policy: parsePolicy(policy?.document ?? "", "identity") }];
  return decide({ principal, action, resource, context }, { identity }).allowed;
}

describe("managedPolicies", () => {
  test.each([...managedPolicies.values()])("managedPolicies has $name, readable and well described", (policy) => {
    expect(parsePolicy(policy.document, "identity").statements.length).toBeGreaterThan(0);
    expect(policy.arn).toBe(`arn:aws:iam::aws:policy${policy.path}${policy.name}`);
    expect(policy.policyId).toMatch(/^ANPA[A-Z0-9]{17}$/);
    expect(policy.createdAt).toBeGreaterThan(Date.UTC(2015, 0));
    expect(policy.document.length).toBeLessThan(6144);
  });

  test("managedPolicies has a different id for each", () => {
    const ids = [...managedPolicies.values()].map((policy) => policy.policyId);
    expect(new Set(ids).size).toBe(managedPolicies.size);
  });

  test.each([
    ["AdministratorAccess", "anything:AtAll", "*", true],
    ["PowerUserAccess", "cloudtrail:CreateTrail", "*", true],
    ["PowerUserAccess", "iam:CreateUser", "*", false],
    ["PowerUserAccess", "iam:ListRoles", "*", true],
    ["ReadOnlyAccess", "cloudtrail:LookupEvents", "*", true],
    ["ReadOnlyAccess", "cloudtrail:StopLogging", "*", false],
    ["ReadOnlyAccess", "s3:GetObject", "arn:aws:s3:::logs/a", true],
    ["ReadOnlyAccess", "s3:PutObject", "arn:aws:s3:::logs/a", false],
    ["ReadOnlyAccess", "cloudtrail-data:PutAuditEvents", "*", false],
    ["ReadOnlyAccess", "sts:AssumeRole", "*", false],
    ["SecurityAudit", "cloudtrail:GetTrailStatus", "*", true],
    ["SecurityAudit", "cloudtrail:GetQueryResults", "*", false],
    ["SecurityAudit", "s3:GetBucketPolicy", "arn:aws:s3:::logs", true],
    ["SecurityAudit", "s3:GetObject", "arn:aws:s3:::logs/a", false],
    ["SecurityAudit", "logs:GetLogEvents", "*", false],
    ["SecurityAudit", "iam:GetUser", "*", true],
    ["AWSCloudTrail_FullAccess", "cloudtrail:DeleteTrail", "*", true],
    ["AWSCloudTrail_FullAccess", "s3:CreateBucket", "arn:aws:s3:::aws-cloudtrail-logs-1", true],
    ["AWSCloudTrail_FullAccess", "s3:CreateBucket", "arn:aws:s3:::other", false],
    ["AWSCloudTrail_FullAccess", "iam:PassRole", "arn:aws:iam::123456789012:role/R", false],
    ["AWSCloudTrail_FullAccess", "iam:CreateUser", "*", false],
    ["AWSCloudTrail_ReadOnlyAccess", "cloudtrail:LookupEvents", "*", true],
    ["AWSCloudTrail_ReadOnlyAccess", "cloudtrail:CreateTrail", "*", false],
    ["IAMFullAccess", "iam:DeleteUser", "*", true],
    ["IAMFullAccess", "cloudtrail:LookupEvents", "*", false],
    ["IAMReadOnlyAccess", "iam:ListUsers", "*", true],
    ["IAMReadOnlyAccess", "iam:CreateUser", "*", false],
    ["IAMUserChangePassword", "iam:ChangePassword", "arn:aws:iam::123456789012:user/Ann", true],
    ["IAMUserChangePassword", "iam:ChangePassword", "arn:aws:iam::123456789012:user/Bob", false],
  ])("managedPolicies: %s on %s of %s: %s", (name, action, resource, expected) => {
    expect(allows(name, action, resource)).toBe(expected);
  });
});
