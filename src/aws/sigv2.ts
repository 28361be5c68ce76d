import { createHmac } from "node:crypto";
import { Refusal } from "../core/index.ts";
import { headerValue } from "./http.ts";
import { decode, readQuery, type SignedHead, sameSignature, wrongSignature } from "./sigv4/index.ts";

/**
 * What a URL says that was presigned with Signature Version 2: the AWS CLI and boto3 still make them for S3 where they are
 * not told otherwise. Nothing of it is proven yet.
 */
export interface PresignedUrl {
  readonly accessKeyId: string;
  readonly signature: string;
  /** Seconds since 1970, as it stands in the URL. */
  readonly expires: string;
  readonly sessionToken?: string;
}

/** Undefined when the query holds no such signature. @throws {Refusal} `AccessDenied` when parts of it are missing. */
export function readPresignedUrl(query: string): PresignedUrl | undefined {
  if (!/(?:^|&)AWSAccessKeyId=/.test(query)) return undefined;
  const given = new Map(readQuery(query).map(([name, value]) => [decode(name), decode(value)]));
  const [accessKeyId, signature, expires] = ["AWSAccessKeyId", "Signature", "Expires"].map((name) => given.get(name));
  if (!accessKeyId || !signature || expires === undefined || !/^\d{1,12}$/.test(expires)) {
    const message = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters";
    throw new Refusal("AccessDenied", message, 403);
  }
  const sessionToken = given.get("x-amz-security-token");
  return { accessKeyId, signature, expires, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/**
 * Returns when `secretKey` has signed this URL and its time is not over. `path` is that of the request with its bucket in
 * front, however the bucket was named.
 * @throws {Refusal} `SignatureDoesNotMatch`; `AccessDenied` when its time is over, or it says more than is signed.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
 */
export function verifyPresignedUrl(
  head: SignedHead,
  url: PresignedUrl,
  secretKey: string,
  { path, now }: { readonly path: string; readonly now: number },
): void {
  const parameters = parametersOf(head.query);
  // Clients sign a bucket as if a slash followed, whether or not they send one.
  const paths = /^\/[^/]+$/.test(path) ? [`${path}/`, path] : [path];
  const isSigned = paths.some((each) => {
    const text = [
      head.method,
      headerValue(head.headers, "content-md5") ?? "",
      headerValue(head.headers, "content-type") ?? "",
      url.expires,
      ...amzHeaders(head),
      each + signedQuery(parameters),
    ].join("\n");
    return sameSignature(url.signature, createHmac("sha1", secretKey).update(text, "latin1").digest("base64"));
  });
  if (!isSigned) throw wrongSignature();
  // Only now: who did not sign shall not learn more.
  refuseAdded(parameters);
  if (now > Number(url.expires) * 1000) throw new Refusal("AccessDenied", "Request has expired", 403);
}

/** Names in lower case, sorted; clients put those that they sign into the query, where browsers can carry them. */
function amzHeaders({ headers, query }: SignedHead): readonly string[] {
  const named = new Map<string, string>();
  for (const [name, value] of readQuery(query)) {
    const plain = decode(name).toLowerCase();
    if (plain.startsWith("x-amz-")) named.set(plain, decode(value).trim());
  }
  for (const [name, values = []] of Object.entries(headers)) {
    if (name.startsWith("x-amz-")) named.set(name, values.map((value) => value.trim()).join(","));
  }
  return [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}:${value}`);
}

/** Parameters that choose what is asked for are signed, as far as the clients of that time knew them. */
const SIGNED_PARAMETERS: ReadonlySet<string> = new Set([
  ..."accelerate acl analytics cors defaultObjectAcl delete inventory lifecycle location logging metrics".split(" "),
  ..."notification object-lock partNumber policy replication requestPayment restore select select-type".split(" "),
  ..."storageClass tagging torrent uploadId uploads versionId versioning versions website".split(" "),
  ..."response-cache-control response-content-disposition response-content-encoding".split(" "),
  ..."response-content-language response-content-type response-expires".split(" "),
]);

function signedQuery(parameters: readonly Parameter[]): string {
  const signed = parameters
    .filter(([name]) => SIGNED_PARAMETERS.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === undefined ? name : `${name}=${value}`));
  return signed.length === 0 ? "" : `?${signed.join("&")}`;
}

/** Decoded, in their order; without a value where no `=` stands. */
type Parameter = readonly [name: string, value: string | undefined];

/** However a name is written, it must not be read by the next one as something else than it is here. */
function parametersOf(query: string): readonly Parameter[] {
  return query
    .split("&")
    .filter((text) => text !== "")
    .map((text) => {
      const equals = text.indexOf("=");
      const plain = (part: string): string => decode(part.replaceAll("+", " "));
      return equals < 0 ? [plain(text), undefined] : [plain(text.slice(0, equals)), decode(text.slice(equals + 1))];
    });
}

/** What may be said besides: the signature, headers that it covers, and how much is listed, which clients do not sign. */
const UNSIGNED_PARAMETERS: ReadonlySet<string> = new Set([
  ..."content-md5 content-type date".split(" "),
  ..."AWSAccessKeyId Signature Expires continuation-token delimiter encoding-type fetch-owner key-marker".split(" "),
  ..."list-type marker max-keys max-parts max-uploads part-number-marker prefix start-after".split(" "),
  ..."upload-id-marker version-id-marker".split(" "),
]);

/**
 * Whoever holds the URL can add to it what its signature does not cover: `legal-hold` would make a permission to write an
 * object one to unlock it.
 */
function refuseAdded(parameters: readonly Parameter[]): void {
  const isKnown = (name: string): boolean =>
    SIGNED_PARAMETERS.has(name) || UNSIGNED_PARAMETERS.has(name) || /^x-/i.test(name);
  const added = parameters.find(([name]) => !isKnown(name));
  if (added === undefined) return;
  const message = `The query parameter ${added[0].slice(0, 100)} is not covered by Signature Version 2; please sign with AWS4-HMAC-SHA256`;
  throw new Refusal("AccessDenied", message, 403);
}
