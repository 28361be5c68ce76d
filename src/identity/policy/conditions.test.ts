import { describe, expect, test } from "vitest";
import { decide, parsePolicy } from "./index.ts";

type Values = string | number | boolean | readonly (string | number | boolean)[];

/** Whether a statement with `{ operator: { "x:Key": values } }` applies when the request has these values for the key. */
function holds(operator: string, values: Values, actual: string | readonly string[] | undefined): boolean {
  return applies({ [operator]: { "x:Key": values } }, actual === undefined ? {} : { "x:key": actual });
}

function applies(condition: unknown, context: Readonly<Record<string, string | readonly string[]>>): boolean {
  const statement = { Effect: "Allow", Action: "*", Resource: "*", Condition: condition };
  const policy = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statement }), "identity");
  const account = "111122223333";
  const principal = { kind: "user", account, arn: `arn:aws:iam::${account}:user/J`, principalId: "AIDAJ" } as const;
  const entries = Object.entries(context).map(([key, value]) => [key, [value].flat()] as const);
  const asked = { principal, action: "any:Thing", resource: "*", context: new Map(entries) };
  return decide(asked, { identity: [{ name: "p", policy }] }).allowed;
}

const NONE = undefined;

describe("conditions", () => {
  test.each<[string, Values, string | readonly string[] | undefined, boolean]>([
    ["StringEquals", "a", "a", true],
    ["StringEquals", "a", "A", false],
    ["StringEquals", "a*", "ab", false],
    ["StringEquals", "a*", "a*", true],
    ["StringEquals", ["a", "b"], "b", true],
    ["StringEquals", [], "b", false],
    ["StringEquals", "a", NONE, false],
    ["StringEquals", 12, "12", true],
    ["StringEquals", true, "true", true],
    ["StringNotEquals", "a", "b", true],
    ["StringNotEquals", "a", "a", false],
    ["StringNotEquals", ["a", "b"], "b", false],
    ["StringNotEquals", ["a", "b"], "c", true],
    ["StringNotEquals", "a", NONE, true],
    ["StringEqualsIgnoreCase", "Ab", "aB", true],
    ["StringEqualsIgnoreCase", "Ab", "ab ", false],
    ["StringNotEqualsIgnoreCase", "Ab", "aB", false],
    ["StringNotEqualsIgnoreCase", "Ab", "x", true],
    ["StringLike", "a*c?", "abbcd", true],
    ["StringLike", "a*c?", "abbc", false],
    ["StringLike", "A*", "abc", false],
    ["StringNotLike", "a*", "abc", false],
    ["StringNotLike", ["x*", "y*"], "abc", true],
    ["NumericEquals", "10", "10.0", true],
    ["NumericEquals", 10, "11", false],
    ["NumericEquals", "10", "ten", false],
    ["NumericNotEquals", "10", "11", true],
    ["NumericNotEquals", "10", "1e1", false],
    ["NumericNotEquals", "10", NONE, true],
    ["NumericLessThan", "10", "9", true],
    ["NumericLessThan", "10", "10", false],
    ["NumericLessThanEquals", "10", "10", true],
    ["NumericLessThanEquals", "10", "10.01", false],
    ["NumericGreaterThan", "-1", "0", true],
    ["NumericGreaterThan", "10", "9", false],
    ["NumericGreaterThanEquals", "10", "10", true],
    ["NumericGreaterThan", "10", NONE, false],
    ["NumericLessThan", ["1", "100"], "50", true],
    ["DateEquals", "2026-11-20", "2026-11-20T00:00:00Z", true],
    ["DateEquals", "2026-11-20T10:00:00+01:00", "2026-11-20T09:00:00Z", true],
    ["DateNotEquals", "2026-11-20", "2026-11-21", true],
    ["DateLessThan", "2026-11-20T09:30Z", "2026-11-20T09:29:59.999Z", true],
    ["DateLessThan", "2026-11-20T09:30Z", "2026-11-20T09:30:00Z", false],
    ["DateLessThanEquals", "1700000000", "2023-11-14T22:13:20Z", true],
    ["DateGreaterThan", "2026", "2025-12-31T23:59:59Z", false],
    ["DateGreaterThan", "2026-10", "2026-11-01", true],
    ["DateGreaterThanEquals", "2023-11-14T22:13:20Z", "1700000000", true],
    ["DateGreaterThan", "2026-10", "yesterday", false],
    ["Bool", "true", "true", true],
    ["Bool", true, "true", true],
    ["Bool", "True", "true", true],
    ["Bool", "false", "true", false],
    ["Bool", "false", NONE, false],
    ["BinaryEquals", "QmluYXJ5", "QmluYXJ5", true],
    ["BinaryEquals", "QQ==", "QQ", true],
    ["BinaryEquals", "QmluYXJ5", "QmluYXJ6", false],
    ["IpAddress", "203.0.113.0/24", "203.0.113.255", true],
    ["IpAddress", "203.0.113.0/24", "203.0.114.0", false],
    ["IpAddress", "203.0.113.7", "203.0.113.7", true],
    ["IpAddress", "203.0.113.7", "203.0.113.8", false],
    ["IpAddress", "0.0.0.0/0", "8.8.8.8", true],
    ["IpAddress", "0.0.0.0/0", "2001:db8::1", false],
    ["IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678:ffff::1", true],
    ["IpAddress", "2001:db8::/32", "2001:db9::1", false],
    ["IpAddress", "::/0", "::1", true],
    ["IpAddress", "10.0.0.0/8", "::ffff:10.1.2.3", true],
    ["IpAddress", "::ffff:10.0.0.0/104", "10.1.2.3", true],
    ["IpAddress", ["10.0.0.0/8", "2001:db8::/32"], "2001:db8::7", true],
    ["IpAddress", "10.0.0.0/8", "AWS Internal", false],
    ["NotIpAddress", "10.0.0.0/8", "10.0.0.1", false],
    ["NotIpAddress", "10.0.0.0/8", "11.0.0.1", true],
    ["NotIpAddress", "10.0.0.0/8", "cloudtrail.amazonaws.com", true],
    ["NotIpAddress", ["10.0.0.0/8", "192.168.0.0/16"], "192.168.3.4", false],
    ["ArnEquals", "arn:aws:iam::*:role/ci/*", "arn:aws:iam::111122223333:role/ci/a", true],
    ["ArnLike", "arn:aws:iam::*:role/x", "arn:aws:iam::1:user/y:role/x", false],
    ["ArnLike", "arn:aws:logs:*:*:log-group:*", "arn:aws:logs:eu-west-1:1:log-group:a:b", true],
    ["ArnLike", "arn:*:*:*:*:*", "arn:aws", false],
    ["ArnLike", "*", "arn:aws:iam::1:role/x", true],
    ["ArnNotEquals", "arn:aws:iam::*:role/ci/*", "arn:aws:iam::1:role/other", true],
    ["ArnNotLike", "arn:aws:iam::*:role/ci/*", "arn:aws:iam::1:role/ci/a", false],
    ["ArnNotLike", "arn:aws:iam::*:role/ci/*", NONE, true],
    ["Null", "true", NONE, true],
    ["Null", "true", "a", false],
    ["Null", "false", "a", true],
    ["Null", false, NONE, false],
    ["StringEqualsIfExists", "a", NONE, true],
    ["StringEqualsIfExists", "a", "b", false],
    ["BoolIfExists", "false", NONE, true],
    ["IpAddressIfExists", "10.0.0.0/8", "11.0.0.1", false],
    ["StringNotEqualsIfExists", "a", "a", false],
    ["NumericLessThanIfExists", "10", NONE, true],
    // Several values without a set operator.
    ["StringEquals", "a", ["a", "b"], true],
    ["StringNotEquals", "a", ["a", "b"], false],
  ])("%s %j with %j in the request: %s", (operator, values, actual, expected) => {
    expect(holds(operator, values, actual)).toBe(expected);
  });

  test.each<[string, Values, readonly string[] | undefined, boolean]>([
    ["ForAllValues:StringEquals", ["a", "b"], ["a", "b"], true],
    ["ForAllValues:StringEquals", ["a", "b"], ["a", "c"], false],
    ["ForAllValues:StringEquals", ["a", "b"], ["a"], true],
    ["ForAllValues:StringEquals", "a", [], true],
    ["ForAllValues:StringEquals", "a", NONE, true],
    ["ForAllValues:StringEquals", "a", [""], true],
    ["ForAllValues:StringLike", "key*", ["key1", "key2"], true],
    ["ForAllValues:StringNotEquals", "a", ["b", "c"], true],
    ["ForAllValues:StringNotEquals", "a", ["a", "c"], false],
    ["ForAllValues:StringNotEquals", "a", NONE, true],
    ["ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], true],
    ["ForAnyValue:StringEquals", ["a", "b"], ["c"], false],
    ["ForAnyValue:StringEquals", "a", NONE, false],
    ["ForAnyValue:StringEquals", "", [""], false],
    ["ForAnyValue:StringLike", "cost*", ["x", "costs"], true],
    ["ForAnyValue:StringNotEquals", "a", ["a", "c"], true],
    ["ForAnyValue:StringNotEquals", "a", ["a"], false],
    ["ForAnyValue:StringNotEquals", "a", NONE, false],
    ["ForAnyValue:StringEqualsIfExists", "a", NONE, true],
    ["ForAllValues:ArnLike", "arn:aws:s3:::logs-*", ["arn:aws:s3:::logs-1", "arn:aws:s3:::x"], false],
    ["ForAnyValue:NumericGreaterThan", 10, ["1", "11"], true],
  ])("%s %j with %j in the request: %s", (operator, values, actual, expected) => {
    expect(holds(operator, values, actual)).toBe(expected);
  });

  test.each<[string, unknown, Readonly<Record<string, string | readonly string[]>>, boolean]>([
    [
      "keys of one operator are all needed",
      { StringEquals: { "a:A": "1", "a:B": "2" } },
      { "a:a": "1", "a:b": "2" },
      true,
    ],
    [
      "keys of one operator are all needed",
      { StringEquals: { "a:A": "1", "a:B": "2" } },
      { "a:a": "1", "a:b": "3" },
      false,
    ],
    [
      "operators are all needed",
      { Bool: { "a:A": "true" }, StringLike: { "a:B": "x*" } },
      { "a:a": "true", "a:b": "xy" },
      true,
    ],
    [
      "operators are all needed",
      { Bool: { "a:A": "true" }, StringLike: { "a:B": "x*" } },
      { "a:a": "true", "a:b": "y" },
      false,
    ],
    [
      "keys are the same in any case",
      { StringEquals: { "AWS:PrincipalTAG/Team": "red" } },
      { "aws:principaltag/team": "red" },
      true,
    ],
    ["an empty block holds", {}, {}, true],
    [
      "variables",
      { StringEquals: { "a:Owner": "${aws:username}" } },
      { "a:owner": "Ann", "aws:username": "Ann" },
      true,
    ],
    [
      "variables",
      { StringEquals: { "a:Owner": "${aws:username}" } },
      { "a:owner": "Bob", "aws:username": "Ann" },
      false,
    ],
    [
      "variables ignore no case",
      { StringEquals: { "a:Owner": "${aws:username}" } },
      { "a:owner": "ann", "aws:username": "Ann" },
      false,
    ],
    [
      "variables, ignoring case",
      { StringEqualsIgnoreCase: { "a:O": "${aws:username}" } },
      { "a:o": "ann", "aws:username": "Ann" },
      true,
    ],
    ["a default", { StringEquals: { "a:Team": "${aws:PrincipalTag/team, 'none'}" } }, { "a:team": "none" }, true],
    ["a missing variable matches nothing", { StringLike: { "a:P": ["${aws:username}/*"] } }, { "a:p": "/x" }, false],
    [
      "the other values still count",
      { StringLike: { "a:P": ["${aws:username}/*", "shared/*"] } },
      { "a:p": "shared/x" },
      true,
    ],
    [
      "a negation with a missing variable does not hold",
      { StringNotEquals: { "a:O": "${aws:username}" } },
      { "a:o": "Ann" },
      false,
    ],
    ["a variable in a Bool", { Bool: { "a:A": "${a:B}" } }, { "a:a": "true", "a:b": "TRUE" }, true],
    [
      "a variable in an ARN",
      { ArnLike: { "a:S": "arn:aws:s3:::${aws:username}-*" } },
      { "a:s": "arn:aws:s3:::Ann-1", "aws:username": "Ann" },
      true,
    ],
    [
      "a variable cannot move an ARN's colons",
      { ArnLike: { "a:S": "arn:aws:iam::${a:V}:role/x" } },
      { "a:s": "arn:aws:iam::1:role/y:role/x", "a:v": "1:role/y" },
      false,
    ],
    [
      "a variable as the whole ARN",
      { ArnEquals: { "a:S": "${a:V}" } },
      { "a:s": "arn:aws:iam::1:role/x", "a:v": "arn:aws:iam::1:role/x" },
      true,
    ],
    ["an escaped star", { StringLike: { "a:P": "a${*}b" } }, { "a:p": "axb" }, false],
    ["MFA without MFA keys", { BoolIfExists: { "aws:MultiFactorAuthPresent": "false" } }, {}, true],
  ])("%s: %j in %j: %s", (_, condition, context, expected) => {
    expect(applies(condition, context)).toBe(expected);
  });
});
