import { afterAll, beforeAll, expect, test } from "vitest";
import { PutBucketPolicyCommand, type S3Client } from "@aws-sdk/client-s3";
import { type Caller, callerOf, healthOf } from "../calls.ts";
import { bucketPolicy, deliveredRecords, keysOf, s3Of, startTrail, until } from "../trail.ts";
import { startServer, type TestServer } from "../server.ts";

let server: TestServer;
let s3: S3Client;
let call: Caller;

const FLAGS = ["--trails-delivery-interval", "1s", "--trails-digest-interval", "2s", "--trails-check-interval", "1s"];

beforeAll(async () => {
  server = await startServer({ flags: FLAGS });
  s3 = s3Of(server);
  call = callerOf(server);
  await startTrail(server, { bucket: "storm", trail: "storm" });
});
afterAll(async () => {
  s3.destroy();
  await server.stop();
});

async function done(operation: string, input: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { code, message, output } = await call("cloudtrail", operation, input);
  if (code !== "") throw new Error(`${operation}: ${code}: ${message}`);
  return output;
}

function twice(records: readonly { readonly eventID: string }[]): readonly string[] {
  const seen = new Set<string>();
  return records.map(({ eventID }) => eventID).filter((id) => seen.has(id) || !seen.add(id));
}

test("a trail whose logging is turned on and off a hundred times delivers what it logged, once", async () => {
  for (let count = 0; count < 100; count++) {
    await done(count % 2 === 0 ? "StopLogging" : "StartLogging", { Name: "storm" });
    // Only while it logs is this wanted.
    if (count % 10 === 9) await done("DescribeTrails", {});
  }
  const records = await until(
    "records of the trail",
    () => deliveredRecords(s3, "storm"),
    (found) => found.filter(({ eventName }) => eventName === "StartLogging").length >= 51,
  );
  expect(twice(records)).toEqual([]);
  expect(records.filter(({ eventName }) => eventName === "StopLogging")).toHaveLength(50);
  expect(await done("GetTrailStatus", { Name: "storm" })).toMatchObject({ IsLogging: true });
});

test("changes of one trail at once all count", async () => {
  const Policy = bucketPolicy("storm", "storm", "*");
  await s3.send(new PutBucketPolicyCommand({ Bucket: "storm", Policy }));
  const changes = [
    { S3KeyPrefix: "kept" },
    { IsMultiRegionTrail: true },
    { EnableLogFileValidation: false },
    { RecursiveLogging: false },
  ];
  const callers = changes.map((change) => ({ change, other: callerOf(server) }));
  for (let round = 0; round < 5; round++) {
    const answers = callers.map(({ change, other }) =>
      other("cloudtrail", "UpdateTrail", { Name: "storm", ...change }),
    );
    expect((await Promise.all(answers)).map(({ code }) => code)).toEqual(["", "", "", ""]);
  }
  const trail = (await done("GetTrail", { Name: "storm" }))["Trail"];
  expect(trail).toMatchObject({ S3KeyPrefix: "kept", IsMultiRegionTrail: true, LogFileValidationEnabled: false });
});

test("records of any Region that somebody claims are delivered, in folders of Regions that are AWS's", async () => {
  for (const region of ["..", "us-isoz-northeast-9", "%2e%2e", "eu-west-3", "x".repeat(32)]) {
    const Authorization = `AWS4-HMAC-SHA256 Credential=AKIANOBODY/20261120/${region}/cloudtrail/aws4_request, SignedHeaders=host, Signature=0`;
    await fetch(server.endpoint, {
      method: "POST",
      headers: { Authorization, "x-amz-target": "CloudTrail_20131101.ListTrails", "x-amz-date": "20261120T000000Z" },
      body: "{}",
    });
  }
  const records = await until(
    "the refused calls",
    () => deliveredRecords(s3, "storm"),
    (found) => found.filter(({ eventName }) => eventName === "ListTrails").length >= 5,
  );
  expect(twice(records)).toEqual([]);
  const keys = await keysOf(s3, "storm", "/CloudTrail");
  const folders = keys.flatMap((key) => /\/CloudTrail[^/]*\/([^/]*)\//.exec(key)?.[1] ?? []);
  expect([...new Set(folders)].toSorted()).toEqual(["eu-west-3", "us-east-1"]);
  expect(await done("GetTrailStatus", { Name: "storm" })).not.toHaveProperty("LatestDeliveryError");
});

test("a trail that is deleted while it delivers ends with what was logged before", async () => {
  const others = Array.from({ length: 4 }, () => callerOf(server));
  const busy = others.map(async (other) => {
    for (let count = 0; count < 100; count++) await other("cloudtrail", "ListTrails", {});
  });
  await done("DeleteTrail", { Name: "storm" });
  await Promise.all(busy);
  const records = await until(
    "the deletion's record",
    () => deliveredRecords(s3, "storm"),
    (found) => found.some(({ eventName }) => eventName === "DeleteTrail"),
  );
  expect(twice(records)).toEqual([]);
  expect((await healthOf(server)).body.ok).toBe(true);
  expect(await (await fetch(`${server.status}/metrics`)).text()).toMatch(/^opentrail_capture_intents_open 0$/m);
}, 60_000);
