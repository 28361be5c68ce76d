import { headerValue, type ResolvedCall, s3Address } from "../../aws/index.ts";
import type { AuditRecord } from "../../record/index.ts";
import type { CapturedHead } from "../call/captured.ts";
import type { ClaimedKey, ConditionValues, Guard } from "../enforce/index.ts";
import type { Route } from "./routes.ts";
import type { Upstream } from "./upstream.ts";

/** OpenTrail's own buckets, which take the same path as everything else that is forwarded: they are an upstream inside. */
export interface OwnBuckets {
  readonly upstream: Upstream;
  /** What is known of a bucket that exists here. */
  facts(bucket: string): Guard | undefined;
  /** Condition keys about what is there already: the tags of an object, what an upload was begun with. */
  conditions(operation: string | undefined, input: Readonly<Record<string, unknown>>): Promise<ConditionValues>;
  /** Whether the bucket is ours even where a route takes S3: it exists here, or its name is set apart. */
  claims(bucket: string): boolean;
  /** Whether somebody asked for a data event to be recorded, on its caller's side or the bucket owner's; others are not. */
  wants(record: AuditRecord): boolean;
}

/** The route of our own buckets; its upstream's address is never used. */
export const OWN_BUCKETS: Route = {
  name: "buckets",
  match: { services: ["s3"], regions: [], accounts: [], hosts: [], paths: [] },
  excludedPaths: [],
  upstream: new URL("http://buckets.invalid"),
  mode: "enforce",
  audit: "required",
  defaultService: "s3",
  tls: { verify: true },
  connectMs: 1,
  answerMs: 1,
  connectionsMax: 1,
  identities: new Map(),
  realm: "buckets",
  learns: false,
};

/**
 * Whether a request is for our own buckets. With a route that takes S3 only what we have here is; without one everything
 * that is signed for S3 is, and unsigned requests that name a bucket of ours: anything unsigned looks like S3.
 */
export function isForOwnBuckets(
  own: OwnBuckets,
  request: {
    readonly head: CapturedHead;
    readonly claimed: ClaimedKey | undefined;
    readonly resolved: ResolvedCall;
    readonly routed: boolean;
    readonly bucketHosts: readonly string[];
  },
): boolean {
  const { head, claimed, resolved, routed, bucketHosts } = request;
  // Who signs with no scope, or not at all, names no service; a path that could be S3's then is.
  const isS3 = resolved.service?.id === "s3" || (claimed?.signingName === undefined && resolved.service === undefined);
  if (!isS3) return false;
  if (claimed?.signingName !== undefined && !routed) return true;
  const { bucket } = s3Address(headerValue(head.headers, "host") ?? "", head.path, bucketHosts);
  if (bucket === undefined) return false;
  if (claimed === undefined) return own.facts(bucket) !== undefined;
  return !routed || own.claims(bucket);
}

/** The bucket in an ARN of S3, whichever of its objects the ARN names. */
export function bucketOfArn(arn: string): string | undefined {
  return /^arn:[a-z-]+:s3:::([^/*?]+)(?:\/|$)/.exec(arn)?.[1];
}
