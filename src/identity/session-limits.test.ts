import { expect, test } from "vitest";
import { assertSessionMayCall } from "./session-limits.ts";
import type { Caller } from "./caller.ts";

function caller(kind: Caller["kind"], session: "none" | "plain" | "MFA"): Caller {
  const base = { kind, account: "1", arn: "arn", principalId: "id", accessKeyId: "key" };
  if (session === "none") return base;
  const more = { createdAt: 0, expiresAt: 1, tags: {}, transitiveTagKeys: [], policyArns: [] };
  return { ...base, session: { ...more, mfaAuthenticated: session === "MFA" } };
}

const ALLOWED = [
  ["user", "none", "iam"],
  ["user", "MFA", "iam"],
  ["user", "plain", "cloudtrail"],
  ["federated", "plain", "cloudtrail"],
  ["role", "plain", "iam"],
] as const;
test.each(ALLOWED)("assertSessionMayCall() lets %s with session %s call %s", (kind, session, service) => {
  expect(() => assertSessionMayCall(caller(kind, session), service)).not.toThrow();
});

const REFUSED = [
  ["user", "plain", "iam"],
  ["root", "plain", "iam"],
  ["federated", "plain", "iam"],
  ["federated", "MFA", "iam"],
] as const;
test.each(REFUSED)("assertSessionMayCall() keeps %s with session %s from %s", (kind, session, service) => {
  const refusal = { code: "InvalidClientTokenId", message: "The security token included in the request is invalid" };
  expect(() => assertSessionMayCall(caller(kind, session), service)).toThrow(expect.objectContaining(refusal));
});
