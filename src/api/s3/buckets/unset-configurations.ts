import { Refusal } from "../../../core/index.ts";
import type { S3Call, S3Table } from "../operation.ts";
import { bucketOf } from "../owner.ts";

/**
 * What buckets here never have, told as S3 tells it of buckets for which nothing was set: tools that describe
 * infrastructure ask for all of it. Setting any of it is refused (`NotImplemented`); there is nothing to delete.
 */
export const unsetConfigurations: S3Table = {
  GetBucketAbac: always({ AbacStatus: { Status: "Disabled" } }),
  GetBucketAccelerateConfiguration: always({}),
  GetBucketCors: never("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
  GetBucketLifecycle: never("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
  GetBucketLifecycleConfiguration: never("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
  GetBucketLogging: always({}),
  GetBucketNotification: always({}),
  GetBucketNotificationConfiguration: always({}),
  GetBucketReplication: never("ReplicationConfigurationNotFoundError", "The replication configuration was not found"),
  GetBucketRequestPayment: always({ Payer: "BucketOwner" }),
  GetBucketWebsite: never("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"),
  DeleteBucketCors: always(undefined),
  DeleteBucketLifecycle: always(undefined),
  DeleteBucketReplication: always(undefined),
  DeleteBucketWebsite: always(undefined),
};

type OnBucket = { readonly Bucket: string; readonly ExpectedBucketOwner?: string | undefined };

function always<Output>(output: Output): (input: OnBucket, call: S3Call) => Promise<Output> {
  return async (input, call) => {
    bucketOf(call, input);
    return output;
  };
}

function never(code: string, message: string): (input: OnBucket, call: S3Call) => Promise<never> {
  return async (input, call) => {
    const { name } = bucketOf(call, input);
    throw new Refusal(code, message, 404, { BucketName: name });
  };
}
