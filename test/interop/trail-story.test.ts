import { setTimeout as sleep } from "node:timers/promises";
import { DeleteObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isoSeconds } from "../../src/core/index.ts";
import { allRecords, callerOf } from "../calls.ts";
import { startServer, type TestServer } from "../server.ts";
import { bucketPolicy, deliveredDigests, deliveredRecords, keysOf, s3Of, trailArn, until } from "../trail.ts";
import { type AwsClient, type Output, type Parameters, type ServiceName, text } from "./client.ts";
import { CLIENTS, whySkipped } from "./clients.ts";
import { errorOf, outputOf } from "./run.ts";
import { AWS_VALIDATORS, complaintsOf, type Validated } from "./validators.ts";

let server: TestServer;
let s3: S3Client;

beforeAll(async () => {
  server = await startServer({
    flags: ["--trails-delivery-interval", "1s", "--trails-digest-interval", "2s", "--limits-calls-per-second", "0"],
  });
  s3 = s3Of(server);
});
afterAll(async () => {
  s3.destroy();
  await server.stop();
});

/** A trail's life in one client's hands. */
class Story {
  /** Of the trail and of its bucket. */
  readonly name: string;
  readonly #client: AwsClient;
  #users = 0;

  constructor(name: string, client: AwsClient) {
    this.name = name;
    this.#client = client;
  }

  async do(service: ServiceName, operation: string, parameters: Parameters): Promise<Output> {
    return outputOf(await this.#client.call(service, operation, parameters, { credentials: server.root }));
  }

  async refused(operation: string, parameters: Parameters): Promise<string> {
    const answer = await this.#client.call("cloudtrail", operation, parameters, { credentials: server.root });
    return errorOf(answer).code;
  }

  async makeCalls(count: number): Promise<void> {
    for (let call = 0; call < count; call++) {
      await this.do("iam", "CreateUser", { UserName: `${this.name}-${this.#users++}` });
    }
  }

  async status(): Promise<Output> {
    return await this.do("cloudtrail", "GetTrailStatus", { Name: this.name });
  }

  /** Asks for the status until it is so; the command lines take a second for it. */
  async statusWhen(what: string, isSo: (status: Output) => boolean): Promise<Output> {
    return await until(`status ${what}`, () => this.status(), isSo, 60_000);
  }

  async letTrailWrite(): Promise<void> {
    await this.do("s3", "PutBucketPolicy", { Bucket: this.name, Policy: bucketPolicy(this.name, this.name) });
  }

  /** What its log files hold, in the order of their keys. */
  async delivered(): Promise<readonly string[]> {
    return (await deliveredRecords(s3, this.name)).map(({ eventID }) => eventID);
  }

  async emptyBucket(): Promise<void> {
    for (const Key of await keysOf(s3, this.name)) {
      await s3.send(new DeleteObjectCommand({ Bucket: this.name, Key }));
    }
  }

  validate(): Promise<Validated> {
    const [start, end] = [-3_600_000, 3_600_000].map((ms) => isoSeconds(Date.now() + ms));
    const options = ["--s3-bucket", this.name];
    const question = { trail: trailArn(this.name), start: start ?? "", end: end ?? "", options };
    return (AWS_VALIDATORS[0] as (typeof AWS_VALIDATORS)[number]).validate(server, question);
  }
}

/** Milliseconds since 1970 of a time as any client tells it. */
function timeOf(output: Output, member: string): number {
  const time = output[member];
  return typeof time === "number" ? time * 1000 : Date.parse(time as string);
}

/** Ids of everything that happened from one record to another, both included, in the order in which it was recorded. */
async function happened(trail: string): Promise<readonly string[]> {
  const records = (await allRecords(callerOf(server))).toReversed();
  const of = (eventName: string): number =>
    records.findIndex((record) => record.eventName === eventName && record.requestParameters?.["name"] === trail);
  return records.slice(of("StartLogging"), of("StopLogging") + 1).map(({ eventID }) => eventID);
}

/** The ends of all digest files that lie in a bucket, milliseconds since 1970. */
async function digestEnds(Bucket: string): Promise<readonly number[]> {
  const digests = await deliveredDigests(s3, Bucket);
  return digests.map((digest) => Date.parse(text(digest, "digestEndTime")));
}

/** Its bucket, its trail, and the first deliveries. */
async function begin(story: Story): Promise<void> {
  const { name } = story;
  await story.do("s3", "CreateBucket", { Bucket: name });
  await story.letTrailWrite();
  await story.do("cloudtrail", "CreateTrail", { Name: name, S3BucketName: name, EnableLogFileValidation: true });
  expect(await story.status()).toMatchObject({ IsLogging: false, LatestDeliveryAttemptTime: "" });
  await story.do("cloudtrail", "StartLogging", { Name: name });
  await story.makeCalls(2);
  const first = await story.statusWhen("of a first delivery", (status) => "LatestDeliveryTime" in status);
  expect(first).toMatchObject({ IsLogging: true });
  expect(first).not.toHaveProperty("LatestDeliveryError");
  expect(timeOf(first, "LatestDeliveryTime")).toBeGreaterThanOrEqual(timeOf(first, "StartLoggingTime") - 1000);
  await sleep(1000);
  await story.makeCalls(1);
  const isLater = (status: Output): boolean =>
    timeOf(status, "LatestDeliveryTime") > timeOf(first, "LatestDeliveryTime");
  await story.statusWhen("of a later delivery", isLater);
}

/** The trail may not write any more, and then it may again. */
async function loseThePolicy(story: Story): Promise<void> {
  await story.do("s3", "DeleteBucketPolicy", { Bucket: story.name });
  await story.makeCalls(2);
  const denied = await story.statusWhen("while it is denied", (status) => "LatestDeliveryError" in status);
  expect(denied).toMatchObject({ IsLogging: true, LatestDeliveryError: "AccessDenied" });
  const still = await story.statusWhen("of denied digests", (status) => "LatestDigestDeliveryError" in status);
  expect(still).toMatchObject({ LatestDigestDeliveryError: "AccessDenied" });
  expect(timeOf(still, "LatestDeliveryTime")).toBe(timeOf(denied, "LatestDeliveryTime"));

  await story.letTrailWrite();
  const mended = await story.statusWhen("after it was denied", (status) => !("LatestDeliveryError" in status));
  expect(timeOf(mended, "LatestDeliveryTime")).toBeGreaterThan(timeOf(denied, "LatestDeliveryTime"));
  await story.statusWhen("of digests again", (status) => !("LatestDigestDeliveryError" in status));
  const allValid: unknown = expect.stringMatching(/^(\d+)\/\1 log files valid$/m);
  expect(await story.validate()).toMatchObject({ code: 0, err: "", out: allValid });
}

/** The bucket is deleted with all that is in it, and made again; answers what was in it. */
async function loseTheBucket(story: Story): Promise<readonly string[]> {
  const { name } = story;
  // Nobody can delete a bucket into which something comes all the time.
  await story.do("s3", "DeleteBucketPolicy", { Bucket: name });
  await story.makeCalls(1);
  await story.statusWhen("while it is denied again", (status) => "LatestDeliveryError" in status);
  const before = await story.delivered();
  await story.emptyBucket();
  await story.do("s3", "DeleteBucket", { Bucket: name });
  await story.makeCalls(2);
  await story.statusWhen("without a bucket", (status) => status["LatestDeliveryError"] === "NoSuchBucket");
  await story.do("s3", "CreateBucket", { Bucket: name });
  await story.letTrailWrite();
  await story.makeCalls(1);
  await story.statusWhen("with a bucket again", (status) => !("LatestDeliveryError" in status));
  return before;
}

/** The trail stops, everything is there, and stays there without the trail. */
async function end(story: Story, before: readonly string[]): Promise<void> {
  const { name } = story;
  await story.do("cloudtrail", "StopLogging", { Name: name });
  const stopped = await story.status();
  expect(stopped).toMatchObject({ IsLogging: false });
  const wanted = await happened(name);
  const delivered = async (): Promise<readonly string[]> => [...before, ...(await story.delivered())];
  await until("records", delivered, (records) => records.length >= wanted.length);
  expect(await delivered()).toEqual(wanted);
  const stoppedMs = timeOf(stopped, "StopLoggingTime");
  const digests = (): Promise<readonly number[]> => digestEnds(name);
  await until("the last digest file", digests, (ends) => ends.some((ms) => ms >= stoppedMs));

  await story.do("cloudtrail", "DeleteTrail", { Name: name });
  const described = await story.do("cloudtrail", "DescribeTrails", { trailNameList: [name] });
  expect(described).toEqual({ trailList: [] });
  const kept = await keysOf(s3, name, ".json.gz");
  await sleep(3000);
  expect(await keysOf(s3, name, ".json.gz")).toEqual(kept);
  // Nothing is wrong but that someone deleted a bucket.
  const validated = await story.validate();
  const complaints = complaintsOf(validated);
  expect(validated.code).toBe(1);
  expect(complaints.filter((complaint) => !complaint.endsWith("\tINVALID: not found"))).toEqual([]);
  expect(complaints.filter((complaint) => kept.some((key) => complaint.includes(key)))).toEqual([]);
}

// Each has its own trail and bucket: that of one is in trouble while those of the others are not.
describe.concurrent("the status of a trail tells the truth, and every record arrives once and in order", () => {
  for (const [number, { name, missing, open }] of CLIENTS.entries()) {
    test.skipIf(missing !== undefined)(`for ${name}${whySkipped(missing)}`, async () => {
      const client = open(server.endpoint);
      const story = new Story(`story-${number}`, client);
      await begin(story);
      await loseThePolicy(story);
      await end(story, await loseTheBucket(story));
      expect(await story.refused("GetTrailStatus", { Name: story.name })).toBe("TrailNotFoundException");
      client.close();
    });
  }
});
