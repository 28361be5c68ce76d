import {
  type ChunkSeed,
  declaredPayload,
  decode,
  formatTimestamp,
  type Headers,
  headerPairs,
  headersOf,
  notImplemented,
  type SigningCredentials,
  signHead,
  signsRawPath,
  UNSIGNABLE,
  UNSIGNED_PAYLOAD,
  undeclaredPayload,
} from "../../aws/index.ts";
import { assert } from "../../core/index.ts";

/** A request as its client sent and signed it. */
export interface RequestToResign {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Name, value, name, value …: as they came. */
  readonly rawHeaders: readonly string[];
  /** What the client signed, `SignedRequest.signedHeaders`: the upstream shall be as sure of them as we are. */
  readonly signedHeaders: readonly string[];
  /**
   * Lower-case hexadecimal of the body's SHA-256; needed where `needsWholeBody()` says so.
   */
  readonly bodyHash?: string;
}

/** For whom it is signed. */
export interface ResignOptions {
  readonly credentials: SigningCredentials;
  readonly region: string;
  /** The name in the scope: the one that the client signed for. */
  readonly service: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Takes the place of the client's Host. A bucket in that name would be lost: the path must have it then. */
  readonly host?: string;
}

/** The request as the upstream gets it. */
export interface ResignedRequest {
  readonly target: string;
  readonly rawHeaders: readonly string[];
  /** The body is signed in chunks, which need new signatures: for `guardBody()`. */
  readonly chunks?: ChunkSeed;
}

/**
 * Takes the client's signature away, wherever it stands, and puts the route's in an `Authorization` header. All else stays
 * byte for byte: the path, the rest of the query, the other headers in their order and case, what is declared of the body.
 * @throws {Refusal} `NotImplemented`: the body is of a kind that cannot be signed anew.
 */
export function resign(request: RequestToResign, options: ResignOptions): ResignedRequest {
  const { credentials, now, region, service } = options;
  const timestamp = formatTimestamp(now);
  const [path = "", query = ""] = splitOnce(request.target, "?");
  const { line, header } = payloadOf(request, query, service);
  const kept = withoutSignature(request.rawHeaders, options.host);
  const added = [
    ["X-Amz-Date", timestamp],
    ...(credentials.sessionToken === undefined ? [] : [["X-Amz-Security-Token", credentials.sessionToken]]),
    ...(header && !has(kept, "x-amz-content-sha256") ? [["X-Amz-Content-Sha256", line]] : []),
  ].flat();
  const rawHeaders = [...kept, ...added];
  const left = withoutSignatureQuery(query);
  const headers = headersOf(rawHeaders);
  const head = { method: request.method, path, query: left, headers };
  const names = namesToSign(headers, request.signedHeaders);
  const { authorization, signature } = signHead(head, names, line, credentials, { region, service, now });
  const scope = { date: timestamp.slice(0, 8), region, service };
  const { secretAccessKey } = credentials;
  return {
    target: left === "" ? path : `${path}?${left}`,
    rawHeaders: [...rawHeaders, "Authorization", authorization],
    ...(line.startsWith("STREAMING-AWS4-") ? { chunks: { secretAccessKey, scope, timestamp, signature } } : {}),
  };
}

/** The last line of what is signed, and whether a header must say it. */
function payloadOf(
  { bodyHash, rawHeaders }: RequestToResign,
  query: string,
  service: string,
): { readonly line: string; readonly header: boolean } {
  const headers = headersOf(rawHeaders);
  const form = headers["authorization"] === undefined ? "presigned" : "header";
  const declared = declaredPayload({ method: "", path: "", query, headers }, form);
  switch (declared.kind) {
    case "hash":
      return { line: declared.sha256, header: true };
    case "unsigned":
      return { line: UNSIGNED_PAYLOAD, header: true };
    case "chunks":
      return { line: declared.word, header: true };
    case "undeclared": {
      const line = undeclaredPayload({ form, service }) ?? bodyHash;
      assert(line !== undefined, "the hash of a body is known when nothing is declared of it");
      return { line, header: signsRawPath(service) };
    }
    case "events":
    case "unknown":
      throw notImplemented();
  }
}

const SIGNATURE_HEADERS: ReadonlySet<string> = new Set(["authorization", "x-amz-date", "x-amz-security-token"]);

function withoutSignature(rawHeaders: readonly string[], host: string | undefined): readonly string[] {
  return headerPairs(rawHeaders).flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    if (SIGNATURE_HEADERS.has(lower)) return [];
    return [name, lower === "host" && host !== undefined ? host : value];
  });
}

const SIGNATURE_PARAMETERS: ReadonlySet<string> = new Set([
  "X-Amz-Algorithm",
  "X-Amz-Content-Sha256",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-Security-Token",
  "X-Amz-Signature",
  "X-Amz-SignedHeaders",
]);

/** The others stay as they are escaped, in their order. */
function withoutSignatureQuery(query: string): string {
  return query
    .split("&")
    .filter((part) => !SIGNATURE_PARAMETERS.has(decode(splitOnce(part, "=")[0] ?? "")))
    .join("&");
}

/**
 * What the client had signed and still is there, and what must be: the host and every `x-amz-*` header. Not what the
 * connection changes on the way.
 */
function namesToSign(headers: Headers, signedByClient: readonly string[]): readonly string[] {
  const before = new Set(signedByClient);
  return Object.keys(headers)
    .filter((name) => ALWAYS_SIGNED.has(name) || name.startsWith("x-amz-") || before.has(name))
    .filter((name) => !UNSIGNABLE.has(name) && !OF_THE_CONNECTION.test(name))
    .toSorted();
}

const ALWAYS_SIGNED: ReadonlySet<string> = new Set(["host", "content-type", "content-md5"]);
const OF_THE_CONNECTION = /^(?:content-length|accept-encoding|via|forwarded|x-forwarded-.*|proxy-.*)$/;

function has(rawHeaders: readonly string[], name: string): boolean {
  return headerPairs(rawHeaders).some(([each]) => each.toLowerCase() === name);
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
