import { describe, expect, test } from "vitest";
import { entityArn, parsePolicyArn } from "./names.ts";

describe("entityArn()", () => {
  test.each([
    ["user", "/", "Mary", "arn:aws:iam::123456789012:user/Mary"],
    ["group", "/a/b/", "Ops", "arn:aws:iam::123456789012:group/a/b/Ops"],
    ["role", "/x/", "", "arn:aws:iam::123456789012:role/x/"],
  ] as const)("entityArn() of a %s under %s", (kind, path, name, arn) => {
    expect(entityArn("123456789012", kind, path, name)).toBe(arn);
  });
});

describe("parsePolicyArn()", () => {
  test.each([
    ["arn:aws:iam::123456789012:policy/Read", "123456789012"],
    ["arn:aws:iam::123456789012:policy/a/b/Read+=,.@-_", "123456789012"],
    ["arn:aws:iam::aws:policy/job-function/Billing", "aws"],
  ])("parsePolicyArn() reads %s", (arn, owner) => expect(parsePolicyArn(arn)).toEqual({ arn, owner }));

  test.each([
    "arn:aws:iam::123456789012:policy/",
    "arn:aws:iam::123456789012:policy",
    "arn:aws:iam::123456789012:user/Read",
    "arn:aws:iam:us-east-1:123456789012:policy/Read",
    "arn:aws:s3::123456789012:policy/Read",
    "arn:aws:iam::123456789012:policy/Re ad",
    "Read",
  ])("parsePolicyArn() refuses %s", (text) => {
    expect(() => parsePolicyArn(text)).toThrow(`ARN ${text} is not valid.`);
  });
});
