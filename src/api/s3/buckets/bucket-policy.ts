import { Refusal } from "../../../core/index.ts";
import { parsePolicy } from "../../../identity/index.ts";
import { Answer } from "../answer.ts";
import type { S3Call, S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";
import { isPublic, type PolicyDocument, statementsOf } from "./public-policy.ts";
import { publicAccessBlock } from "./public-access-block.ts";

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html */
const POLICY_BYTES_MAX = 20 * 1024;

/** @throws {Refusal} `NoSuchBucketPolicy`. */
export const getBucketPolicy: S3Operation<"GetBucketPolicy"> = async (input, call) =>
  new Answer({ Policy: policyOf(call, input) }, { headers: { "content-type": "application/json" } });

/** @throws {Refusal} `NoSuchBucketPolicy`. */
export const getBucketPolicyStatus: S3Operation<"GetBucketPolicyStatus"> = async (input, call) => {
  const policy = JSON.parse(policyOf(call, input)) as PolicyDocument;
  return { PolicyStatus: { IsPublic: isPublic(policy) } };
};

function policyOf(call: S3Call, input: Parameters<typeof bucketOf>[1]): string {
  const { name } = bucketOf(call, input);
  const policy = call.buckets.document(name, "policy");
  if (policy !== undefined) return policy;
  throw new Refusal("NoSuchBucketPolicy", "The bucket policy does not exist", 404, { BucketName: name });
}

/**
 * @throws {Refusal} `MalformedPolicy`; `AccessDenied` when the bucket's public access block forbids a public one.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 */
export const putBucketPolicy: S3Operation<"PutBucketPolicy"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const document = readPolicy(input.Policy, name);
  if (publicAccessBlock(call.buckets, name)?.BlockPublicPolicy === true && isPublic(document)) {
    const message =
      `User: ${call.caller.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::${name}" ` +
      "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.";
    throw new Refusal("AccessDenied", message, 403);
  }
  await call.buckets.setDocument(name, "policy", input.Policy);
  return new Answer(undefined, { status: 204 });
};

function readPolicy(text: string, bucket: string): PolicyDocument {
  if (Buffer.byteLength(text) > POLICY_BYTES_MAX) {
    throw malformed("Normalized policy document exceeds the maximum allowed size of 20480 bytes.");
  }
  if (!text.trimStart().startsWith("{")) {
    throw malformed("Policies must be valid JSON and the first byte must be '{'");
  }
  try {
    parsePolicy(text, "resource");
  } catch (thrown) {
    if (thrown instanceof Refusal) throw malformed(thrown.message);
    throw thrown;
  }
  const document = JSON.parse(text) as PolicyDocument;
  for (const statement of statementsOf(document)) {
    if (statement.Resource === undefined && statement.NotResource === undefined) {
      throw malformed("Missing required field Resource");
    }
    for (const resource of [statement.Resource ?? [], statement.NotResource ?? []].flat()) {
      if (!isOfBucket(resource, bucket)) throw malformed("Policy has invalid resource");
    }
    for (const action of [statement.Action ?? [], statement.NotAction ?? []].flat()) {
      if (!/^(?:s3:|\*$)/i.test(action)) throw malformed("Policy has invalid action");
    }
  }
  return document;
}

/** The bucket or what is in it, by the one name that calls are judged by; wildcards may stand in the key alone. */
function isOfBucket(resource: string, bucket: string): boolean {
  const [, name, slash] = /^arn:aws:s3:::([^/]*)(\/)?/.exec(resource) ?? [];
  return name === bucket || (slash === undefined && name === `${bucket}*`);
}

function malformed(message: string): Refusal {
  return new Refusal("MalformedPolicy", message, 400);
}

export const deleteBucketPolicy: S3Operation<"DeleteBucketPolicy"> = async (input, call) => {
  await call.buckets.setDocument(bucketOf(call, input).name, "policy", undefined);
  return undefined;
};
