import { describe, expect, test } from "vitest";
import { checkInlinePolicy, checkManagedPolicy, checkTrustPolicy, documentSize } from "./documents.ts";

const own = (resource: string) =>
  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"${resource}"}]}`;
const trust = (principal: string) =>
  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"${principal}"},"Action":"sts:AssumeRole"}]}`;

describe("documentSize()", () => {
  test("documentSize() counts characters, and white space not at all", () => {
    expect(documentSize('{ "a" :\n\t"b c" }\r\n')).toBe('{"a":"bc"}'.length);
  });
});

describe("checkManagedPolicy()", () => {
  const room = 6144 - own("arn:aws:s3:::").length;

  test("checkManagedPolicy() lets 6,144 characters through and no more", () => {
    const spaced = own(`arn:aws:s3:::${"x".repeat(room)}`).replaceAll(",", " ,\n");
    expect(() => checkManagedPolicy(spaced)).not.toThrow();
    expect(() => checkManagedPolicy(own(`arn:aws:s3:::${"x".repeat(room + 1)}`))).toThrow(
      "Cannot exceed quota for PolicySize: 6144",
    );
  });
});

describe("each kind of policy", () => {
  test.each([
    [checkManagedPolicy, own("*"), trust("123456789012")],
    [checkInlinePolicy, own("*"), trust("123456789012")],
    [checkTrustPolicy, trust("123456789012"), own("*")],
  ])("%o lets its own kind through and refuses the other", (check, good, bad) => {
    expect(() => check(good)).not.toThrow();
    expect(() => check(bad)).toThrow(expect.objectContaining({ code: "MalformedPolicyDocument" }));
  });
});
