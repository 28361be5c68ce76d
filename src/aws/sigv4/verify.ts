import { timingSafeEqual } from "node:crypto";
import { Refusal } from "../../core/index.ts";
import { headerValue, type WireRequest } from "../http.ts";
import { canonicalRequest, decode, headerValues, readQuery, sha256, signsRawPath } from "./canonical.ts";
import type { SignedRequest } from "./read.ts";
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
  requireSignedHeaders(request, signed);
  requireScopeDate(signed);
  requireTimely(signed, options.now, options.skewMsMax ?? SKEW_MS_MAX);
  const canonical = canonicalRequest(request, signed.service, signed.signedHeaders, payloadHash(request, signed));
  const expected = sign(secretKey, signed, stringToSign(formatTimestamp(signed.timestamp), signed, canonical));
  const given = Buffer.from(signed.signature, "latin1");
  if (given.length !== expected.length || !timingSafeEqual(given, Buffer.from(expected, "latin1"))) {
    throw mismatch(MISMATCH);
  }
}

const SKEW_MS_MAX = 15 * 60_000;

const MISMATCH =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/** The signature proves the secret that the token holds, and the canonical request ends with the other's value. */
const MAY_BE_UNSIGNED: ReadonlySet<string> = new Set(["x-amz-security-token", "x-amz-content-sha256"]);

function requireSignedHeaders(request: WireRequest, signed: SignedRequest): void {
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
  const claimed = headerValue(request.headers, "x-amz-content-sha256") ?? presignedContentHash(request, signed);
  if (claimed === undefined) {
    const unsigned = signed.form === "presigned" && signsRawPath(signed.service);
    return unsigned ? UNSIGNED : sha256(request.body);
  }
  if (claimed === UNSIGNED) return UNSIGNED;
  if (claimed.startsWith("STREAMING-")) {
    const message = "A header you provided implies functionality that is not implemented.";
    throw new Refusal("NotImplemented", message, 501);
  }
  if (claimed !== sha256(request.body)) throw wrongBody(signed.service);
  return claimed;
}

const UNSIGNED = "UNSIGNED-PAYLOAD";

function presignedContentHash(request: WireRequest, signed: SignedRequest): string | undefined {
  if (signed.form !== "presigned") return undefined;
  const found = readQuery(request.query).find(([name]) => name === "X-Amz-Content-Sha256");
  return found === undefined ? undefined : decode(found[1]);
}

function wrongBody(service: string): Refusal {
  if (!signsRawPath(service)) return mismatch(MISMATCH);
  const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
  return new Refusal("XAmzContentSHA256Mismatch", message, 400);
}

function mismatch(message: string): Refusal {
  return new Refusal("SignatureDoesNotMatch", message, 403);
}
