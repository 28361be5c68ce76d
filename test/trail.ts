import { gunzipSync } from "node:zlib";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { callerOf, type TestRecord } from "./calls.ts";
import type { TestServer } from "./server.ts";

export const ACCOUNT = "123456789012";

/** The JavaScript SDK's own client of the server's S3. */
export function s3Of({ endpoint, root }: Pick<TestServer, "endpoint" | "root">): S3Client {
  return new S3Client({ endpoint, region: "us-east-1", credentials: root, forcePathStyle: true, maxAttempts: 1 });
}

export function trailArn(name: string): string {
  return `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/${name}`;
}

/** What AWS's documentation has owners paste, for one trail. */
export function bucketPolicy(bucket: string, trail: string, prefix = ""): string {
  const Principal = { Service: "cloudtrail.amazonaws.com" };
  const SourceArn = { "aws:SourceArn": trailArn(trail) };
  const acl = { "s3:x-amz-acl": "bucket-owner-full-control" };
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "AWSCloudTrailAclCheck20150319",
        Effect: "Allow",
        Principal,
        Action: "s3:GetBucketAcl",
        Resource: `arn:aws:s3:::${bucket}`,
        Condition: { StringEquals: SourceArn },
      },
      {
        Sid: "AWSCloudTrailWrite20150319",
        Effect: "Allow",
        Principal,
        Action: "s3:PutObject",
        Resource: `arn:aws:s3:::${bucket}/${prefix}AWSLogs/${ACCOUNT}/*`,
        Condition: { StringEquals: { ...acl, ...SourceArn } },
      },
    ],
  });
}

/** A bucket with its policy, and a trail that logs everything there is into it. */
export async function startTrail(
  server: TestServer,
  { bucket, trail, locked = false }: { readonly bucket: string; readonly trail: string; readonly locked?: boolean },
): Promise<void> {
  const s3 = s3Of(server);
  await s3.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: locked }));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: bucketPolicy(bucket, trail) }));
  s3.destroy();
  const call = callerOf(server);
  await call("cloudtrail", "CreateTrail", { Name: trail, S3BucketName: bucket, EnableLogFileValidation: true });
  await call("cloudtrail", "StartLogging", { Name: trail });
}

/** All keys of a bucket that have this in them, in S3's order. */
export async function keysOf(s3: S3Client, Bucket: string, containing = ""): Promise<readonly string[]> {
  const keys: string[] = [];
  let StartAfter: string | undefined;
  for (;;) {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket, ...(StartAfter === undefined ? {} : { StartAfter }) }),
    );
    const found = (page.Contents ?? []).flatMap(({ Key }) => Key ?? []);
    keys.push(...found);
    StartAfter = found.at(-1);
    if (page.IsTruncated !== true) return keys.filter((key) => key.includes(containing));
  }
}

/** The records of a bucket's log files whose keys begin so, each as often as it stands there, in the order of the keys. */
export async function deliveredRecords(s3: S3Client, Bucket: string, prefix = ""): Promise<readonly TestRecord[]> {
  const keys = (await keysOf(s3, Bucket, "/CloudTrail/")).filter((key) => key.startsWith(prefix));
  const files = (await contentsOf(s3, Bucket, keys)) as readonly { readonly Records: readonly TestRecord[] }[];
  return files.flatMap(({ Records }) => Records);
}

/** What a bucket's digest files say, in the order of their keys. */
export async function deliveredDigests(s3: S3Client, Bucket: string): Promise<readonly unknown[]> {
  return await contentsOf(s3, Bucket, await keysOf(s3, Bucket, "/CloudTrail-Digest/"));
}

async function contentsOf(s3: S3Client, Bucket: string, keys: readonly string[]): Promise<readonly unknown[]> {
  const contents: unknown[] = [];
  for (const Key of keys) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const bytes = await Body?.transformToByteArray();
    contents.push(JSON.parse(gunzipSync(bytes ?? new Uint8Array()).toString()));
  }
  return contents;
}

/** Asks until it is so. @throws {Error} with what it was last when it was not for 30 seconds. */
export async function until<Value>(
  what: string,
  ask: () => Promise<Value> | Value,
  isSo: (value: Value) => boolean,
  waitMs = 30_000,
): Promise<Value> {
  const end = performance.now() + waitMs;
  for (;;) {
    const value = await ask();
    if (isSo(value)) return value;
    if (performance.now() > end) throw new Error(`${what}: ${JSON.stringify(value)?.slice(0, 2000)}`);
    await sleep(100);
  }
}
