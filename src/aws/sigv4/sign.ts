import { assert } from "../../core/index.ts";
import type { Headers, WireRequest } from "../http.ts";
import { canonicalQuery, canonicalRequest, encodeComponent, readQuery, sha256, signsRawPath } from "./canonical.ts";
import type { SignedHead } from "./read.ts";
import { ALGORITHM, formatScope, type Scope, sign, stringToSign } from "./signature.ts";
import { formatTimestamp } from "./timestamp.ts";

export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SigningScope {
  readonly region: string;
  readonly service: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * The request with `x-amz-date`, `authorization` and, where needed, `x-amz-security-token` and `x-amz-content-sha256`.
 *
 * Signs every header but those that proxies change on the way. The request must have a `host` header.
 */
export function signRequest(request: WireRequest, credentials: SigningCredentials, scope: SigningScope): WireRequest {
  const timestamp = formatTimestamp(scope.now);
  const payloadHash = request.headers["x-amz-content-sha256"]?.join() ?? sha256(request.body);
  const headers: Headers = {
    ...request.headers,
    "x-amz-date": [timestamp],
    ...(credentials.sessionToken === undefined ? {} : { "x-amz-security-token": [credentials.sessionToken] }),
    ...(signsRawPath(scope.service) ? { "x-amz-content-sha256": [payloadHash] } : {}),
  };
  const head = { ...request, headers };
  const { authorization } = signHead(head, signableHeaders(headers), payloadHash, credentials, scope);
  return { ...request, headers: { ...headers, authorization: [authorization] } };
}

/**
 * The `authorization` of a request as it stands: its `x-amz-date` says `scope.now`, and `signedHeaders`, lower case and
 * sorted, are among its headers. `payload` is the body's hash, or the word in its place.
 */
export function signHead(
  head: SignedHead,
  signedHeaders: readonly string[],
  payload: string,
  credentials: SigningCredentials,
  scope: SigningScope,
): { readonly authorization: string; readonly signature: string } {
  const timestamp = formatTimestamp(scope.now);
  const day: Scope = { date: timestamp.slice(0, 8), region: scope.region, service: scope.service };
  const canonical = canonicalRequest(head, scope.service, signedHeaders, payload);
  const signature = sign(credentials.secretAccessKey, day, stringToSign(timestamp, day, canonical));
  const authorization = `${ALGORITHM} Credential=${credentials.accessKeyId}/${formatScope(day)}, SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`;
  return { authorization, signature };
}

/**
 * The request with its signature in the query, good for `expiresSeconds` (1 to 604,800).
 *
 * As AWS's clients do, S3 requests are signed whatever their body, all others with the hash of theirs.
 */
export function presignRequest(
  request: WireRequest,
  credentials: SigningCredentials,
  scope: SigningScope & { readonly expiresSeconds: number },
): WireRequest {
  const timestamp = formatTimestamp(scope.now);
  const day: Scope = { date: timestamp.slice(0, 8), region: scope.region, service: scope.service };
  const names = signableHeaders(request.headers);
  const added: Readonly<Record<string, string>> = {
    "X-Amz-Algorithm": ALGORITHM,
    "X-Amz-Credential": `${credentials.accessKeyId}/${formatScope(day)}`,
    "X-Amz-Date": timestamp,
    "X-Amz-Expires": String(scope.expiresSeconds),
    "X-Amz-SignedHeaders": names.join(";"),
    ...(credentials.sessionToken === undefined ? {} : { "X-Amz-Security-Token": credentials.sessionToken }),
  };
  const parameters = Object.entries(added).map(([name, value]) => [name, encodeComponent(value)] as const);
  const query = canonicalQuery([...readQuery(request.query), ...parameters]);
  const payloadHash = signsRawPath(scope.service) ? "UNSIGNED-PAYLOAD" : sha256(request.body);
  const canonical = canonicalRequest({ ...request, query }, scope.service, names, payloadHash);
  const signature = sign(credentials.secretAccessKey, day, stringToSign(timestamp, day, canonical));
  return { ...request, query: `${query}&X-Amz-Signature=${signature}` };
}

/** What proxies and HTTP libraries add, drop or change. */
export const UNSIGNABLE: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "connection",
  "expect",
  "keep-alive",
  "pragma",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "x-amzn-trace-id",
]);

function signableHeaders(headers: Headers): readonly string[] {
  const names = Object.keys(headers).filter((name) => !UNSIGNABLE.has(name) && headers[name] !== undefined);
  assert(names.includes("host"), "a request to sign has a host header");
  return names.toSorted();
}
