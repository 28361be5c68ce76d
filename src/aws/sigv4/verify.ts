import { timingSafeEqual } from "node:crypto";
import { Refusal } from "../../core/index.ts";
import type { WireRequest } from "../http.ts";
import { canonicalRequest, headerValues, sha256, signsRawPath } from "./canonical.ts";
import { declaredPayload, UNSIGNED_PAYLOAD } from "./payload.ts";
import type { SignedHead, SignedRequest } from "./read.ts";
import { sign, stringToSign } from "./signature.ts";
import { formatTimestamp } from "./timestamp.ts";

export interface VerifyOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How far the caller's clock may be off, in milliseconds; 15 minutes as with AWS. */
  readonly skewMsMax?: number;
}

/**
 * Returns when `secretKey` has signed this request, now.
 *
 * The session token need not be signed, since its secret is what the signature proves; every other `x-amz-*` header
 * and `host` must be.
 * @throws {Refusal} `SignatureDoesNotMatch`: the signature, the day of the scope, the clock or the body is wrong.
 * @throws {Refusal} `RequestExpired`: presigned, and its time is over.
 * @throws {Refusal} `AccessDenied`: an `x-amz-*` header came unsigned.
 * @throws {Refusal} `NotImplemented`: the body is signed chunk by chunk.
 */
export function verifySignature(
  request: WireRequest,
  signed: SignedRequest,
  secretKey: string,
  options: VerifyOptions,
): void {
  verifyHead(request, signed, secretKey, payloadHash(request, signed), options);
}

/**
 * The same for a request whose body is not at hand: `payload` is the last line of what was signed, a hash or the word
 * that stands in its place. Whether the body has that hash is for the caller to see.
 * @throws {Refusal} as `verifySignature()`, but for what concerns the body.
 */
export function verifyHead(
  head: SignedHead,
  signed: SignedRequest,
  secretKey: string,
  payload: string,
  options: VerifyOptions,
): void {
  requireSignedHeaders(head, signed);
  requireScopeDate(signed);
  requireTimely(signed, options.now, options.skewMsMax ?? SKEW_MS_MAX);
  const canonical = canonicalRequest(head, signed.service, signed.signedHeaders, payload);
  const expected = sign(secretKey, signed, stringToSign(formatTimestamp(signed.timestamp), signed, canonical));
  if (!sameSignature(signed.signature, expected)) throw mismatch(MISMATCH);
}

/** Compares without telling by its time where they differ. */
export function sameSignature(given: string, expected: string): boolean {
  const bytes = Buffer.from(given, "latin1");
  return bytes.length === expected.length && timingSafeEqual(bytes, Buffer.from(expected, "latin1"));
}

const SKEW_MS_MAX = 15 * 60_000;

const MISMATCH =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/** The signature proves the secret that the token holds, and the canonical request ends with the other's value. */
const MAY_BE_UNSIGNED: ReadonlySet<string> = new Set(["x-amz-security-token", "x-amz-content-sha256"]);

function requireSignedHeaders(request: SignedHead, signed: SignedRequest): void {
  const names = new Set(signed.signedHeaders);
  if (!names.has("host")) throw mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  // Without this a header could be signed as absent and filled in by somebody on the way, or the other way round.
  for (const name of names) if (headerValues(request.headers, name).length === 0) throw mismatch(MISMATCH);
  for (const name of Object.keys(request.headers)) {
    if (name.startsWith("x-amz-") && !names.has(name) && !MAY_BE_UNSIGNED.has(name)) {
      const details = { HeadersNotSigned: name };
      throw new Refusal(
        "AccessDenied",
        "There were headers present in the request which were not signed",
        403,
        details,
      );
    }
  }
}

function requireScopeDate(signed: SignedRequest): void {
  const timestamp = formatTimestamp(signed.timestamp);
  const date = timestamp.slice(0, 8);
  if (signed.date === date) return;
  throw mismatch(
    `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${signed.date}' != '${date}', from '${timestamp}'.`,
  );
}

function requireTimely(signed: SignedRequest, now: number, skewMsMax: number): void {
  const minutes = Math.round(skewMsMax / 60_000);
  if (signed.timestamp > now + skewMsMax) {
    throw mismatch(
      `Signature not yet current: ${formatTimestamp(signed.timestamp)} is still later than ${formatTimestamp(now + skewMsMax)} (${formatTimestamp(now)} + ${minutes} min.)`,
    );
  }
  if (signed.expiresAt !== undefined) {
    if (now > signed.expiresAt) throw new Refusal("RequestExpired", "Request has expired.", 400);
  } else if (signed.timestamp < now - skewMsMax) {
    throw mismatch(
      `Signature expired: ${formatTimestamp(signed.timestamp)} is now earlier than ${formatTimestamp(now - skewMsMax)} (${formatTimestamp(now)} - ${minutes} min.)`,
    );
  }
}

/** The canonical request's last line. A hash that the caller sent is believed only when the body has it. */
function payloadHash(request: WireRequest, signed: SignedRequest): string {
  const declared = declaredPayload(request, signed.form);
  switch (declared.kind) {
    case "undeclared":
      return undeclaredPayload(signed) ?? sha256(request.body);
    case "unsigned":
      return UNSIGNED_PAYLOAD;
    case "chunks":
    case "events":
      throw notImplemented();
    case "hash":
      if (declared.sha256 !== sha256(request.body)) throw wrongBody(signed.service);
      return declared.sha256;
    case "unknown":
      if (declared.word.startsWith("STREAMING-")) throw notImplemented();
      throw wrongBody(signed.service);
  }
}

/** What is signed in place of the body's hash when nothing is declared; undefined when it is the hash itself. */
export function undeclaredPayload(signed: Pick<SignedRequest, "form" | "service">): string | undefined {
  return signed.form === "presigned" && signsRawPath(signed.service) ? UNSIGNED_PAYLOAD : undefined;
}

/** The body is not the one whose hash was declared: S3 and its relatives say so, the others only that something is wrong. */
export function wrongBody(service: string): Refusal {
  if (!signsRawPath(service)) return mismatch(MISMATCH);
  const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
  return new Refusal("XAmzContentSHA256Mismatch", message, 400);
}

/** A signature is wrong, and nothing more can be said. */
export function wrongSignature(): Refusal {
  return mismatch(MISMATCH);
}

export function notImplemented(): Refusal {
  return new Refusal("NotImplemented", "A header you provided implies functionality that is not implemented.", 501);
}

function mismatch(message: string): Refusal {
  return new Refusal("SignatureDoesNotMatch", message, 403);
}
