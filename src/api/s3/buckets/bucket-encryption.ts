import type { S3Operations } from "../../../aws/index.ts";
import type { ObjectEncryption } from "../../../buckets/index.ts";
import { optional, Refusal } from "../../../core/index.ts";
import { malformedXml, notImplemented } from "../errors.ts";
import type { S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";
import { putDocument, readDocument } from "./documents.ts";

type Configuration = S3Operations["PutBucketEncryption"]["input"]["ServerSideEncryptionConfiguration"];

/** What was put; a bucket that encrypts nothing says so. @throws {Refusal} `ServerSideEncryptionConfigurationNotFoundError`. */
export const getBucketEncryption: S3Operation<"GetBucketEncryption"> = async (input, call) => {
  const { name, encryption } = bucketOf(call, input);
  if (encryption === undefined) {
    throw new Refusal(
      "ServerSideEncryptionConfigurationNotFoundError",
      "The server side encryption configuration was not found",
      404,
      { BucketName: name },
    );
  }
  const put = readDocument<Configuration>(call.buckets, name, "encryption");
  return { ServerSideEncryptionConfiguration: put ?? configurationOf(encryption) };
};

function configurationOf({ algorithm, keyId }: ObjectEncryption): Configuration {
  const byDefault = { SSEAlgorithm: algorithm, ...optional("KMSMasterKeyID", keyId) };
  return { Rules: [{ ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: false }] };
}

/** @throws {Refusal} `MalformedXML`, `InvalidArgument`, `NotImplemented` for two layers, `KMS.NotFoundException`. */
export const putBucketEncryption: S3Operation<"PutBucketEncryption"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const configuration = input.ServerSideEncryptionConfiguration;
  const [rule, ...more] = configuration.Rules;
  const byDefault = rule?.ApplyServerSideEncryptionByDefault;
  if (byDefault === undefined || more.length > 0) throw malformedXml();
  await call.buckets.setEncryption(name, encryptionFrom(byDefault));
  await putDocument(call.buckets, name, "encryption", configuration);
  return undefined;
};

function encryptionFrom(byDefault: {
  readonly SSEAlgorithm: string;
  readonly KMSMasterKeyID?: string | undefined;
}): ObjectEncryption {
  const { SSEAlgorithm: algorithm, KMSMasterKeyID: keyId } = byDefault;
  if (algorithm === "aws:kms:dsse") throw notImplemented("Encryption with aws:kms:dsse");
  if (algorithm !== "AES256" && algorithm !== "aws:kms") throw malformedXml();
  if (algorithm === "AES256" && keyId !== undefined) {
    const message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
    throw new Refusal("InvalidArgument", message, 400);
  }
  return { algorithm, ...optional("keyId", keyId) };
}

export const deleteBucketEncryption: S3Operation<"DeleteBucketEncryption"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  await call.buckets.setEncryption(name, undefined);
  await call.buckets.setDocument(name, "encryption", undefined);
  return undefined;
};
