import { Refusal } from "../core/index.ts";
import type { Protocol } from "./shapes.ts";

/** Another name and status for a refusal; text in the service's own words where clients show or match it. */
type Renaming = readonly [name: string, status: number, message?: string];

/**
 * Errors that belong to no model have one name in the Query and REST-XML protocols and another in the JSON and CBOR
 * ones. Inside we use the Query name; this table gives the other with its HTTP status.
 * Source: "Common Errors" of the API references; unmodified clients against AWS's own services.
 */
const JSON_NAMES: Readonly<Record<string, Renaming>> = {
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

/**
 * What S3 calls them, and what it answers.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
const S3_NAMES: Readonly<Record<string, Renaming>> = {
  MissingAuthenticationToken: ["AccessDenied", 403, "Access Denied"],
  IncompleteSignature: ["AuthorizationHeaderMalformed", 400],
  SignatureDoesNotMatch: ["SignatureDoesNotMatch", 403],
  RequestExpired: ["AccessDenied", 403, "Request has expired"],
  InvalidClientTokenId: [
    "InvalidAccessKeyId",
    403,
    "The AWS Access Key Id you provided does not exist in our records.",
  ],
  ExpiredToken: ["ExpiredToken", 400, "The provided token has expired."],
  Throttling: ["SlowDown", 503, "Please reduce your request rate."],
  InvalidAction: ["MethodNotAllowed", 405, "The specified method is not allowed against this resource."],
  RequestEntityTooLarge: ["EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed object size."],
  SerializationException: [
    "MalformedXML",
    400,
    "The XML you provided was not well-formed or did not validate against our published schema",
  ],
  InternalFailure: ["InternalError", 500, "We encountered an internal error. Please try again."],
};

const AUTH_FAILURE: Renaming = ["AuthFailure", 401, "AWS was not able to validate the provided access credentials"];

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
const EC2_NAMES: Readonly<Record<string, Renaming>> = {
  SignatureDoesNotMatch: AUTH_FAILURE,
  InvalidClientTokenId: AUTH_FAILURE,
  AccessDenied: ["UnauthorizedOperation", 403],
  Throttling: ["RequestLimitExceeded", 503],
  ServiceUnavailable: ["Unavailable", 503],
  InternalFailure: ["InternalError", 500],
};

/** SNS has a name of its own for it; seen from its API reference and its clients alike. */
const SNS_NAMES: Readonly<Record<string, Renaming>> = { AccessDenied: ["AuthorizationError", 403] };

/** Services that have names of their own, by botocore's name; before the protocol's. */
const SERVICE_NAMES: Readonly<Record<string, Readonly<Record<string, Renaming>>>> = {
  s3: S3_NAMES,
  ec2: EC2_NAMES,
  sns: SNS_NAMES,
};

/** The refusal under the name and status that clients of `protocol` expect. */
export function nameForProtocol(refusal: Refusal, protocol: Protocol): Refusal {
  if (protocol === "query" || protocol === "ec2" || protocol === "rest-xml") return refusal;
  const entry = Object.hasOwn(JSON_NAMES, refusal.code) ? JSON_NAMES[refusal.code] : undefined;
  if (entry === undefined) return refusal;
  const [name, jsonStatus] = entry;
  // REST-JSON services keep the real status; the JSON protocols answer 400 to every mistake of the caller.
  const status = protocol === "rest-json" ? refusal.status : jsonStatus;
  return new Refusal(name, refusal.message, status, refusal.details);
}

/**
 * The refusal as that service says it. `serviceId` is botocore's name of the service; one without names of its own gets
 * those of the protocol.
 */
export function nameForService(refusal: Refusal, serviceId: string | undefined, protocol: Protocol): Refusal {
  const names =
    serviceId !== undefined && Object.hasOwn(SERVICE_NAMES, serviceId) ? SERVICE_NAMES[serviceId] : undefined;
  const entry = names !== undefined && Object.hasOwn(names, refusal.code) ? names[refusal.code] : undefined;
  if (entry === undefined) return nameForProtocol(refusal, protocol);
  const [name, status, message] = entry;
  return new Refusal(name, message ?? refusal.message, status, refusal.details);
}
