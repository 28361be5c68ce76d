import { isoSeconds, parseArn, optional } from "../../core/index.ts";
import type { SessionContext, UserIdentity } from "../../record/index.ts";
import { keyId, milliseconds, type Part, part, text, token } from "./answer-parts.ts";
import { identityOfArn, inOrder, roleIssuer } from "./identity-of-arn.ts";
import type { Lesson, SeenCall, SessionLesson } from "./seen-call.ts";

/** What answers say of temporary credentials. Whatever lacks the members looked for says nothing. */
export type SessionRule = (call: SeenCall) => readonly Lesson[];

export const SESSION_RULES: Readonly<Record<string, SessionRule>> = {
  "sts.amazonaws.com:AssumeRole": (call) => roleSession(call, CREDENTIALS, part(call.output, "AssumedRoleUser")),
  "sts.amazonaws.com:AssumeRoleWithSAML": (call) =>
    roleSession(call, CREDENTIALS, part(call.output, "AssumedRoleUser")),
  "sts.amazonaws.com:AssumeRoleWithWebIdentity": (call) =>
    roleSession(call, CREDENTIALS, part(call.output, "AssumedRoleUser"), webIdentity(call.output)),
  "sts.amazonaws.com:AssumeRoot": rootSession,
  "sts.amazonaws.com:GetSessionToken": ownSession,
  "sts.amazonaws.com:GetFederationToken": federatedSession,
  "sts.amazonaws.com:GetDelegatedAccessToken": delegatedSession,
  "eks-auth.amazonaws.com:AssumeRoleForPodIdentity": (call) => {
    const { arn, assumeRoleId } = part(call.output, "assumedRoleUser");
    return roleSession(call, LOWER_CREDENTIALS, { Arn: arn, AssumedRoleId: assumeRoleId });
  },
  "cognito-identity.amazonaws.com:GetCredentialsForIdentity": poolSession,
  "sso.amazonaws.com:GetRoleCredentials": portalSession,
};

/** What the members of temporary credentials are called. */
interface CredentialNames {
  readonly inside: string;
  readonly key: string;
  readonly token: string;
  readonly end: string;
}

const CREDENTIALS = { inside: "Credentials", key: "AccessKeyId", token: "SessionToken", end: "Expiration" };
const LOWER_CREDENTIALS = { inside: "credentials", key: "accessKeyId", token: "sessionToken", end: "expiration" };

/** As long as the longest session of AWS: for answers that do not say how long theirs lasts. */
export const SESSION_MS_MAX: number = 36 * 3_600_000;

function session(
  { output, now }: SeenCall,
  names: CredentialNames,
  identity: UserIdentity | undefined,
): readonly SessionLesson[] {
  const credentials = part(output, names.inside);
  const accessKeyId = keyId(credentials, names.key);
  if (accessKeyId === undefined) return [];
  return [
    {
      kind: "session",
      accessKeyId,
      ...optional("sessionToken", token(credentials, names.token)),
      identity: identity && inOrder({ ...identity, accessKeyId }),
      expiresAt: milliseconds(credentials, names.end) ?? now + SESSION_MS_MAX,
    },
  ];
}

/**
 * The source identity of a chain of roles is that of its first session, and MFA once shown has been shown. The answer
 * comes first in what it says; what only the request said was granted with it.
 */
function roleSession(
  call: SeenCall,
  names: CredentialNames,
  holder: Part,
  webIdFederationData: Part = {},
): readonly Lesson[] {
  const { input, output, identity } = call;
  const arn = text(holder, "Arn");
  const principalId = text(holder, "AssumedRoleId");
  const role = arn === undefined ? undefined : identityOfArn(arn, optional("principalId", principalId));
  if (arn === undefined || role?.type !== "AssumedRole") return [];
  const before = identity.sessionContext;
  const sourceIdentity = text(output, "SourceIdentity") ?? before?.sourceIdentity ?? text(input, "SourceIdentity");
  const mfa = showsMfa(input) || before?.attributes?.["mfaAuthenticated"] === "true";
  return session(call, names, {
    ...role,
    sessionContext: {
      sessionIssuer: roleIssuer(arn, principalId, text(input, "RoleArn")),
      webIdFederationData,
      attributes: attributes(call, mfa),
      ...optional("sourceIdentity", sourceIdentity),
    },
  });
}

/** As AWS tells it: nothing more of providers that an account has made, whose subjects are in the session's own record. */
function webIdentity(output: Part): Part {
  const federatedProvider = text(output, "Provider");
  if (federatedProvider === undefined) return {};
  if (federatedProvider.startsWith("arn:")) return { federatedProvider, attributes: {} };
  const audience = text(output, "Audience");
  const subject = text(output, "SubjectFromWebIdentityToken");
  return {
    federatedProvider,
    attributes: {
      ...optional(`${federatedProvider}:aud`, audience),
      ...optional(`${federatedProvider}:sub`, subject),
    },
  };
}

function rootSession(call: SeenCall): readonly Lesson[] {
  const target = text(call.input, "TargetPrincipal") ?? "";
  const { account = target, partition = "aws" } = parseArn(target) ?? {};
  const root = /^\d{12}$/.test(account) ? identityOfArn(`arn:${partition}:iam::${account}:root`) : undefined;
  if (root === undefined) return [];
  return session(call, CREDENTIALS, {
    ...root,
    sessionContext: {
      attributes: attributes(call, false),
      ...optional("sourceIdentity", text(call.output, "SourceIdentity")),
      assumedRoot: "true",
    },
  });
}

/** The session is its maker's, or nobody's that is known. Only emulators give them to sessions too. */
function ownSession(call: SeenCall): readonly Lesson[] {
  const { identity, input } = call;
  if (identity.arn === undefined && identity.userName === undefined) return session(call, CREDENTIALS, undefined);
  const before = identity.sessionContext;
  const mfa = showsMfa(input) || before?.attributes?.["mfaAuthenticated"] === "true";
  return session(call, CREDENTIALS, {
    ...identity,
    sessionContext: {
      ...context(call, before?.sessionIssuer ?? {}, mfa),
      ...optional("sourceIdentity", before?.sourceIdentity),
    },
  });
}

function federatedSession(call: SeenCall): readonly Lesson[] {
  const holder = part(call.output, "FederatedUser");
  const arn = text(holder, "Arn");
  const principalId = text(holder, "FederatedUserId");
  const federated = arn === undefined ? undefined : identityOfArn(arn, optional("principalId", principalId));
  if (federated?.type !== "FederatedUser") return [];
  const issuer = issuerOf(call.identity);
  return session(call, CREDENTIALS, { ...federated, sessionContext: context(call, issuer, false) });
}

/** Users and root can vouch for others. */
function issuerOf({ type, principalId, arn, accountId, userName }: UserIdentity): Readonly<Record<string, string>> {
  if (type !== "IAMUser" && type !== "Root") return {};
  return {
    type,
    ...optional("principalId", principalId),
    ...optional("arn", arn),
    ...optional("accountId", accountId),
    ...optional("userName", userName),
  };
}

function delegatedSession(call: SeenCall): readonly Lesson[] {
  const principal = text(call.output, "AssumedPrincipal");
  const identity = principal === undefined ? undefined : identityOfArn(principal);
  if (identity === undefined) return [];
  const issuer = identity.sessionContext?.sessionIssuer ?? {};
  return session(call, CREDENTIALS, { ...identity, sessionContext: context(call, issuer, false) });
}

/** The answer names an identity of the pool, not the role: so that is all that is known. */
function poolSession(call: SeenCall): readonly Lesson[] {
  const id = text(call.output, "IdentityId");
  if (id === undefined) return [];
  const pool = "cognito-identity.amazonaws.com";
  return session(call, CREDENTIALS, {
    type: "AssumedRole",
    sessionContext: {
      ...context(call, {}, false),
      webIdFederationData: { federatedProvider: pool, attributes: { [`${pool}:sub`]: id } },
    },
  });
}

/** Asked for is a permission set: the role that IAM Identity Center made of it goes by another name. */
function portalSession(call: SeenCall): readonly Lesson[] {
  const accountId = text(call.input, "accountId");
  if (accountId === undefined || !/^\d{12}$/.test(accountId)) return [];
  const issuer = { type: "Role", accountId };
  const names = { ...LOWER_CREDENTIALS, inside: "roleCredentials" };
  return session(call, names, {
    type: "AssumedRole",
    accountId,
    sessionContext: context(call, issuer, false),
  });
}

function context(call: SeenCall, sessionIssuer: Readonly<Record<string, string>>, mfa: boolean): SessionContext {
  return { sessionIssuer, webIdFederationData: {}, attributes: attributes(call, mfa) };
}

function attributes({ now }: SeenCall, mfa: boolean): Readonly<Record<string, string>> {
  return { creationDate: isoSeconds(now), mfaAuthenticated: String(mfa) };
}

/** A code without its device is none. */
function showsMfa(input: Part): boolean {
  return text(input, "TokenCode") !== undefined && text(input, "SerialNumber") !== undefined;
}
