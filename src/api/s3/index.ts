/**
 * S3 over buckets of ours, one file per operation or family of them: what comes from a gateway that has proven and judged
 * the call is read, carried out by `Buckets`, and answered as S3 answers. What is not in the table is refused by name.
 */
export { restrictsPublicBucket } from "./buckets/public-access-block.ts";
export { isPublic, type PolicyDocument } from "./buckets/public-policy.ts";
export { knownConditions } from "./known-conditions.ts";
export type { S3Log, S3Needs } from "./exchange.ts";
export { S3_OPERATION_NAMES } from "./operations.ts";
export { openS3Upstream } from "./upstream.ts";
