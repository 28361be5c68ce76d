import { type S3Source, s3Source } from "../../aws/index.ts";
import type { Bucket, ObjectVersion, OpenObject } from "../../buckets/index.ts";
import { Refusal } from "../../core/index.ts";
import { requireOfSource } from "./conditions.ts";
import { invalidArgument, invalidRequest } from "./errors.ts";
import type { S3Call } from "./operation.ts";
import { bucketOf } from "./owner.ts";
import type { ByteRange } from "./range.ts";

/** What CopyObject and UploadPartCopy say alike of where they copy from. */
export interface SourceMembers {
  readonly CopySource: string;
  readonly CopySourceIfMatch?: string | undefined;
  readonly CopySourceIfNoneMatch?: string | undefined;
  readonly CopySourceIfModifiedSince?: Date | undefined;
  readonly CopySourceIfUnmodifiedSince?: Date | undefined;
  readonly ExpectedSourceBucketOwner?: string | undefined;
}

/** What is to be copied, open; to be closed. */
export interface CopySource {
  readonly bucket: Bucket;
  readonly key: string;
  readonly object: OpenObject;
  readonly version: ObjectVersion;
}

/**
 * @throws {Refusal} `InvalidArgument`, `NoSuchBucket`, `NoSuchKey`, `NoSuchVersion`, `PreconditionFailed`; `InvalidRequest`
 *   when the version that it names is a delete marker.
 */
export async function openSource(input: SourceMembers, call: S3Call): Promise<CopySource> {
  const { bucket: Bucket, key, versionId } = parseSource(input.CopySource);
  const bucket = bucketOf(call, { Bucket, ExpectedBucketOwner: input.ExpectedSourceBucketOwner });
  const object = await openVersion(call, bucket.name, key, versionId);
  try {
    requireOfSource(input, object.version);
    return { bucket, key, object, version: object.version };
  } catch (thrown) {
    object.close();
    throw thrown;
  }
}

/** What is copied of it; opened when it is read. */
export async function* contentOf({ object }: CopySource, range?: ByteRange): AsyncGenerator<Uint8Array> {
  yield* object.stream(range?.start, range?.end) as AsyncIterable<Uint8Array>;
}

async function openVersion(call: S3Call, bucket: string, key: string, versionId?: string): Promise<OpenObject> {
  try {
    return await call.buckets.open(bucket, key, versionId);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    if (thrown.code === "MethodNotAllowed") {
      throw invalidRequest("The source of a copy request may not specifically refer to a delete marker by version id.");
    }
    // Headers of the answer would speak of the target.
    throw new Refusal(thrown.code, thrown.message, thrown.status, { Key: key });
  }
}

/** The very reading that the call was judged by. @throws {Refusal} `InvalidArgument`. */
export function parseSource(text: string): S3Source {
  const source = s3Source(text);
  if (source === undefined) throw invalidSource(text);
  return source;
}

function invalidSource(source: string): Refusal {
  return invalidArgument(
    "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
    "x-amz-copy-source",
    source,
  );
}
