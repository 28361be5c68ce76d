import { describe, expect, test } from "vitest";
import { isPublic, type PolicyStatement } from "./public-policy.ts";

const everybody: PolicyStatement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "*" };

const when = (operator: string, key: string, value: unknown): Partial<PolicyStatement> => ({
  Condition: { [operator]: { [key]: value } },
});

describe("isPublic()", () => {
  test.each<[what: string, change: Partial<PolicyStatement>, verdict: boolean]>([
    ["everybody", {}, true],
    ["everybody of AWS", { Principal: { AWS: "*" } }, true],
    ["everybody among others", { Principal: { AWS: ["111122223333", "*"] } }, true],
    ["an account", { Principal: { AWS: "111122223333" } }, false],
    ["a service", { Principal: { Service: "cloudtrail.amazonaws.com" } }, false],
    ["a denial", { Effect: "Deny" }, false],
    ["an account's condition", when("StringEquals", "aws:SourceAccount", "111122223333"), false],
    ["an organization's", when("StringEquals", "aws:PrincipalOrgID", "o-abc"), false],
    ["an organization's, with a wildcard", when("StringLike", "aws:PrincipalOrgID", "o-*"), true],
    ["an account's, with a variable", when("StringEquals", "aws:SourceAccount", "${aws:userid}"), true],
    ["an account's, but for it", when("StringNotEquals", "aws:SourceAccount", "111122223333"), true],
    ["a network's", when("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "192.0.2.1"]), false],
    ["a network's that is half of it", when("IpAddress", "aws:SourceIp", ["128.0.0.0/1"]), true],
    ["a large network's", when("IpAddress", "aws:SourceIp", ["2001:db8::/32", "17.0.0.0/8"]), false],
    ["a network's that is most of IPv6", when("IpAddress", "aws:SourceIp", ["2000::/3"]), true],
    ["a network's that is all of it", when("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "0.0.0.0/0"]), true],
    ["a trail's", when("ArnLike", "aws:SourceArn", "arn:aws:cloudtrail:*:111122223333:trail/*"), false],
    ["any trail's", when("ArnLike", "aws:SourceArn", "arn:aws:cloudtrail:*:*:trail/*"), true],
    ["a condition that says nothing of who", when("Bool", "aws:SecureTransport", "true"), true],
    ["a condition that holds when the key is absent", when("StringEqualsIfExists", "aws:userid", "x"), true],
  ])("%s", (_, change, verdict) => {
    expect(isPublic({ Statement: { ...everybody, ...change } })).toBe(verdict);
    const denial: PolicyStatement = { ...everybody, Effect: "Deny" };
    expect(isPublic({ Statement: [denial, { ...everybody, ...change }] })).toBe(verdict);
  });

  test("everybody but somebody", () => {
    const { Principal: _, ...rest } = everybody;
    expect(isPublic({ Statement: { ...rest, NotPrincipal: { AWS: "111122223333" } } })).toBe(true);
  });
});
