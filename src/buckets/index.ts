/**
 * Buckets: S3's semantics over a directory (versions, Object Lock, multipart uploads, bucket policies), and the small
 * port through which log files reach a bucket, here or on any S3 server.
 */
export * from "./bucket-store.ts";
export * from "./buckets.ts";
export { DirectoryBucketStore } from "./directory-bucket-store.ts";
export * from "./open-s3-bucket-store.ts";
export type { S3Credentials, S3Settings, S3Timeouts } from "./s3-bucket-store.ts";
export * from "./bucket-name.ts";
export * from "./directory-buckets.ts";
export * from "./disk-full.ts";
export { beginChecksum } from "./checksums.ts";
