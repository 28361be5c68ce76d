import { optional } from "../../core/index.ts";
import type { ResolvedCall } from "../../aws/index.ts";
import type { UserIdentity } from "../../record/index.ts";
import { type Part, text } from "./answer-parts.ts";

/**
 * A caller that shows no key at all. S3 knows such by a name. Whoever brings another provider's token is whom the answer
 * says that the token names; `output` is undefined when the call failed, and then nobody is named.
 *
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export function unsignedIdentity(resolved: ResolvedCall, output: Part | undefined): UserIdentity {
  if (resolved.service?.id === "s3") return ANONYMOUS;
  const name = `${resolved.eventSource}:${resolved.operation}`;
  const told = output === undefined ? undefined : PROVIDERS.get(name)?.(output);
  return told ?? { type: "Unknown" };
}

/** Whoever calls S3 without a key. */
export const ANONYMOUS: UserIdentity = { type: "AWSAccount", accountId: "ANONYMOUS_PRINCIPAL" };

const PROVIDERS: ReadonlyMap<string, (output: Part) => UserIdentity | undefined> = new Map([
  ["sts.amazonaws.com:AssumeRoleWithWebIdentity", webIdentityUser],
  ["sts.amazonaws.com:AssumeRoleWithSAML", samlUser],
]);

/** The principal is made of issuer, application and user. */
function webIdentityUser(output: Part): UserIdentity | undefined {
  const userName = text(output, "SubjectFromWebIdentityToken");
  const provider = text(output, "Provider");
  if (userName === undefined) return undefined;
  const parts = [provider, text(output, "Audience"), userName];
  return {
    type: "WebIdentityUser",
    ...(parts.includes(undefined) ? {} : { principalId: parts.join(":") }),
    userName,
    ...optional("identityProvider", provider),
  };
}

/** The provider is told by its qualifier, a hash of issuer, account and provider's name; the issuer stands in the answer. */
function samlUser(output: Part): UserIdentity | undefined {
  const userName = text(output, "Subject");
  const qualifier = text(output, "NameQualifier");
  if (userName === undefined) return undefined;
  return {
    type: "SAMLUser",
    ...(qualifier === undefined ? {} : { principalId: `${qualifier}:${userName}` }),
    userName,
    ...optional("identityProvider", qualifier ?? text(output, "Issuer")),
  };
}
