import type { Buckets, ObjectVersion, Upload } from "../../buckets/index.ts";
import type { ConditionValues } from "../../capture/index.ts";
import { Refusal } from "../../core/index.ts";
import { parseSource } from "./copy-source.ts";

type Asked = Readonly<Record<string, unknown>>;
type Ask = (buckets: Buckets, asked: { bucket: string; key: string; input: Asked }) => Promise<ConditionValues>;

/** Calls on an object that is there, of which policies may ask what tags it has. */
const ON_OBJECTS =
  /^(?:(?:Get|Head|Delete)Object|(?:Get|Put)Object(?:Acl|LegalHold|Retention)|GetObjectAttributes|(?:Get|Put|Delete)ObjectTagging)$/;
/** Calls that read another object than the one they are on. */
const COPYING = /^(?:CopyObject|UploadPartCopy)$/;
/** Calls of an upload that was begun before. */
const ON_UPLOADS = /^(?:UploadPart|UploadPartCopy|CompleteMultipartUpload)$/;

/**
 * What policies may ask about what is there already, by condition key: the tags of an object; and of a multipart upload what
 * its beginning said, for a policy that demands encryption of every PutObject means its parts too, which say nothing of it.
 * Nothing for what is not there: the call will be told.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html
 */
export async function knownConditions(
  buckets: Buckets,
  operation: string | undefined,
  input: Asked,
): Promise<ConditionValues> {
  const { Bucket: bucket, Key: key } = input;
  if (operation === undefined || typeof bucket !== "string" || typeof key !== "string") return {};
  const found: ConditionValues[] = [];
  for (const [operations, ask] of ASKED) {
    if (operations.test(operation)) found.push(await orNothing(ask(buckets, { bucket, key, input })));
  }
  return Object.assign({}, ...found) as ConditionValues;
}

async function orNothing(asking: Promise<ConditionValues>): Promise<ConditionValues> {
  try {
    return await asking;
  } catch (thrown) {
    if (thrown instanceof Refusal) return {};
    throw thrown;
  }
}

const ofObject: Ask = async (buckets, { bucket, key, input }) => {
  const { VersionId } = input;
  return tagsOf(await buckets.version(bucket, key, typeof VersionId === "string" ? VersionId : undefined));
};

const ofSource: Ask = async (buckets, { input }) => {
  const { bucket, key, versionId } = parseSource(String(input["CopySource"]));
  return tagsOf(await buckets.version(bucket, key, versionId));
};

function tagsOf({ tags }: ObjectVersion): ConditionValues {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`s3:ExistingObjectTag/${key}`, [value]]));
}

const ofUpload: Ask = async (buckets, { bucket, key, input }) => {
  const { UploadId } = input;
  if (typeof UploadId !== "string") return {};
  return begunWith(await buckets.upload(bucket, key, UploadId));
};

function begunWith({ request }: Upload): ConditionValues {
  const { encryption, storageClass } = request;
  const { algorithm, keyId } = encryption ?? {};
  return {
    ...(algorithm === undefined ? {} : { "s3:x-amz-server-side-encryption": [algorithm] }),
    ...(keyId === undefined ? {} : { "s3:x-amz-server-side-encryption-aws-kms-key-id": [keyId] }),
    ...(storageClass === undefined ? {} : { "s3:x-amz-storage-class": [storageClass] }),
  };
}

const ASKED: readonly (readonly [operations: RegExp, ask: Ask])[] = [
  [ON_OBJECTS, ofObject],
  [COPYING, ofSource],
  [ON_UPLOADS, ofUpload],
];
