import type { ResolvedCall } from "../../aws/index.ts";
import type { UserIdentity } from "../../record/index.ts";

/** Errors that say: the upstream does not take the caller for who the key says. */
export const REFUSED_IDENTITY: ReadonlySet<string> = new Set([
  "AuthFailure",
  "ExpiredToken",
  "ExpiredTokenException",
  "IncompleteSignature",
  "IncompleteSignatureException",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidSecurity",
  "InvalidSignatureException",
  "InvalidToken",
  "MissingAuthenticationToken",
  "MissingAuthenticationTokenException",
  "NotSignedUp",
  "RequestExpired",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
]);

/** A caller that shows no key at all. S3 knows such by a name; elsewhere nothing is known. */
export function anonymousIdentity({ service }: ResolvedCall): UserIdentity {
  return service?.id === "s3" ? { type: "AWSAccount", accountId: "ANONYMOUS_PRINCIPAL" } : { type: "Unknown" };
}
