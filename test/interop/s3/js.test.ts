import { Agent } from "node:http";
import { Readable } from "node:stream";
import {
  type ChecksumAlgorithm,
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  paginateListObjectsV2,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectTaggingCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Credentials } from "../client.ts";
import { jsClient } from "../js-client.ts";
import { credentialsIn, outputOf, Run } from "../run.ts";

const HOST = "s3.opentrail.test";

let run: Run;
let s3: S3Client;
let mary: Credentials;

beforeAll(async () => {
  run = await Run.start({ environment: { OPENTRAIL_BUCKETS_IMMUTABLE: "false", OPENTRAIL_BUCKETS_HOSTS: HOST } });
  s3 = open(run.root);
  const iam = run.open(jsClient);
  await run.call(iam, "iam", "CreateUser", { UserName: "Mary" });
  mary = credentialsIn(outputOf(await run.call(iam, "iam", "CreateAccessKey", { UserName: "Mary" })), "AccessKey");
});

afterAll(async () => {
  s3.destroy();
  await run.stop();
});

function open(credentials: Credentials, more: object = {}): S3Client {
  const { endpoint } = run.server;
  return new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials, maxAttempts: 1, ...more });
}

interface Refused {
  readonly name: string;
  readonly $metadata: { readonly httpStatusCode?: number };
}

/** The error's name and status. */
async function refused(work: Promise<unknown>): Promise<readonly [name: string, status: number | undefined]> {
  const thrown = await work.then(
    () => undefined,
    (cause: unknown) => cause as Refused,
  );
  if (thrown === undefined) throw new Error("it was not refused");
  return [thrown.name, thrown.$metadata.httpStatusCode];
}

async function textOf(Bucket: string, Key: string, more: object = {}, from: S3Client = s3): Promise<string> {
  const { Body } = await from.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return (await Body?.transformToString()) ?? "";
}

describe("the AWS SDK for JavaScript", () => {
  beforeAll(async () => {
    await s3.send(new CreateBucketCommand({ Bucket: "shop" }));
  });

  test.each<ChecksumAlgorithm>(["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])(
    "streams a body with its %s behind it, and checks it when it comes back",
    async (algorithm) => {
      const half = Buffer.alloc(300_000, "a");
      const Body = Readable.from([half, half], { objectMode: false });
      const place = { Bucket: "shop", Key: `checked/${algorithm}` };
      const put = await s3.send(
        new PutObjectCommand({ ...place, Body, ContentLength: 600_000, ChecksumAlgorithm: algorithm }),
      );
      const got = await s3.send(new GetObjectCommand({ ...place, ChecksumMode: "ENABLED" }));
      const bytes = await got.Body?.transformToByteArray();
      expect(bytes?.length).toBe(600_000);
      expect(got[`Checksum${algorithm}` as "ChecksumCRC32"]).toBe(put[`Checksum${algorithm}` as "ChecksumCRC32"]);
      expect(got.ContentEncoding).toBeUndefined();
    },
  );

  test("reads ranges, and only what has changed", async () => {
    const place = { Bucket: "shop", Key: "digits" };
    const { ETag } = await s3.send(new PutObjectCommand({ ...place, Body: "0123456789", ContentType: "text/plain" }));
    expect(await textOf("shop", "digits", { Range: "bytes=-3" })).toBe("789");
    expect(await textOf("shop", "digits", { Range: "bytes=2-4" })).toBe("234");
    expect(await refused(textOf("shop", "digits", { Range: "bytes=10-" }))).toEqual(["InvalidRange", 416]);
    expect((await refused(textOf("shop", "digits", { IfNoneMatch: ETag })))[1]).toBe(304);
    expect((await refused(textOf("shop", "digits", { IfMatch: '"x"' })))[1]).toBe(412);
    const again = new PutObjectCommand({ ...place, Body: "x", IfNoneMatch: "*" });
    expect(await refused(s3.send(again))).toEqual(["PreconditionFailed", 412]);
  });

  test("walks through pages of keys that XML can hardly say", async () => {
    await s3.send(new CreateBucketCommand({ Bucket: "keys" }));
    const keys = ["a b", "a&b", "ä/1", "ä/2", "z"];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: "keys", Key, Body: Key }));
    const seen: unknown[] = [];
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket: "keys" })) {
      seen.push(...(page.Contents ?? []).map(({ Key }) => Key));
    }
    expect(seen).toEqual(["a b", "a&b", "z", "ä/1", "ä/2"]);
    const Delete = { Objects: keys.map((Key) => ({ Key })) };
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: "keys", Delete }));
    expect([Deleted?.length, Errors]).toEqual([5, undefined]);
    await s3.send(new DeleteBucketCommand({ Bucket: "keys" }));
    expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toEqual(["shop"]);
  });

  test("keeps versions, copies an old one, and tags", async () => {
    const Bucket = "versions";
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: "menu", Body: "tea" }));
    await s3.send(new PutObjectCommand({ Bucket, Key: "menu", Body: "coffee" }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: "menu" }));
    expect(await refused(textOf(Bucket, "menu"))).toEqual(["NoSuchKey", 404]);
    expect(await textOf(Bucket, "menu", { VersionId })).toBe("tea");
    const { Versions, DeleteMarkers } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    expect([Versions?.length, DeleteMarkers?.length]).toEqual([2, 1]);
    const CopySource = `${Bucket}/menu?versionId=${VersionId}`;
    const copied = await s3.send(new CopyObjectCommand({ Bucket, Key: "old menu", CopySource }));
    expect(copied.CopySourceVersionId).toBe(VersionId);
    expect(await textOf(Bucket, "old menu")).toBe("tea");
    const TagSet = [{ Key: "season", Value: "winter" }];
    await s3.send(new PutObjectTaggingCommand({ Bucket, Key: "old menu", Tagging: { TagSet } }));
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: "old menu" }))).TagSet).toEqual(TagSet);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: "old menu" }))).TagCount).toBe(1);
  });

  test("cannot delete what is locked, as root either", async () => {
    const Bucket = "locked";
    await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    const until = { ObjectLockRetainUntilDate: new Date(Date.now() + 3_600_000) };
    const put = async (Key: string, ObjectLockMode: "GOVERNANCE" | "COMPLIANCE"): Promise<object> => {
      const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: "x", ObjectLockMode, ...until }));
      return { Bucket, Key, VersionId };
    };
    const remove = async (where: object, bypass: boolean, by: S3Client = s3): Promise<unknown> =>
      await by.send(
        new DeleteObjectCommand({ ...(where as { Bucket: string; Key: string }), BypassGovernanceRetention: bypass }),
      );
    const compliance = await put("compliance", "COMPLIANCE");
    const governance = await put("governance", "GOVERNANCE");
    const denied = ["AccessDenied", 403];
    expect(await refused(remove(compliance, false))).toEqual(denied);
    expect(await refused(remove(compliance, true))).toEqual(denied);
    expect(await refused(remove(governance, false))).toEqual(denied);
    const hold = async (Status: "ON" | "OFF"): Promise<unknown> =>
      await s3.send(new PutObjectLegalHoldCommand({ Bucket, Key: "governance", LegalHold: { Status } }));
    await hold("ON");
    expect(await refused(remove(governance, true))).toEqual(denied);
    await hold("OFF");

    const hers = open(mary);
    const principal = { Effect: "Allow", Principal: { AWS: "arn:aws:iam::123456789012:user/Mary" } };
    const allow = async (...Action: readonly string[]): Promise<unknown> =>
      await s3.send(
        new PutBucketPolicyCommand({
          Bucket,
          Policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ ...principal, Action, Resource: `arn:aws:s3:::${Bucket}/*` }],
          }),
        }),
      );
    await allow("s3:DeleteObjectVersion");
    expect(await refused(remove(governance, true, hers))).toEqual(denied);
    await allow("s3:DeleteObjectVersion", "s3:BypassGovernanceRetention");
    await remove(governance, true, hers);
    hers.destroy();
  });

  test("may what the bucket's policy says", async () => {
    const Bucket = "policed";
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: "public/a", Body: "for Mary" }));
    await s3.send(new PutObjectCommand({ Bucket, Key: "secret/a", Body: "not for Mary" }));
    const hers = open(mary);
    const denied = ["AccessDenied", 403];
    expect(await refused(textOf(Bucket, "public/a", {}, hers))).toEqual(denied);
    const Statement = [
      {
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::123456789012:user/Mary" },
        Action: "s3:GetObject",
        Resource: `arn:aws:s3:::${Bucket}/public/*`,
      },
      { Effect: "Deny", Principal: "*", Action: "s3:DeleteObject", Resource: `arn:aws:s3:::${Bucket}/*` },
    ];
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    expect(await textOf(Bucket, "public/a", {}, hers)).toBe("for Mary");
    expect(await refused(textOf(Bucket, "secret/a", {}, hers))).toEqual(denied);
    const put = new PutObjectCommand({ Bucket, Key: "public/b", Body: "x" });
    expect(await refused(hers.send(put))).toEqual(denied);
    await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    expect(await refused(textOf(Bucket, "public/a", {}, hers))).toEqual(denied);
    hers.destroy();
  });

  test("finds buckets in the host's name", async () => {
    const { port } = new URL(run.server.endpoint);
    const httpAgent = new Agent({ lookup: (_, __, found) => found(null, [{ address: "127.0.0.1", family: 4 }]) });
    const hosted = open(run.root, {
      endpoint: `http://${HOST}:${port}`,
      forcePathStyle: false,
      requestHandler: { httpAgent },
    });
    await hosted.send(new CreateBucketCommand({ Bucket: "hosted" }));
    await hosted.send(new PutObjectCommand({ Bucket: "hosted", Key: "a/b c", Body: "by name" }));
    expect(await textOf("hosted", "a/b c", {}, hosted)).toBe("by name");
    expect(await textOf("hosted", "a/b c")).toBe("by name");
    hosted.destroy();
  });
});
