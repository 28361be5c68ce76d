import { expect, test } from "vitest";
import { assertSessionMayCall } from "./session-limits.ts";
import type { Caller } from "./caller.ts";

function caller(kind: Caller["kind"], session: "none" | "plain" | "MFA"): Caller {
  const base = { kind, account: "1", arn: "arn", principalId: "id", accessKeyId: "key" };
  if (session === "none") return base;
  const more = { createdAt: 0, expiresAt: 1, tags: {}, transitiveTagKeys: [], policyArns: [] };
  return { ...base, session: { ...more, mfaAuthenticated: session === "MFA" } };
}

test.each([
  ["user", "none", "iam", true],
  ["user", "plain", "iam", false],
  ["user", "MFA", "iam", true],
  ["user", "plain", "cloudtrail", true],
  ["root", "plain", "iam", false],
  ["federated", "plain", "iam", false],
  ["federated", "MFA", "iam", false],
  ["federated", "plain", "cloudtrail", true],
  ["role", "plain", "iam", true],
] as const)("assertSessionMayCall() of %s with session %s to %s: %s", (kind, session, service, allowed) => {
  const asked = (): void => assertSessionMayCall(caller(kind, session), service);
  if (allowed) expect(asked).not.toThrow();
  else expect(asked).toThrow("The security token included in the request is invalid");
});
