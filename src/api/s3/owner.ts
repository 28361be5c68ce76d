import { createHash } from "node:crypto";
import type { Bucket } from "../../buckets/index.ts";
import { Refusal } from "../../core/index.ts";
import type { S3Call } from "./operation.ts";

/** S3 names accounts by a canonical id of 64 hexadecimal digits; ours is made of the account's number, and so always the same. */
export function canonicalId(account: string): string {
  return createHash("sha256").update(`canonical user of account ${account}`).digest("hex");
}

/**
 * The bucket that a call is about, if it belongs to whom the caller thinks.
 * @throws {Refusal} `NoSuchBucket`; `AccessDenied` when `ExpectedBucketOwner` is another account.
 */
export function bucketOf(
  { buckets }: Pick<S3Call, "buckets">,
  input: { readonly Bucket: string; readonly ExpectedBucketOwner?: string | undefined },
): Bucket {
  const bucket = buckets.get(input.Bucket);
  if (input.ExpectedBucketOwner !== undefined && input.ExpectedBucketOwner !== bucket.account) {
    throw new Refusal("AccessDenied", "Access Denied", 403);
  }
  return bucket;
}
