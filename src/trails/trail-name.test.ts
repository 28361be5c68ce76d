import { describe, expect, test } from "vitest";
import { parseTrailName, parseTrailReference } from "./trail-name.ts";

const told = (work: () => unknown): string => {
  try {
    return `takes ${String(work())}`;
  } catch (thrown) {
    const { code, message } = thrown as { code: string; message: string };
    return `${code}: ${message}`;
  }
};
const CHARACTERS =
  "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).";
const ADJACENT = "Trail name cannot have adjacent periods, hyphens or underscores.";
const HERE = { account: "123456789012", region: "us-east-1" };
const ARN = "arn:aws:cloudtrail:us-east-1:123456789012:trail/my-trail";

describe("parseTrailName()", () => {
  test.each([
    ["", "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 0 characters."],
    ["?", "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 1 characters."],
    [
      "-".repeat(129),
      "Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129 characters.",
    ],
    ["-trail", "Trail name must starts with a letter or number."],
    ["trail!", "Trail name must ends with a letter or number."],
    ["my#trail", CHARACTERS],
    ["my trail", CHARACTERS],
    ["träil", CHARACTERS],
    ["my-_namespace", ADJACENT],
    ["my..namespace", ADJACENT],
    ["192.168.5.4", "Trail name cannot be in IP address format."],
  ])("refuses %j", (name, message) => {
    expect(told(() => parseTrailName(name))).toBe(`InvalidTrailNameException: ${message}`);
  });

  test.each(["abc", "a".repeat(128), "My.trail_of-2026", "192.168.5.4a"])("takes %j", (name) => {
    expect(parseTrailName(name)).toBe(name);
  });
});

describe("parseTrailReference()", () => {
  test.each([
    ["my-trail", `takes ${ARN}`],
    [ARN, `takes ${ARN}`],
    [
      "arn:aws:cloudtrail:eu-west-1:210987654321:trail/my-trail",
      "takes arn:aws:cloudtrail:eu-west-1:210987654321:trail/my-trail",
    ],
    ["arn:aws:cloudtrail:us-east-1:123456789012:trail/x", "InvalidTrailNameException: Trail name too short"],
    ["arn:aws:cloudtrail:us-east-1:123456789012:channel/my-trail", "CloudTrailARNInvalidException: "],
    ["arn:aws:cloudtrail:us-east-1:root:trail/my-trail", "CloudTrailARNInvalidException: "],
    ["arn:aws:cloudtrail::123456789012:trail/my-trail", "CloudTrailARNInvalidException: "],
    ["arn:aws-cn:cloudtrail:us-east-1:123456789012:trail/my-trail", "CloudTrailARNInvalidException: "],
    ["arn:aws:s3:::my-trail", "CloudTrailARNInvalidException: "],
    ["arn:", "CloudTrailARNInvalidException: "],
    ["my/trail", `InvalidTrailNameException: ${CHARACTERS}`],
  ])("of %s", (text, expected) => {
    expect(told(() => parseTrailReference(text, HERE)).slice(0, expected.length)).toBe(expected);
  });
});
