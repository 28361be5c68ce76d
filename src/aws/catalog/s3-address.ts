/** Which bucket and which object a request to S3 is about. Neither: the service itself, as ListBuckets asks it. */
export interface S3Address {
  readonly bucket?: string;
  /** Percent-decoded; without the slash that starts it. */
  readonly key?: string;
}

/**
 * Reads the address from the Host header and the raw path. The bucket stands in the host when that is a name below
 *
 * - one of `bucketHosts` (lower case, without a port), of which the longest counts,
 * - AWS's own names of S3 (`s3.amazonaws.com`, `s3.eu-west-1.amazonaws.com`, `s3-accelerate.amazonaws.com` …),
 * - `localhost`, with or without the name of the service between: `b.localhost`, `b.s3.localhost`.
 *
 * In any other host, above all an IP address, it is the path's first segment. Text that is not percent-encoded UTF-8 stays
 * as it came: the request is hostile, and still somebody made it.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function s3Address(host: string, path: string, bucketHosts: readonly string[]): S3Address {
  const rest = path.startsWith("/") ? path.slice(1) : path;
  const hostBucket = bucketOfHost(withoutPort(host), bucketHosts);
  if (hostBucket !== undefined) return address(hostBucket, rest);
  const slash = rest.indexOf("/");
  return slash < 0 ? address(decoded(rest), "") : address(decoded(rest.slice(0, slash)), rest.slice(slash + 1));
}

function address(bucket: string, key: string): S3Address {
  if (bucket === "") return {};
  return key === "" ? { bucket } : { bucket, key: decoded(key) };
}

/** A name of S3's own, after the bucket's: `s3`, `s3.eu-west-1`, `s3-fips.dualstack.us-gov-west-1`, and where it lives. */
const AWS_HOST =
  /^(?:(.+)\.)?s3(?:-(?!control|outposts|object-lambda)[a-z0-9-]+)?(?:\.dualstack)?(?:\.[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$/;
const S3_OF_LOCALHOST = /^(?:(.+)\.)?s3(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?\.localhost$/;
const LOCALHOST = /^(.+)\.localhost$/;
const IP_ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[.*)$/;
/** Longer names do not exist in DNS; a longer Host is not worth a regular expression. */
const HOST_LENGTH_MAX = 253;

function bucketOfHost(host: string, bucketHosts: readonly string[]): string | undefined {
  if (host.length > HOST_LENGTH_MAX || IP_ADDRESS.test(host)) return undefined;
  const base = longest(bucketHosts.filter((name) => host === name || host.endsWith(`.${name}`)));
  if (base !== undefined) return host.slice(0, -base.length - 1) || undefined;
  return (AWS_HOST.exec(host) ?? S3_OF_LOCALHOST.exec(host) ?? LOCALHOST.exec(host))?.[1];
}

function longest(names: readonly string[]): string | undefined {
  return names.reduce<string | undefined>((best, name) => (name.length > (best?.length ?? 0) ? name : best), undefined);
}

function withoutPort(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
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
