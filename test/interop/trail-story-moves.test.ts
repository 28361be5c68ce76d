import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, PutBucketPolicyCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isoSeconds } from "../../src/core/index.ts";
import { allRecords, callerOf, type TestRecord } from "../calls.ts";
import { type ServerOptions, startServer, type TestServer } from "../server.ts";
import { bucketPolicy, deliveredDigests, deliveredRecords, keysOf, s3Of, trailArn, until } from "../trail.ts";
import { at, list, text } from "./client.ts";
import { whySkipped } from "./clients.ts";
import { AWS_VALIDATORS, complaintsOf, type Question, type Validated, verify } from "./validators.ts";

const MISSING = AWS_VALIDATORS.map(({ missing }) => missing).find((missing) => missing !== undefined);
const HOUR_MS = 3_600_000;
const START_MS = Date.now() - HOUR_MS;

const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-moves-"));
const options: ServerOptions = {
  dataDirectory,
  flags: ["--trails-delivery-interval", "1s", "--trails-digest-interval", "2s"],
};
let server: TestServer;
let s3: S3Client;
let users = 0;
/** What the validators said when the trail had just moved to its second bucket. */
let moved: readonly Validated[];

async function start(): Promise<void> {
  server = await startServer(options);
  s3 = s3Of(server);
}

/** Stops the server in this way, and starts it again. */
async function restart(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  s3.destroy();
  await (signal === "SIGTERM" ? server.stop() : server.kill());
  await start();
}

async function change(operation: string, input: Record<string, unknown>): Promise<void> {
  const { code, message } = await callerOf(server)("cloudtrail", operation, input);
  if (code !== "") throw new Error(`${operation}: ${code}: ${message}`);
}

async function makeCalls(count: number): Promise<void> {
  const call = callerOf(server);
  for (let made = 0; made < count; made++) await call("iam", "CreateUser", { UserName: `guest-${users++}` });
}

async function letTrailWrite(Bucket: string, trail: string, prefix = ""): Promise<void> {
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: bucketPolicy(Bucket, trail, prefix) }));
}

async function makeTrail(Name: string, S3BucketName: string): Promise<void> {
  await change("CreateTrail", { Name, S3BucketName, EnableLogFileValidation: true });
  await change("StartLogging", { Name });
}

/** Waits until a digest file lists the newest log file that is there now. */
async function digested(buckets: readonly string[]): Promise<void> {
  const unlisted = async (): Promise<readonly string[]> => {
    const logs = (await Promise.all(buckets.map((bucket) => keysOf(s3, bucket, "/CloudTrail/")))).flat();
    const digests = (await Promise.all(buckets.map((bucket) => deliveredDigests(s3, bucket)))).flat();
    const listed = new Set(digests.flatMap((digest) => list(digest, "logFiles").map((file) => text(file, "s3Object"))));
    return logs.length === 0 ? ["none yet"] : logs.filter((key) => !listed.has(key));
  };
  await until(`unlisted log files in ${buckets.join(", ")}`, unlisted, (keys) => keys.length === 0);
}

/** Waits until the record of the latest call of this name by the trail's name lies in the bucket. */
async function arrived(bucket: string, eventName: string, count = 1): Promise<void> {
  const records = async (): Promise<readonly TestRecord[]> =>
    (await deliveredRecords(s3, bucket)).filter((record) => record.eventName === eventName);
  await until(`${eventName} in ${bucket}`, records, ({ length }) => length >= count);
}

async function validate(trail: string, place: string): Promise<readonly Validated[]> {
  const [start = "", end = ""] = [START_MS, START_MS + 2 * HOUR_MS].map(isoSeconds);
  const question: Question = { trail: trailArn(trail), start, end, verbose: true };
  const aws = AWS_VALIDATORS.map((validator) => validator.validate(server, question));
  return await Promise.all([...aws, verify(server, place, question)]);
}

beforeAll(async () => {
  if (MISSING !== undefined) return;
  await start();
  for (const Bucket of ["paused", "first", "second"]) await s3.send(new CreateBucketCommand({ Bucket }));
  await letTrailWrite("paused", "paused");
  await letTrailWrite("first", "moving");
  await letTrailWrite("second", "moving");
  await makeTrail("paused", "paused");
  await makeTrail("moving", "first");
  await makeCalls(3);
  await restart("SIGTERM");
  await makeCalls(3);
  await digested(["first"]);
  await makeCalls(2);
  await restart("SIGKILL");

  await change("StopLogging", { Name: "paused" });
  await change("UpdateTrail", { Name: "moving", S3BucketName: "second" });
  await makeCalls(2);
  await restart("SIGKILL");
  await arrived("second", "UpdateTrail");
  await digested(["first", "second"]);
  await arrived("paused", "StopLogging");
  await digested(["paused"]);
  moved = await validate("moving", "second");
  await makeCalls(1);

  // What was decided before the change still goes where it belonged then.
  await letTrailWrite("second", "moving", "*");
  await change("UpdateTrail", { Name: "moving", S3KeyPrefix: "kept" });
  await makeCalls(1);
  await restart("SIGTERM");
  await change("StartLogging", { Name: "paused" });
  await makeCalls(2);
  await change("StopLogging", { Name: "moving" });
  await change("StopLogging", { Name: "paused" });
  await arrived("second", "StopLogging");
  await digested(["first", "second"]);
  await arrived("paused", "StopLogging", 2);
  await digested(["paused"]);
}, 120_000);
afterAll(async () => {
  s3?.destroy();
  await server?.stop();
  rmSync(dataDirectory, { recursive: true });
});

/** Ids of everything that happened while the trail logged, in the order in which it was recorded. */
async function happened(trail: string): Promise<readonly string[]> {
  const records = (await allRecords(callerOf(server))).toReversed();
  let logging = false;
  const ids: string[] = [];
  for (const { eventID, eventName, requestParameters } of records) {
    const isOfTrail = requestParameters?.["name"] === trail;
    if (isOfTrail && eventName === "StartLogging") logging = true;
    if (logging) ids.push(eventID);
    if (isOfTrail && eventName === "StopLogging") logging = false;
  }
  return ids;
}

function idsOf(records: readonly TestRecord[]): readonly string[] {
  return records.map(({ eventID }) => eventID);
}

const VALID: unknown = expect.stringMatching(/^(\d+)\/\1 digest files valid\n(\d+)\/\2 log files valid$/m);

describe.skipIf(MISSING !== undefined)(`a trail whose server starts again and again${whySkipped(MISSING)}`, () => {
  test("delivers every record once and in order, with a pause in it", async () => {
    const ids = idsOf(await deliveredRecords(s3, "paused"));
    expect(ids.length).toBeGreaterThan(10);
    expect(ids).toEqual(await happened("paused"));
  });

  test("begins a new chain after a pause, which all three tell as a gap and not as a failure", async () => {
    const digests = await deliveredDigests(s3, "paused");
    const starting = digests.flatMap((digest, index) => (at(digest, "previousDigestS3Object") === null ? [index] : []));
    expect(starting).toEqual([0, expect.any(Number)]);
    const [before, after] = [digests[(starting[1] ?? 0) - 1], digests[starting[1] ?? 0]];
    const [from, to] = [text(before, "digestEndTime"), text(after, "digestStartTime")];
    expect(Date.parse(to) - Date.parse(from)).toBeGreaterThan(0);
    for (const said of await validate("paused", "paused")) {
      expect(said).toMatchObject({ code: 0, out: VALID });
      expect(said.out).toContain(`\n${digests.length}/${digests.length} digest files valid\n`);
      expect(complaintsOf(said)).toEqual([`No log files were delivered by CloudTrail between ${from} and ${to}`]);
    }
  });

  test("delivers every record once and in order, into whatever bucket and below whatever prefix it has", async () => {
    const [first, second] = [await deliveredRecords(s3, "first"), await deliveredRecords(s3, "second")];
    expect(idsOf([...first, ...second])).toEqual(await happened("moving"));
    // A change counts from its own record on.
    expect(second[0]).toMatchObject({ eventName: "UpdateTrail", requestParameters: { s3BucketName: "second" } });
    const [key = ""] = await keysOf(s3, "second", "kept/AWSLogs/123456789012/CloudTrail/");
    expect(key).not.toBe("");
    const below = (await deliveredRecords(s3, "second", "kept/"))[0];
    expect(below).toMatchObject({ eventName: "UpdateTrail", requestParameters: { s3KeyPrefix: "kept" } });
  });

  test("carries its chain of digest files on from one bucket to the next", async () => {
    const all = [...(await deliveredDigests(s3, "first")), ...(await deliveredDigests(s3, "second"))];
    const places = all.map((digest) => `${text(digest, "digestS3Bucket")}/${text(digest, "digestS3Object")}`);
    const previous = all.map((digest) =>
      at(digest, "previousDigestS3Object") === null
        ? null
        : `${text(digest, "previousDigestS3Bucket")}/${text(digest, "previousDigestS3Object")}`,
    );
    expect(previous).toEqual([null, ...places.slice(0, -1)]);
    const folders = places.map((place) => place.split("/123456789012/")[0]);
    expect([...new Set(folders)]).toEqual(["first/AWSLogs", "second/AWSLogs", "second/kept/AWSLogs"]);
  });

  test("is valid across two buckets for all three", async () => {
    for (const said of moved) {
      expect(said).toMatchObject({ code: 0, err: "", out: VALID });
      for (const bucket of ["first", "second"]) expect(said.out).toContain(`Digest file\ts3://${bucket}/AWSLogs/`);
    }
  });

  test("is valid across two buckets and below a new prefix, but for an older AWS CLI that cannot list nothing", async () => {
    const [newest, debian, own] = await validate("moving", "second/kept");
    const all = (await keysOf(s3, "first", "-Digest/")).length + (await keysOf(s3, "second", "-Digest/")).length;
    expect(newest).toMatchObject({ code: 0, err: "", out: VALID });
    expect(newest?.out).toContain(`\n${all}/${all} digest files valid\n`);
    expect(own).toEqual(newest);
    // It looks in the first bucket below the new prefix, where there is nothing.
    expect(debian).toMatchObject({ code: 1, err: expect.stringContaining("got 'NoneType'") });
  });
});
