import type { BucketDocument, Buckets } from "../../../buckets/index.ts";

/** Keeps what was put, as JSON of the model's members: it is answered as it is. */
export async function putDocument(
  buckets: Buckets,
  bucket: string,
  kind: BucketDocument,
  value: unknown,
): Promise<void> {
  await buckets.setDocument(bucket, kind, JSON.stringify(value));
}

/** What was put; its shape is the caller's to know, who put it. */
export function readDocument<Value>(buckets: Buckets, bucket: string, kind: BucketDocument): Value | undefined {
  const text = buckets.document(bucket, kind);
  return text === undefined ? undefined : (JSON.parse(text) as Value);
}
