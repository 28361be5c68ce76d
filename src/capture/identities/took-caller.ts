/** An answer, as far as it tells whether the upstream has looked at who calls. */
export interface Verdict {
  readonly status: number;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  /** False for errors without a body, such as the answers to HEAD: their code was made of the status. */
  readonly hasBody: boolean;
}

/**
 * Whether an answer shows that the upstream took the caller for the holder of the key that the request names: it did what
 * was asked, or refused it for another reason. An answer that a proxy or an overloaded server could have given without
 * a look at the signature shows nothing.
 */
export function tookCaller({ status, errorCode, errorMessage = "", hasBody }: Verdict): boolean {
  if (errorCode === undefined) return status < 400;
  if (status >= 500 || (status >= 300 && status < 400) || UNSEEN_STATUSES.has(status)) return false;
  if (!hasBody && (status === 400 || status === 403)) return false;
  return !UNPROVEN.has(errorCode.replace(/^Client\./, "")) && !/request has expired/i.test(errorMessage);
}

/** Not authenticated, or too many requests of anybody. */
const UNSEEN_STATUSES: ReadonlySet<number> = new Set([401, 408, 413, 414, 417, 421, 426, 429, 431]);

const UNPROVEN: ReadonlySet<string> = new Set([
  // The upstream does not take the caller for who the key says.
  "AuthFailure",
  "AuthorizationHeaderMalformed",
  "AuthorizationQueryParametersError",
  "CredentialsNotSupported",
  "ExpiredToken",
  "ExpiredTokenException",
  "IncompleteSignature",
  "IncompleteSignatureException",
  "InactiveAccessKey",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidSecurity",
  "InvalidSignature",
  "InvalidSignatureException",
  "InvalidToken",
  "InvalidTokenId",
  "MissingAuthenticationToken",
  "MissingAuthenticationTokenException",
  "MissingSecurityHeader",
  "NotSignedUp",
  "OptInRequired",
  "RequestExpired",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
  "SignatureVersionNotSupported",
  "TokenRefreshRequired",
  "Unauthorized",
  "UnrecognizedClientException",
  "XAmzContentSHA256Mismatch",
  // What servers find out before they look at a signature.
  "BadDigest",
  "BadRequest",
  "EntityTooLarge",
  "IncompleteBody",
  "InvalidBucketName",
  "InvalidDigest",
  "InvalidRequest",
  "InvalidURI",
  "KeyTooLongError",
  "MalformedHTTPRequestException",
  "MetadataTooLarge",
  "MethodNotAllowed",
  "MissingContentLength",
  "RequestHeaderSectionTooLarge",
  "RequestTimeout",
  "SlowDown",
  "UnknownOperationException",
]);
