import { createHash } from "node:crypto";
import { Refusal } from "../../core/index.ts";
import { headerValue, type WireRequest } from "../http.ts";
import { decode, encodeComponent, readQuery } from "./canonical.ts";
import { ALGORITHM } from "./signature.ts";
import { parseDateHeader, parseTimestamp } from "./timestamp.ts";

/** A request without its body: what a signature is read from, and most of what it covers. */
export type SignedHead = Pick<WireRequest, "method" | "path" | "query" | "headers">;

/** What a request says about its signature; nothing of it is proven yet. */
export interface SignedRequest {
  readonly form: "header" | "presigned";
  /** Signature Version 4 when absent. */
  readonly version?: 2;
  readonly accessKeyId: string;
  /** Day of the scope, `20261120`. */
  readonly date: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly region: string;
  readonly service: string;
  /** Names in lower case, in the signature's order. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly sessionToken?: string;
  /** Presigned requests only: the last moment at which they are good, milliseconds since 1970. */
  readonly expiresAt?: number;
}

/**
 * Reads the `Authorization` header or the presigned query; undefined when the request is not signed at all.
 *
 * @throws {Refusal} `IncompleteSignature` when parts are missing or malformed, `SignatureDoesNotMatch` when the scope
 * ends wrongly. The texts never repeat a signature.
 */
export function readSignature(request: Pick<SignedHead, "query" | "headers">): SignedRequest | undefined {
  const authorization = request.headers["authorization"];
  const presigned = mayBePresigned(request.query) ? presignedParameters(request.query) : undefined;
  if (authorization === undefined || authorization.length === 0) {
    return presigned === undefined ? undefined : readPresigned(presigned);
  }
  if (presigned !== undefined || authorization.length > 1) throw incomplete(ONE_MECHANISM);
  return readHeader(authorization.join(), request);
}

const ONE_MECHANISM =
  "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified";

/** Longer ones are refused unread: a session token is not part of it, so real ones stay below 1 KiB. */
const AUTHORIZATION_LENGTH_MAX = 8_192;
const SIGNED_HEADERS_MAX = 200;
const EXPIRES_SECONDS_MAX = 604_800;
const EXPIRES_SECONDS_DEFAULT = 900;

function readHeader(authorization: string, request: Pick<SignedHead, "headers">): SignedRequest {
  if (authorization.length > AUTHORIZATION_LENGTH_MAX) throw incomplete("Authorization header is too long");
  const space = authorization.indexOf(" ");
  const algorithm = space < 0 ? authorization : authorization.slice(0, space);
  if (algorithm.startsWith("AWS4-")) requireAlgorithm(algorithm);
  const parts = keyValuePairs(authorization, algorithm === ALGORITHM ? authorization.slice(space + 1) : "");
  const date = headerValue(request.headers, "x-amz-date") ?? headerValue(request.headers, "date");
  const missing = [
    ...["Credential", "Signature", "SignedHeaders"]
      .filter((name) => !parts.get(name))
      .map((name) => `Authorization header requires '${name}' parameter.`),
    ...(date ? [] : ["Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."]),
  ];
  if (missing.length > 0 || !date) {
    throw incomplete(
      `${missing.join(" ")} (Hashed with SHA-256 and encoded with Base64) Authorization=${digest(authorization)}`,
    );
  }
  const timestamp = request.headers["x-amz-date"] === undefined ? parseDateHeader(date) : parseTimestamp(date);
  const token = headerValue(request.headers, "x-amz-security-token");
  return {
    form: "header",
    ...readCredential(parts.get("Credential") ?? ""),
    timestamp: requireTimestamp(timestamp, date),
    signedHeaders: readSignedHeaders(parts.get("SignedHeaders") ?? ""),
    signature: parts.get("Signature") ?? "",
    ...(token ? { sessionToken: token } : {}),
  };
}

/** `Credential=…, SignedHeaders=…, Signature=…`; the space after the comma may be missing. */
function keyValuePairs(authorization: string, text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const part of text === "" ? [] : text.split(",")) {
    const equals = part.indexOf("=");
    if (equals < 0) {
      throw incomplete(
        `'${digest(part.trim())}' not a valid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${digest(authorization)}'.`,
      );
    }
    const name = part.slice(0, equals).trim();
    if (pairs.has(name))
      throw incomplete(`Authorization header has more than one '${encodeComponent(name)}' parameter.`);
    pairs.set(name, part.slice(equals + 1).trim());
  }
  return pairs;
}

function readPresigned(parameters: ReadonlyMap<string, string>): SignedRequest {
  const missing = PRESIGNED_NAMES.filter((name) => !parameters.get(name));
  if (missing.length > 0) {
    const sentences = missing.map((name) => `AWS query-string parameters must include '${name}'.`);
    throw incomplete(`${sentences.join(" ")} Re-examine the query-string parameters.`);
  }
  const value = (name: (typeof PRESIGNED_NAMES)[number]): string => parameters.get(name) ?? "";
  requireAlgorithm(value("X-Amz-Algorithm"));
  const date = value("X-Amz-Date");
  const timestamp = requireTimestamp(parseTimestamp(date), date);
  const token = parameters.get("X-Amz-Security-Token");
  return {
    form: "presigned",
    ...readCredential(value("X-Amz-Credential")),
    timestamp,
    signedHeaders: readSignedHeaders(value("X-Amz-SignedHeaders")),
    signature: value("X-Amz-Signature"),
    ...(token ? { sessionToken: token } : {}),
    expiresAt: timestamp + readExpires(parameters.get("X-Amz-Expires")) * 1000,
  };
}

const PRESIGNED_NAMES = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-SignedHeaders",
  "X-Amz-Signature",
] as const;

/** Most requests have no query of this kind: the cheap look comes first. */
function mayBePresigned(query: string): boolean {
  return /X-Amz-(?:Algorithm|Credential|Signature)/.test(query);
}

function presignedParameters(query: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of readQuery(query)) {
    if (!name.startsWith("X-Amz-")) continue;
    if (found.has(name)) throw incomplete(`AWS query-string parameters must include '${name}' only once.`);
    found.set(name, decode(value));
  }
  return found;
}

function readCredential(text: string): Pick<SignedRequest, "accessKeyId" | "date" | "region" | "service"> {
  const [accessKeyId, date, region, service, terminator, ...rest] = text.split("/");
  if (!accessKeyId || !date || !region || !service || !terminator || rest.length > 0) {
    throw incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${shown(text)}'`,
    );
  }
  if (terminator !== "aws4_request") {
    const message = `Credential should be scoped with a valid terminator: 'aws4_request', not '${shown(terminator)}'.`;
    throw new Refusal("SignatureDoesNotMatch", message, 403);
  }
  return { accessKeyId, date, region, service };
}

function readSignedHeaders(text: string): readonly string[] {
  const names = text.split(";");
  if (names.length > SIGNED_HEADERS_MAX) throw incomplete(`more than ${SIGNED_HEADERS_MAX} signed headers`);
  return names;
}

function readExpires(text: string | undefined): number {
  if (text === undefined) return EXPIRES_SECONDS_DEFAULT;
  if (!/^-?\d{1,15}$/.test(text)) throw incomplete("X-Amz-Expires should be a number");
  const seconds = Number(text);
  if (seconds < 0) throw incomplete("X-Amz-Expires must be non-negative");
  if (seconds > EXPIRES_SECONDS_MAX) {
    throw incomplete(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${EXPIRES_SECONDS_MAX} seconds`,
    );
  }
  return seconds;
}

function requireAlgorithm(algorithm: string): void {
  if (algorithm === ALGORITHM) return;
  throw incomplete(`Unsupported AWS 'algorithm': '${shown(algorithm)}' (only ${ALGORITHM} is supported).`);
}

function requireTimestamp(timestamp: number | undefined, text: string): number {
  if (timestamp !== undefined) return timestamp;
  throw incomplete(
    `Date must be in ISO-8601 'basic format'. Got '${shown(text)}'. See http://en.wikipedia.org/wiki/ISO_8601`,
  );
}

/** What a message repeats of a broken part: its first word, since the rest may hold the signature. */
function shown(text: string): string {
  return text.split(/\s/, 1).join().slice(0, 200);
}

/** AWS repeats credentials only as a hash: the text ends up in logs. */
function digest(text: string): string {
  return createHash("sha256").update(text, "latin1").digest("base64");
}

function incomplete(message: string): Refusal {
  return new Refusal("IncompleteSignature", message, 400);
}
