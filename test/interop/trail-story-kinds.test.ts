import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { CloudTrailClient, DescribeTrailsCommand } from "@aws-sdk/client-cloudtrail";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isoSeconds } from "../../src/core/index.ts";
import { callerOf, recordsNamed } from "../calls.ts";
import { readCredentials, startServer, type TestServer } from "../server.ts";
import { ACCOUNT, keysOf, s3Of, trailArn, until } from "../trail.ts";
import { at, list, text } from "./client.ts";
import { whySkipped } from "./clients.ts";
import { AWS_VALIDATORS, complaintsOf, type Question, type Validated, verify } from "./validators.ts";

const MISSING = AWS_VALIDATORS.map(({ missing }) => missing).find((missing) => missing !== undefined);

const MEMBER = "210987654321";
const ORGANIZATION = "o-exampleorgid";
const HOUR_MS = 3_600_000;
const START_MS = Date.now() - HOUR_MS;

/** Files of one account and Region. */
interface Folder {
  /** Of the trail and its bucket. */
  readonly name: string;
  /** What stands before `CloudTrail/` and `CloudTrail-Digest/`. */
  readonly path: string;
  readonly region: string;
  /** Asked for, where it is not the trail's. */
  readonly account?: string;
}

interface Kind {
  /** Of the trail and its bucket. */
  readonly name: string;
  /** Of CreateTrail. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly locked?: true;
  readonly folders: readonly Omit<Folder, "name">[];
}

const HOME = { path: `AWSLogs/${ACCOUNT}/`, region: "us-east-1" };
const KINDS: readonly Kind[] = [
  { name: "single-region", folders: [HOME] },
  {
    name: "multi-region",
    settings: { IsMultiRegionTrail: true },
    folders: [HOME, { path: `AWSLogs/${ACCOUNT}/`, region: "eu-west-1" }],
  },
  {
    name: "encrypted-below-prefix",
    settings: { KmsKeyId: "alias/opentrail", S3KeyPrefix: "kept/for ever" },
    folders: [{ path: `kept/for ever/AWSLogs/${ACCOUNT}/`, region: "us-east-1" }],
  },
  { name: "locked", locked: true, folders: [HOME] },
  {
    name: "organization",
    settings: { IsOrganizationTrail: true, IsMultiRegionTrail: true },
    folders: [ACCOUNT, MEMBER].flatMap((account) =>
      ["us-east-1", "eu-west-1"].map((region) => ({ path: `AWSLogs/${ORGANIZATION}/${account}/`, region, account })),
    ),
  },
];

const FOLDERS: readonly Folder[] = KINDS.flatMap(({ name, folders }) => folders.map((folder) => ({ name, ...folder })));

let server: TestServer;
let s3: S3Client;

beforeAll(async () => {
  if (MISSING !== undefined) return;
  const intervals = ["--trails-delivery-interval", "1s", "--trails-digest-interval", "2s"];
  const check = ["--trails-check-interval", "1s"];
  const accounts = ["--accounts", `${ACCOUNT},${MEMBER}`, "--organization-id", ORGANIZATION];
  server = await startServer({ flags: [...accounts, ...intervals, ...check] });
  s3 = s3Of(server);
  const call = callerOf(server);
  for (const kind of KINDS) await makeTrail(kind);
  await makeCalls();
  for (const { name: Name } of KINDS) await call("cloudtrail", "StopLogging", { Name });
  const stoppedMs = Math.floor(Date.now() / 1000) * 1000;
  for (const folder of FOLDERS) {
    await until(
      `the last digest file of ${folder.name}`,
      () => readFolder(folder),
      ({ digests, logs }) => {
        const listed = new Set(
          digests.flatMap((digest) => list(digest, "logFiles").map((file) => text(file, "s3Object"))),
        );
        const endMs = Math.max(0, ...digests.map((digest) => Date.parse(text(digest, "digestEndTime"))));
        return endMs >= stoppedMs && logs.length > 0 && logs.every((key) => listed.has(key));
      },
    );
  }
}, 120_000);
afterAll(async () => {
  s3?.destroy();
  await server?.stop();
});

async function validateAll(folder: Folder, options: readonly string[] = []): Promise<readonly Validated[]> {
  const { name, path, region, account } = folder;
  const question: Question = {
    trail: trailArn(name),
    start: isoSeconds(START_MS),
    end: isoSeconds(START_MS + 2 * HOUR_MS),
    region,
    ...(account === undefined ? {} : { account }),
    verbose: true,
    options,
  };
  const above = path.slice(0, path.indexOf("AWSLogs/"));
  return await Promise.all([
    ...AWS_VALIDATORS.map(({ validate }) => validate(server, question)),
    ...(options.length === 0 ? [verify(server, `${name}/${above}`, question)] : []),
  ]);
}

describe.skipIf(MISSING !== undefined)(`a trail's files${whySkipped(MISSING)}`, () => {
  test.each(FOLDERS)("of trail $name below $path in $region are valid for all three", async (folder) => {
    const { digests, logs } = await readFolder(folder);
    const all = await validateAll(folder);
    for (const said of all) expect(said).toEqual({ ...all[0], code: 0, err: "" });
    expect(all[0]?.out.split("\n").slice(-3, -1)).toEqual([
      `${digests.length}/${digests.length} digest files valid`,
      `${logs.length}/${logs.length} log files valid`,
    ]);
  });

  test("of an organization are not found by the AWS CLI when it is told the bucket: it does not ask for the id then", async () => {
    const [folder] = FOLDERS.filter(({ name }) => name === "organization");
    const told = await validateAll(folder as Folder, ["--s3-bucket", "organization"]);
    expect(told).toHaveLength(2);
    for (const { code, out } of told) {
      expect(code).toBe(0);
      expect(out).toMatch(/\nNo digests found\n$/);
    }
  });

  test("are encrypted where the trail has a key", async () => {
    const Bucket = "encrypted-below-prefix";
    const keys = await keysOf(s3, Bucket, ".json.gz");
    expect(keys.length).toBeGreaterThan(1);
    for (const Key of keys) {
      expect(await s3.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({
        ServerSideEncryption: "aws:kms",
        SSEKMSKeyId: expect.stringContaining("alias/opentrail"),
      });
    }
  });

  describe("in a locked bucket", () => {
    const Bucket = "locked";
    const locked = FOLDERS.find(({ name }) => name === Bucket) as Folder;

    /** The newest record of this event, which tells what is with the version that was delivered. */
    const reported = async (eventName: string, key: string): Promise<unknown> => {
      const call = callerOf(server);
      const ofKey = async (): Promise<unknown> =>
        (await recordsNamed(call, eventName)).find((record) => at(record, "serviceEventDetails", "key") === key);
      return at(await until(`${eventName} of ${key}`, ofKey, (record) => record !== undefined), "serviceEventDetails");
    };

    test("that are hidden by a delete marker are missed by all three, and come back", async () => {
      const [key = ""] = await keysOf(s3, Bucket, "/CloudTrail/");
      const { VersionId: marker } = await s3.send(new DeleteObjectCommand({ Bucket, Key: key }));
      for (const said of await validateAll(locked)) {
        expect({ code: said.code, said: complaintsOf(said) }).toEqual({
          code: 1,
          said: [`Log file\ts3://${Bucket}/${key}\tINVALID: not found`],
        });
      }
      expect(await reported("LogFileDeleted", key)).toMatchObject({ deliveredVersionKept: true });
      await s3.send(new DeleteObjectCommand({ Bucket, Key: key, VersionId: marker }));
      expect((await validateAll(locked)).map(({ code }) => code)).toEqual([0, 0, 0]);
    });

    test("stay below what is put on top of them, whoever wants them gone", async () => {
      const [key = ""] = await keysOf(s3, Bucket, "/CloudTrail-Digest/");
      const { VersionId } = await s3.send(new HeadObjectCommand({ Bucket, Key: key }));
      await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: gzipSync("{}") }));
      for (const said of await validateAll(locked)) {
        expect(said.code).toBe(1);
        expect(complaintsOf(said)).toEqual([
          `Digest file\ts3://${Bucket}/${key}\tINVALID: signature verification failed`,
        ]);
      }
      expect(await reported("DigestFileReplaced", key)).toMatchObject({
        expected: { versionId: VersionId },
        found: { signatureChanged: true },
        deliveredVersionKept: true,
      });
      const gone = s3.send(new DeleteObjectCommand({ Bucket, Key: key, VersionId }));
      await expect(gone).rejects.toMatchObject({ name: "AccessDenied" });
    });
  });
});

async function makeTrail({ name, settings = {}, locked }: Kind): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: locked === true }));
  if (locked === true) await lockForADay(name);
  const Statement = [
    {
      Effect: "Allow",
      Principal: { Service: "cloudtrail.amazonaws.com" },
      Action: ["s3:GetBucketAcl", "s3:PutObject"],
      Resource: [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`],
      Condition: { StringEquals: { "aws:SourceArn": trailArn(name) } },
    },
  ];
  await s3.send(
    new PutBucketPolicyCommand({ Bucket: name, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }),
  );
  const call = callerOf(server);
  const input = { Name: name, S3BucketName: name, EnableLogFileValidation: true, ...settings };
  expect(await call("cloudtrail", "CreateTrail", input)).toMatchObject({ code: "", message: "" });
  expect(await call("cloudtrail", "StartLogging", { Name: name })).toMatchObject({ status: 200 });
}

async function lockForADay(Bucket: string): Promise<void> {
  const DefaultRetention = { Mode: "COMPLIANCE", Days: 1 } as const;
  const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention } } as const;
  await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
}

async function makeCalls(): Promise<void> {
  const member = readCredentials(join(server.dataDirectory, `root-credentials-${MEMBER}`));
  for (const credentials of [server.root, member]) {
    const call = callerOf(server, credentials);
    expect(await call("iam", "CreateUser", { UserName: "Ann" })).toMatchObject({ status: 200 });
    const client = new CloudTrailClient({ endpoint: server.endpoint, region: "eu-west-1", credentials });
    await client.send(new DescribeTrailsCommand({}));
    client.destroy();
  }
}
/** The digest files of a folder, and the keys of its log files. */
async function readFolder({ name: Bucket, path, region }: Folder): Promise<{
  readonly digests: readonly unknown[];
  readonly logs: readonly string[];
}> {
  const digests: unknown[] = [];
  for (const Key of await keysOf(s3, Bucket, `${path}CloudTrail-Digest/${region}/`)) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    digests.push(JSON.parse(gunzipSync((await Body?.transformToByteArray()) ?? "").toString()));
  }
  return { digests, logs: await keysOf(s3, Bucket, `${path}CloudTrail/${region}/`) };
}
