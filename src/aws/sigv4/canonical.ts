import { createHash } from "node:crypto";
import { assert } from "../../core/index.ts";
import type { Headers, WireRequest } from "../http.ts";

/** `name` and `value` of one query parameter, percent-encoded the one canonical way. */
export type QueryParameter = readonly [name: string, value: string];

/**
 * The text that a signature covers: method, path, query, signed headers and body, each in the one form that client and
 * server agree on.
 *
 * `signedHeaders` are names in lower case, in the order of the signature.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function canonicalRequest(
  request: Omit<WireRequest, "body">,
  service: string,
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  const headers = signedHeaders.map((name) => `${name}:${canonicalValue(request.headers, name)}\n`);
  return [
    request.method,
    canonicalPath(request.path, service),
    canonicalQuery(readQuery(request.query).filter(([name]) => name !== "X-Amz-Signature")),
    headers.join(""),
    signedHeaders.join(";"),
    payloadHash,
  ].join("\n");
}

/** S3 and its relatives take the path as it is, every other service a normalised path that is encoded once more. */
export function signsRawPath(service: string): boolean {
  return RAW_PATH_SERVICES.has(service);
}

const RAW_PATH_SERVICES: ReadonlySet<string> = new Set(["s3", "s3express", "s3-object-lambda", "s3-outposts"]);

function canonicalPath(path: string, service: string): string {
  if (signsRawPath(service)) return encode(decode(path), KEPT_IN_PATH) || "/";
  return encode(withoutDots(path), KEPT_IN_PATH);
}

/** Takes `.` and `..` away, and runs of slashes become one. The last slash stays, as AWS's clients have it. */
function withoutDots(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  if (kept.length === 0) return "/";
  return `/${kept.join("/")}${path.endsWith("/") ? "/" : ""}`;
}

/** The parameters in their order on the wire. `+` is a space, as the services themselves read it. */
export function readQuery(query: string): readonly QueryParameter[] {
  const parameters: QueryParameter[] = [];
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const [name, value] = equals < 0 ? [part, ""] : [part.slice(0, equals), part.slice(equals + 1)];
    parameters.push([encodeComponent(decodePlus(name)), encodeComponent(decodePlus(value))]);
  }
  return parameters;
}

/** By name, then by value: comparing `name=value` as a whole would put `a-b` before `a`. */
export function canonicalQuery(parameters: readonly QueryParameter[]): string {
  return parameters
    .toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** Values in their order, joined by commas; spaces and folded lines inside them become one space. */
function canonicalValue(headers: Headers, name: string): string {
  return headerValues(headers, name)
    .map((value) => value.replace(/[ \t\r\n]+/g, " ").trim())
    .join(",");
}

/** A header's values by a name that the caller chose: `constructor` is no header of any request. */
export function headerValues(headers: Headers, name: string): readonly string[] {
  return Object.hasOwn(headers, name) ? (headers[name] ?? []) : [];
}

/** Percent-encodes everything but the unreserved characters of RFC 3986, one byte per character. */
export function encodeComponent(text: string): string {
  return encode(text, KEPT);
}

/** Undoes percent-encoding; the result holds one character per byte. A `%` that begins no escape stays itself. */
export function decode(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** SHA-256 in lower-case hexadecimal; text counts as one byte per character. */
export function sha256(content: string | Uint8Array): string {
  if (typeof content !== "string") return createHash("sha256").update(content).digest("hex");
  // Beyond a byte, latin1 would drop bits, and two texts would have one hash.
  assert(BYTES.test(content), "signed text has one character per byte");
  return createHash("sha256").update(content, "latin1").digest("hex");
}

const BYTES = /^[\0-\xff]*$/;
const KEPT = /[^A-Za-z0-9\-._~]/g;
const KEPT_IN_PATH = /[^A-Za-z0-9\-._~/]/g;

function encode(text: string, others: RegExp): string {
  assert(BYTES.test(text), "paths and queries have one character per byte");
  return text.replace(others, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function decodePlus(text: string): string {
  return decode(text.replaceAll("+", " "));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
