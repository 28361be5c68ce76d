import { isoSeconds } from "../core/index.ts";
import type { Caller } from "./caller.ts";
import type { Decision, PolicyLayer } from "./policy/index.ts";

/** The circumstances of a call. */
export interface CallCircumstances {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly sourceIp: string;
  readonly userAgent?: string;
  readonly region: string;
  /** Whether the call came over TLS. */
  readonly secure: boolean;
}

/**
 * The global condition keys that follow from the caller and the call. Services add what they know (`aws:RequestTag/…`,
 * `aws:TagKeys`, `aws:ResourceTag/…`, `sts:ExternalId`, `sts:RoleSessionName`, keys of their own), in lower case.
 *
 * `aws:username` exists for users only; the `aws:TokenIssueTime` and `aws:MultiFactorAuth…` keys only with temporary
 * credentials, and the age of the MFA only when there was one, counted from the making of the credentials.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function callerContext(caller: Caller, call: CallCircumstances): Map<string, string[]> {
  const { session } = caller;
  const context = new Map([
    ["aws:currenttime", [isoSeconds(call.now)]],
    ["aws:epochtime", [String(Math.floor(call.now / 1000))]],
    ["aws:sourceip", [call.sourceIp]],
    ["aws:securetransport", [String(call.secure)]],
    ["aws:requestedregion", [call.region]],
    ["aws:viaawsservice", ["false"]],
    ["aws:principalisawsservice", ["false"]],
    ["aws:principalarn", [caller.kind === "role" ? (session?.issuer?.arn ?? caller.arn) : caller.arn]],
    ["aws:principalaccount", [caller.account]],
    ["aws:principaltype", [PRINCIPAL_TYPE[caller.kind]]],
    ["aws:userid", [caller.principalId]],
  ]);
  if (call.userAgent !== undefined) context.set("aws:useragent", [call.userAgent]);
  if (caller.kind === "user" && caller.userName !== undefined) context.set("aws:username", [caller.userName]);
  if (session === undefined) return context;
  context.set("aws:tokenissuetime", [isoSeconds(session.createdAt)]);
  context.set("aws:multifactorauthpresent", [String(session.mfaAuthenticated)]);
  if (session.mfaAuthenticated) {
    context.set("aws:multifactorauthage", [String(Math.max(0, Math.floor((call.now - session.createdAt) / 1000)))]);
  }
  if (session.sourceIdentity !== undefined) context.set("aws:sourceidentity", [session.sourceIdentity]);
  for (const [key, value] of Object.entries(session.tags))
    context.set(`aws:principaltag/${key.toLowerCase()}`, [value]);
  return context;
}

const PRINCIPAL_TYPE = { root: "Account", user: "User", role: "AssumedRole", federated: "FederatedUser" } as const;

/**
 * What AWS tells who is denied: `User: ARN is not authorized to perform: ACTION on resource: ARN because …`, without the
 * resource when the action has none.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function denialMessage(caller: Caller, action: string, resource: string, decision: Decision): string {
  const where = resource === "*" ? "" : ` on resource: ${resource}`;
  return `User: ${caller.arn} is not authorized to perform: ${action}${where} ${denialReason(action, decision)}`;
}

function denialReason(action: string, { because, layer, policy }: Decision): string {
  switch (because) {
    case "explicit-deny":
      return `with an explicit deny in ${A_POLICY[layer ?? "identity"]}`;
    case "unreadable-policy":
      return `because the policy ${policy} cannot be read`;
    case "allowed":
    case "no-identity-policy":
    case "boundary":
    case "session-policy":
    case "resource-policy":
    case "trust-policy":
      return `because no ${MISSING[because]} allows the ${action} action`;
  }
}

const A_POLICY: Readonly<Record<PolicyLayer, string>> = {
  identity: "an identity-based policy",
  boundary: "a permissions boundary",
  session: "a session policy",
  resource: "a resource-based policy",
  trust: "the role trust policy",
};

const MISSING = {
  allowed: "policy",
  "no-identity-policy": "identity-based policy",
  boundary: "permissions boundary",
  "session-policy": "session policy",
  "resource-policy": "resource-based policy",
  "trust-policy": "role trust policy",
} as const;
