import type { Protocol } from "../aws/index.ts";
import { Refusal } from "../core/index.ts";

/**
 * Errors that belong to no model have one name in the Query and REST-XML protocols and another in the JSON and CBOR
 * ones. Inside we use the Query name; this table gives the other with its HTTP status.
 * Source: "Common Errors" of the API references; unmodified clients against AWS's own services.
 */
const JSON_NAMES: Readonly<Record<string, readonly [name: string, status: number]>> = {
  MissingAuthenticationToken: ["MissingAuthenticationTokenException", 400],
  IncompleteSignature: ["IncompleteSignatureException", 400],
  SignatureDoesNotMatch: ["InvalidSignatureException", 400],
  RequestExpired: ["InvalidSignatureException", 400],
  InvalidClientTokenId: ["UnrecognizedClientException", 400],
  ExpiredToken: ["ExpiredTokenException", 400],
  AccessDenied: ["AccessDeniedException", 400],
  Throttling: ["ThrottlingException", 400],
  InvalidAction: ["UnknownOperationException", 400],
  RequestEntityTooLarge: ["RequestEntityTooLargeException", 413],
  ServiceUnavailable: ["ServiceUnavailableException", 503],
  InternalFailure: ["InternalFailure", 500],
};

/** The refusal under the name and status that clients of `protocol` expect. */
export function nameForProtocol(refusal: Refusal, protocol: Protocol): Refusal {
  if (protocol === "query" || protocol === "ec2" || protocol === "rest-xml") return refusal;
  const entry = JSON_NAMES[refusal.code];
  if (entry === undefined) return refusal;
  const [name, jsonStatus] = entry;
  // REST-JSON services keep the real status; the JSON protocols answer 400 to every mistake of the caller.
  const status = protocol === "rest-json" ? refusal.status : jsonStatus;
  return new Refusal(name, refusal.message, status, refusal.details);
}
