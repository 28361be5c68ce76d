/** Which bucket and key a request to S3 is about: they stand in the path, or the bucket in the host's name. */
import type { WireRequest } from "../http.ts";
import { headerValue } from "../http.ts";

/** Names under which AWS and its emulators serve buckets as `bucket.s3.…` without being told. */
const KNOWN_SUFFIXES = [".amazonaws.com", ".amazonaws.com.cn", ".localhost.localstack.cloud", ".localhost"] as const;

/** The label before which the bucket stands: `s3`, `s3-us-west-2`, `s3express-use1-az4`, `s3-accesspoint`, `s3-outposts`. */
const S3_LABEL = /^(?:s3|s3-[a-z0-9-]+|s3express-[a-z0-9-]+)$/;

/** The request's host in lower case, without port; empty when there is none or it is an IPv6 address. */
export function hostName({ headers }: Pick<WireRequest, "headers">): string {
  const host = headerValue(headers, "host") ?? "";
  const colon = host.indexOf(":");
  return host.startsWith("[") ? "" : (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
}

/** The bucket in a host's name, or undefined where it stands in the path. `bases`: lower case, without port. */
export function bucketInHost(host: string, bases: readonly string[]): string | undefined {
  if (!host.includes(".") || isIpv4(host)) return undefined;
  for (const base of bases) {
    if (host === base) return undefined;
    if (host.endsWith(`.${base}`)) return host.slice(0, -base.length - 1);
  }
  const suffix = KNOWN_SUFFIXES.find((known) => host.endsWith(known));
  if (suffix === undefined) return undefined;
  const labels = host.slice(0, -suffix.length).split(".");
  const isLocal = suffix === ".localhost";
  const at = labels.findLastIndex((label) => (isLocal ? label === "s3" : S3_LABEL.test(label)));
  // What stands before `s3-control` is an account.
  if (at >= 0) return at === 0 || labels[at] === "s3-control" ? undefined : labels.slice(0, at).join(".");
  return isLocal ? labels.join(".") : undefined;
}

function isIpv4(host: string): boolean {
  return /^\d+(?:\.\d+){3}$/.test(host);
}

/** True when the host's name itself says S3: below a configured base, or one of AWS's own. Any service may be at the base. */
export function isS3Host(host: string, bases: readonly string[]): boolean {
  if (bases.some((base) => host.endsWith(`.${base}`))) return true;
  const suffix = KNOWN_SUFFIXES.find((known) => host.endsWith(known));
  return (
    suffix !== undefined &&
    host
      .slice(0, -suffix.length)
      .split(".")
      .some((label) => S3_LABEL.test(label))
  );
}

/** The request's path with the bucket in it, however the bucket was named: `/bucket/key`. Still percent-encoded. */
export function pathWithBucket(request: Pick<WireRequest, "headers" | "path">, bases: readonly string[]): string {
  const bucket = bucketInHost(hostName(request), bases);
  return bucket === undefined ? request.path : `/${bucket}${request.path}`;
}

/** Which bucket and which object a request to S3 is about. Neither: the service itself, as ListBuckets asks it. */
export interface S3Address {
  readonly bucket?: string;
  /** Percent-decoded; without the slash that starts it. */
  readonly key?: string;
}

/** Text that is not percent-encoded UTF-8 stays as it came: the request is hostile, and still somebody made it. */
export function s3Address(host: string, path: string, bucketHosts: readonly string[]): S3Address {
  const [bucket, key] = splitPath(pathWithBucket({ headers: { host: [host] }, path }, bucketHosts));
  if (bucket === "") return {};
  return key === "" ? { bucket: decoded(bucket) } : { bucket: decoded(bucket), key: decoded(key) };
}

/** The object that a copy reads. */
export interface S3Source {
  /** Or an access point's ARN. */
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/**
 * `/bucket/key?versionId=x`, percent-encoded; the first slash may be missing, or encoded too. The version's id is none of the
 * key; `+` stays what it is. Undefined when the text names no object.
 */
export function s3Source(text: string): S3Source | undefined {
  const [, path = "", version] = /^(?:\/|%2F)?(.*?)(?:\?versionId=(.*))?$/is.exec(text) ?? [];
  try {
    const whole = decodeURIComponent(path);
    const slash = whole.indexOf("/");
    if (slash < 1 || slash === whole.length - 1) return undefined;
    const source = { bucket: whole.slice(0, slash), key: whole.slice(slash + 1) };
    return version === undefined ? source : { ...source, versionId: decodeURIComponent(version) };
  } catch (cause) {
    if (cause instanceof URIError) return undefined;
    throw cause;
  }
}

function splitPath(path: string): [bucket: string, key: string] {
  const rest = path.startsWith("/") ? path.slice(1) : path;
  const slash = rest.indexOf("/");
  return slash < 0 ? [rest, ""] : [rest.slice(0, slash), rest.slice(slash + 1)];
}

function decoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    if (cause instanceof URIError) return text;
    throw cause;
  }
}
