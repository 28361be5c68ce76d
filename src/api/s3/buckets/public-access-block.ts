import type { S3Operations } from "../../../aws/index.ts";
import type { Buckets } from "../../../buckets/index.ts";
import { Refusal } from "../../../core/index.ts";
import type { S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";
import { putDocument, readDocument } from "./documents.ts";

export type PublicAccessBlock = NonNullable<
  S3Operations["PutPublicAccessBlock"]["input"]["PublicAccessBlockConfiguration"]
>;

/** What holds of a bucket of which nothing was said: everything is blocked, as S3 has it since April 2023. */
const ALL: PublicAccessBlock = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

/** What takes the place of a block that was deleted. */
const NONE = null;

/** What is blocked; undefined when the block was deleted. */
export function publicAccessBlock(buckets: Buckets, bucket: string): PublicAccessBlock | undefined {
  const put = readDocument<PublicAccessBlock | typeof NONE>(buckets, bucket, "publicAccessBlock");
  return put === undefined ? ALL : (put ?? undefined);
}

/**
 * Whether a bucket is for its own account alone should its policy let in everybody.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
export function restrictsPublicBucket(buckets: Buckets, bucket: string): boolean {
  return publicAccessBlock(buckets, bucket)?.RestrictPublicBuckets === true;
}

/** @throws {Refusal} `NoSuchPublicAccessBlockConfiguration`. */
export const getPublicAccessBlock: S3Operation<"GetPublicAccessBlock"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const block = publicAccessBlock(call.buckets, name);
  if (block === undefined) {
    const message = "The public access block configuration was not found";
    throw new Refusal("NoSuchPublicAccessBlockConfiguration", message, 404, { BucketName: name });
  }
  return { PublicAccessBlockConfiguration: block };
};

/** What is not said is not blocked. */
export const putPublicAccessBlock: S3Operation<"PutPublicAccessBlock"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets } =
    input.PublicAccessBlockConfiguration;
  await putDocument(call.buckets, name, "publicAccessBlock", {
    BlockPublicAcls: BlockPublicAcls ?? false,
    IgnorePublicAcls: IgnorePublicAcls ?? false,
    BlockPublicPolicy: BlockPublicPolicy ?? false,
    RestrictPublicBuckets: RestrictPublicBuckets ?? false,
  });
  return undefined;
};

export const deletePublicAccessBlock: S3Operation<"DeletePublicAccessBlock"> = async (input, call) => {
  await putDocument(call.buckets, bucketOf(call, input).name, "publicAccessBlock", NONE);
  return undefined;
};
