import type { BucketStore } from "./bucket-store.ts";
import type { S3Settings } from "./s3-bucket-store.ts";

/** Buckets on an S3 server. The SDK is loaded here, by those who need it: it takes as long as all the rest of a start. */
export async function openS3BucketStore(settings: S3Settings): Promise<BucketStore> {
  const { S3BucketStore } = await import("./s3-bucket-store.ts");
  return new S3BucketStore(settings);
}
