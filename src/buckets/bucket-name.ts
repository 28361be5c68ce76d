import type { Brand } from "../core/index.ts";
import { refusals } from "./refusals.ts";

/** A name that a new bucket may have; it is safe as the name of a folder. */
export type BucketName = Brand<string, "BucketName">;

/** What no bucket's name may look like, besides having 3 to 63 characters. */
const RULES: readonly RegExp[] = [
  /[^a-z0-9.-]/,
  /^[^a-z0-9]|[^a-z0-9]$/,
  /\.\./,
  /^\d+\.\d+\.\d+\.\d+$/,
  /^(xn--|sthree-|amzn-s3-demo-)/,
  /(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/,
];

/**
 * @throws {Refusal} `InvalidBucketName`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function parseBucketName(name: string): BucketName {
  const bad = name.length < 3 || name.length > 63 || RULES.some((broken) => broken.test(name));
  if (bad) throw refusals.invalidBucketName(name);
  return name as BucketName;
}
