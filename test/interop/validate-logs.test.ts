import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeKeyPair } from "../../src/integrity/digest-keys.ts";
import { DigestRig, HOME, HOUR_MS, TRAIL } from "../../src/integrity/testing.ts";
import { CLIENTS, whySkipped } from "./clients.ts";

const CLI = CLIENTS.find(({ name }) => name === "newest AWS CLI of PyPI");
const MISSING = CLI === undefined ? "no such client" : CLI.missing;

/** As much of CloudTrail and S3 as the validator asks for, over a rig's buckets. */
function serve(rig: DigestRig): Server {
  return createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.once("end", () => void answer(rig, request, body, response));
  });
}

async function answer(rig: DigestRig, request: IncomingMessage, body: string, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://server");
  if (request.headers["x-amz-target"]?.toString().endsWith(".ListPublicKeys") === true) {
    const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const { StartTime, EndTime } = JSON.parse(body) as { StartTime: number; EndTime: number };
    const keys = await rig.digests.publicKeys(region, StartTime * 1000, EndTime * 1000);
    const list = keys.map(({ value, fingerprint, validFrom, validTo }) => ({
      Value: Buffer.from(value).toString("base64"),
      Fingerprint: fingerprint,
      ValidityStartTime: validFrom / 1000,
      ValidityEndTime: validTo / 1000,
    }));
    response.setHeader("content-type", "application/x-amz-json-1.1").end(JSON.stringify({ PublicKeyList: list }));
    return;
  }
  const place = decodeURIComponent(url.pathname.slice(1));
  if (url.searchParams.has("location")) {
    response.end('<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>');
  } else if (url.searchParams.has("prefix")) {
    const keys = [...rig.buckets.objects.keys()]
      .filter((one) => one.startsWith(`${place}/${url.searchParams.get("prefix")}`))
      .map((one) => one.slice(place.length + 1))
      .filter((key) => key > (url.searchParams.get("marker") ?? ""))
      .toSorted((one, other) => (one < other ? -1 : 1));
    const contents = keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join("");
    response.end(`<ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`);
  } else {
    const object = rig.buckets.objects.get(place);
    if (object === undefined) {
      response.writeHead(404).end("<Error><Code>NoSuchKey</Code><Message>There is none</Message></Error>");
      return;
    }
    for (const [name, value] of Object.entries(object.metadata)) response.setHeader(`x-amz-meta-${name}`, value);
    response.end(object.bytes);
  }
}

let server: Server;
let rig: DigestRig;
let logs = 0;

/** Delivers a log file that really lies in its bucket. */
async function deliver(region = "us-east-1", lateMs = 0): Promise<void> {
  const plain = JSON.stringify({ Records: [{ eventID: String(logs) }] });
  const key = `AWSLogs/123456789012/CloudTrail/${region}/2026/03/01/log-${logs++}.json.gz`;
  rig.buckets.objects.set(`logs/${key}`, { bytes: gzipSync(plain), metadata: {}, puts: 1 });
  const sha256 = createHash("sha256").update(plain).digest("hex");
  await rig.deliver({ key, sha256, deliveredAt: rig.clock.now() - lateMs }, { ...HOME, region });
}

async function hours(count: number): Promise<void> {
  for (let hour = 0; hour < count; hour += 1) {
    await rig.passAndSettle(HOUR_MS);
    for (const region of ["us-east-1", "eu-west-3"]) {
      await rig.digests.publicKeys(region, rig.clock.now(), rig.clock.now());
    }
    await rig.settle();
  }
}

/** What `aws cloudtrail validate-logs --verbose` says, of the whole time unless told otherwise, and its exit code. */
async function validate(
  region = "us-east-1",
  bucket = "logs",
  [start = "", end = ""]: readonly string[] = ["2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"],
): Promise<{ code: unknown; said: string }> {
  const times = ["--start-time", start, "--end-time", end];
  const place = ["--trail-arn", TRAIL.arn, "--s3-bucket", bucket, "--region", region, "--verbose"];
  const child = spawn(CLI?.command ?? "", ["cloudtrail", "validate-logs", ...times, ...place], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: "/nonexistent",
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_MAX_ATTEMPTS: "1",
      AWS_EC2_METADATA_DISABLED: "true",
    },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as unknown[];
  return { code, said };
}

function count(said: string, pattern: RegExp): number {
  return [...said.matchAll(pattern)].length;
}

describe.skipIf(MISSING !== undefined)(`aws cloudtrail validate-logs of our digests${whySkipped(MISSING)}`, () => {
  beforeAll(async () => {
    rig = await DigestRig.open(makeKeyPair);
    server = serve(rig).listen(0, "127.0.0.1");
    await once(server, "listening");
    await rig.change();
    await deliver();
    await deliver("eu-west-3");
    await hours(2);
    await deliver();
    await deliver("us-east-1", 70 * 60_000);
    await hours(2);
    await rig.change({ logging: false, validating: false });
    await hours(3);
    await rig.change();
    await deliver();
    await hours(2);
    // The process is down for a week, the key grows old.
    rig.clock.pass(24 * 7 * HOUR_MS);
    rig.openAgain();
    await hours(1);
    await deliver();
    rig.clock.pass(24 * 16 * HOUR_MS);
    await hours(3);
  });
  afterAll(async () => {
    server.close();
    await rig.close();
  });

  test("finds all of them valid, with the gap while nothing was validated, and backfill digests", async () => {
    const { code, said } = await validate();
    expect(said).not.toMatch(/INVALID|rror/);
    expect(code).toBe(0);
    const chains = await rig.chains();
    const [regular, backfill] = ["us-east-1_example-trail_us-east-1.json.gz", "us-east-1_backfill.json.gz"].map(
      (end) => chains.find(({ name }) => name.endsWith(end))?.digests.length ?? 0,
    );
    expect(said).toContain(`${regular}/${regular} digest files valid`);
    expect(backfill).toBe(1);
    expect(said).toContain("1/1 backfill digest files valid");
    expect(said).toContain(`${logs - 1}/${logs - 1} log files valid`);
    expect(count(said, /No log files were delivered by CloudTrail between/g)).toBe(1);
    expect(new Set((await rig.allKeys()).map(({ fingerprint }) => fingerprint)).size).toBeGreaterThan(2);
  });

  test("finds those of another Region valid", async () => {
    const { code, said } = await validate("eu-west-3");
    expect([code, count(said, /INVALID/g)]).toEqual([0, 0]);
    expect(said).toContain("1/1 log files valid");
  });

  test("finds the key of a digest that was made days after its end", async () => {
    const { code, said } = await validate("us-east-1", "logs", ["2026-03-05T10:00:00Z", "2026-03-05T12:00:00Z"]);
    expect([code, count(said, /INVALID/g)]).toEqual([0, 0]);
    expect(count(said, /^Digest file\t.*\tvalid$/gm)).toBeGreaterThan(1);
  });

  test("follows the chain into the trail's next bucket", async () => {
    await rig.change({ bucket: "other" });
    await hours(2);
    const { code, said } = await validate("us-east-1", "other");
    expect([code, count(said, /INVALID/g)]).toEqual([0, 0]);
    expect(count(said, /^Digest file\ts3:\/\/other\/.*\tvalid$/gm)).toBe(2);
    expect(count(said, /^Digest file\ts3:\/\/logs\/.*\tvalid$/gm)).toBeGreaterThan(400);
  });

  test("names the log file that was changed, and the digest that was", async () => {
    const change = (pattern: RegExp, bytes: Buffer): string => {
      const place = [...rig.buckets.objects.keys()].find((one) => pattern.test(one)) ?? "";
      const object = rig.buckets.objects.get(place);
      rig.buckets.objects.set(place, { metadata: {}, puts: 1, ...object, bytes });
      return place;
    };
    const log = change(/\/CloudTrail\/us-east-1\//, gzipSync('{"Records":[]}'));
    const digest = change(/CloudTrail-Digest\/us-east-1\/.*20260301T130131Z/, gzipSync("{}"));
    const { code, said } = await validate("us-east-1", "other");
    expect(code).toBe(1);
    expect(said).toContain(`Log file\ts3://${log}\tINVALID: hash value doesn't match`);
    expect(said).toContain(`Digest file\ts3://${digest}\tINVALID: invalid format`);
    expect(count(said, /INVALID: /g)).toBe(2);
  });
});
