import {
  CreateBucketCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type BucketKind, type ContractBuckets, denyPuts } from "../../../src/buckets/bucket-store-contract.fixture.ts";
import { openS3BucketStore } from "../../../src/buckets/index.ts";
import type { Credentials } from "../client.ts";

interface S3Server {
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly kmsKeyId: string;
  readonly stop: () => Promise<unknown>;
}

/** The driver for S3 over a server, whose buckets are made by the SDK. */
export async function openS3Contract({ endpoint, credentials, kmsKeyId, stop }: S3Server): Promise<ContractBuckets> {
  const s3 = { endpoint, region: "us-east-1", credentials, forcePathStyle: true };
  const client = new S3Client(s3);
  const store = await openS3BucketStore(s3);
  let count = 0;
  return {
    store,
    kmsKeyId,
    create: async (kind: BucketKind) => {
      const Bucket = `contract-${kind}-${count++}`;
      await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: kind === "locked" }));
      if (kind === "versioned") {
        await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
      }
      if (kind === "locked") {
        const DefaultRetention = { Mode: "GOVERNANCE", Days: 1 } as const;
        const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention } } as const;
        await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
      }
      return Bucket;
    },
    forbidPuts: async (Bucket, but) => {
      const Policy = JSON.stringify({ Version: "2012-10-17", Statement: denyPuts(Bucket, but) });
      await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    },
    close: async () => {
      await store.close();
      client.destroy();
      await stop();
    },
  };
}
