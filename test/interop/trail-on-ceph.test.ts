import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { CloudTrailClient, CreateTrailCommand, StartLoggingCommand } from "@aws-sdk/client-cloudtrail";
import { CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateBucketCommand, PutObjectLockConfigurationCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BucketFailure, type BucketStore, openS3BucketStore } from "../../src/buckets/index.ts";
import { startServer, type TestServer } from "../server.ts";
import { at } from "./client.ts";
import { CLIENTS, whySkipped } from "./clients.ts";
import { type Ceph, CEPH_MISSING, startCeph } from "./gateway/ceph.ts";
import { within } from "./run.ts";

const AWS = CLIENTS.find(({ name }) => name === "newest AWS CLI of PyPI");
const MISSING = CEPH_MISSING ?? AWS?.missing;

const BUCKET = "kept-for-ever";
const USERS = ["John", "Mary", "Ann"];
/** Log files come every second here, digest files every three. */
const DELIVERED_MS = 60_000;

describe.skipIf(MISSING !== undefined)(`a trail onto Ceph's radosgw${whySkipped(MISSING)}`, () => {
  let home: string;
  let ceph: Ceph;
  let server: TestServer;
  let store: BucketStore;
  let trailArn: string;
  const startedAt = new Date();

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "opentrail-"));
    ceph = await startCeph();
    const file = join(home, "credentials");
    const { accessKeyId, secretAccessKey } = ceph.credentials;
    writeFileSync(file, `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`, {
      mode: 0o600,
    });
    server = await startServer({
      environment: {
        OPENTRAIL_BUCKETS_ENDPOINT: ceph.endpoint,
        OPENTRAIL_BUCKETS_CREDENTIALS_FILE: file,
        OPENTRAIL_TRAILS_DELIVERY_INTERVAL: "1s",
        OPENTRAIL_TRAILS_DIGEST_INTERVAL: "3s",
      },
    });
    // One command asks both servers with the same key.
    await ceph.addKey(server.root);
    const s3 = { endpoint: ceph.endpoint, region: "us-east-1", credentials: ceph.credentials, forcePathStyle: true };
    store = await openS3BucketStore(s3);
    await makeLockedBucket(new S3Client(s3));
    trailArn = await makeTrail(server);
  }, 120_000);
  afterAll(async () => {
    await store?.close();
    await server?.stop();
    await ceph?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const keysOf = async (folder: "CloudTrail" | "CloudTrail-Digest"): Promise<readonly string[]> => {
    const { objects } = await store.list(BUCKET, { prefix: `AWSLogs/123456789012/${folder}/` });
    return objects.map(({ key }) => key).filter((key) => key.endsWith(".json.gz"));
  };
  const readJson = async (key: string): Promise<unknown> =>
    JSON.parse(gunzipSync((await store.get(BUCKET, key)).bytes).toString());
  const environment = (): NodeJS.ProcessEnv => ({
    ...server.environment,
    AWS_ENDPOINT_URL_CLOUDTRAIL: server.endpoint,
    AWS_ENDPOINT_URL_S3: ceph.endpoint,
  });
  const validate = (): Promise<string> => {
    const start = startedAt.toISOString().slice(0, 19);
    const args = ["cloudtrail", "validate-logs", "--trail-arn", trailArn, "--start-time", `${start}Z`, "--verbose"];
    return ended(AWS?.command ?? "aws", args, environment());
  };

  test("brings every call once, in log files and in digests that list these", async () => {
    const names = await within(DELIVERED_MS, async () => {
      const files = await Promise.all((await keysOf("CloudTrail")).map(readJson));
      const records = files.flatMap((file) => at(file, "Records") as readonly unknown[]);
      const created = records.filter((record) => at(record, "eventName") === "CreateUser");
      return created.length < USERS.length
        ? undefined
        : created.map((record) => at(record, "requestParameters", "userName"));
    });
    expect(names?.toSorted()).toEqual(USERS.toSorted());
    const listed = await within(DELIVERED_MS, async () => {
      const digests = await Promise.all((await keysOf("CloudTrail-Digest")).map(readJson));
      const keys = digests.flatMap((digest) => at(digest, "logFiles") as readonly unknown[]);
      const found = new Set(keys.map((file) => at(file, "s3Object")));
      return (await keysOf("CloudTrail")).every((key) => found.has(key)) && found.size > 0 ? found : undefined;
    });
    expect(listed?.size).toBeGreaterThan(0);
  });

  test("is valid for the AWS CLI", async () => {
    const said = await validate();
    expect(said).toMatch(/\b([1-9]\d*)\/\1 digest files valid/);
    expect(said).toMatch(/\b([1-9]\d*)\/\1 log files valid/);
    expect(said).not.toContain("INVALID");
  });

  test("leaves versions that Ceph lets nobody delete", async () => {
    for (const folder of ["CloudTrail", "CloudTrail-Digest"] as const) {
      const [key = ""] = await keysOf(folder);
      const facts = await store.head(BUCKET, key);
      expect(facts).toMatchObject({ versionId: expect.any(String), lock: { mode: "COMPLIANCE" } });
      expect(facts).toMatchObject({ contentType: "application/json", contentEncoding: "gzip" });
      const refusal: unknown = await store.delete(BUCKET, key, facts?.versionId).catch((failure: unknown) => failure);
      expect(refusal).toBeInstanceOf(BucketFailure);
      expect((refusal as BucketFailure).code).toBe("AccessDenied");
      expect(await store.head(BUCKET, key, facts?.versionId)).toEqual(facts);
    }
  });

  test("is well for opentrail doctor", async () => {
    const said = await ended(process.execPath, ["bin/opentrail.js", "doctor", "trail", trailArn], environment());
    expect(said).toContain("COMPLIANCE until");
    expect(said).toContain("refused, as it should be");
    expect(said).toContain("All is well.");
  });

  test("is invalid for the AWS CLI once another object stands in a log file's place", async () => {
    const [key = ""] = await keysOf("CloudTrail");
    const { bytes, facts } = await store.get(BUCKET, key);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await store.put(BUCKET, key, bytes, { contentType: "application/json", contentEncoding: "gzip" });
    expect(await validate()).toContain(`Log file\ts3://${BUCKET}/${key}\tINVALID`);
    // What was there is still there.
    expect((await store.get(BUCKET, key, facts.versionId)).facts).toEqual(facts);
  });
});

async function makeLockedBucket(client: S3Client): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }));
  const DefaultRetention = { Mode: "COMPLIANCE", Days: 1 } as const;
  const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention } } as const;
  await client.send(new PutObjectLockConfigurationCommand({ Bucket: BUCKET, ObjectLockConfiguration }));
  client.destroy();
}

/** Makes the trail and, once it logs, a few calls; answers its ARN. */
async function makeTrail({ endpoint, root }: TestServer): Promise<string> {
  const settings = { endpoint, region: "us-east-1", credentials: root, maxAttempts: 1 };
  const cloudtrail = new CloudTrailClient(settings);
  const trail = { Name: "kept", S3BucketName: BUCKET, IsMultiRegionTrail: true, EnableLogFileValidation: true };
  const { TrailARN = "" } = await cloudtrail.send(new CreateTrailCommand(trail));
  await cloudtrail.send(new StartLoggingCommand({ Name: TrailARN }));
  const iam = new IAMClient(settings);
  for (const UserName of USERS) await iam.send(new CreateUserCommand({ UserName }));
  cloudtrail.destroy();
  iam.destroy();
  return TrailARN;
}

/** What a command printed, whatever it ended with. */
async function ended(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(command, args, { env }).catch(
    (failure: { readonly stdout: string; readonly stderr: string }) => failure,
  );
  return `${stdout}${stderr}`;
}
