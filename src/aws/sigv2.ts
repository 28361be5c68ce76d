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
 * @throws {Refusal} `SignatureDoesNotMatch`, `AccessDenied` when its time is over.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
 */
export function verifyPresignedUrl(
  head: SignedHead,
  url: PresignedUrl,
  secretKey: string,
  { path, now }: { readonly path: string; readonly now: number },
): void {
  const text = [
    head.method,
    headerValue(head.headers, "content-md5") ?? "",
    headerValue(head.headers, "content-type") ?? "",
    url.expires,
    ...amzHeaders(head),
    path + signedQuery(head.query),
  ].join("\n");
  const expected = createHmac("sha1", secretKey).update(text, "latin1").digest("base64");
  if (!sameSignature(url.signature, expected)) throw wrongSignature();
  // Only now: who did not sign shall not learn more.
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

/** Parameters that choose what is asked for are signed, others are not. */
const SIGNED_PARAMETERS: ReadonlySet<string> = new Set([
  ..."accelerate acl analytics cors defaultObjectAcl delete inventory lifecycle location logging metrics".split(" "),
  ..."notification object-lock partNumber policy replication requestPayment restore select select-type".split(" "),
  ..."storageClass tagging torrent uploadId uploads versionId versioning versions website".split(" "),
  ..."response-cache-control response-content-disposition response-content-encoding".split(" "),
  ..."response-content-language response-content-type response-expires".split(" "),
]);

function signedQuery(query: string): string {
  const signed = query
    .split("&")
    .map((parameter): readonly [string, string | undefined] => {
      const equals = parameter.indexOf("=");
      return equals < 0 ? [parameter, undefined] : [parameter.slice(0, equals), decode(parameter.slice(equals + 1))];
    })
    .filter(([name]) => SIGNED_PARAMETERS.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === undefined ? name : `${name}=${value}`));
  return signed.length === 0 ? "" : `?${signed.join("&")}`;
}
