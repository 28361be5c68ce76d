import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { GetObjectCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Caller, callerOf } from "../calls.ts";
import { startServer, type TestServer } from "../server.ts";
import { ACCOUNT, keysOf, trailArn, until } from "../trail.ts";
import { runVerify } from "../verify.ts";
import {
  deliveredIn,
  isManagement,
  journalOf,
  lines,
  loggedTime,
  makeLogBucket,
  must,
  type Told,
  untilDelivered,
} from "./trail-world.ts";

const HOUR_MS = 3_600_000;
const CLIENTS = 8;
const BUCKET = "clock-logs";
const TRAIL = "clock";
/** What the clock says beside the truth, one after the other: across hours, and back. */
const LEAPS = [0, HOUR_MS, 2 * HOUR_MS, -HOUR_MS, 0, 3 * HOUR_MS];
const LATER_MS = 5 * HOUR_MS;

interface Manifest {
  readonly trailARN: string;
  readonly account: string;
  readonly region: string;
  readonly hour: string;
  readonly files: readonly {
    readonly s3Bucket: string;
    readonly s3Object: string;
    readonly size: number;
    readonly records: number;
    readonly deliveredTime: string;
  }[];
}

describe(`${CLIENTS} clients at once, while the clock leaps by hours`, () => {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-clock-"));
  const dataDirectory = join(directory, "data");
  const clockFile = join(directory, "offset");
  const environment = {
    NODE_OPTIONS: `--import=${pathToFileURL("test/fault/set-clock.js").href}`,
    OPENTRAIL_TEST_CLOCK: clockFile,
  };
  const options = {
    dataDirectory,
    environment,
    flags: ["--trails-delivery-interval", "1s", "--trails-digest-interval", "1m"],
  };
  const startedAt = new Date(Date.now() - 2 * HOUR_MS).toISOString();
  let offsetMs = 0;
  let server: TestServer;
  let s3: S3Client;
  let journal: readonly Told[];
  let delivered: readonly Told[];
  let files: readonly string[];
  let manifests: readonly Manifest[];
  let stoppedAt: Date;

  function setClock(ms: number): void {
    offsetMs = ms;
    writeFileSync(clockFile, String(ms));
    if (s3 !== undefined) s3.config.systemClockOffset = ms;
  }
  async function start(): Promise<void> {
    server = await startServer(options);
    const { endpoint, root } = server;
    const systemClockOffset = offsetMs;
    s3 = new S3Client({ endpoint, region: "us-east-1", credentials: root, forcePathStyle: true, systemClockOffset });
  }
  const callerNow = (): Caller => callerOf(server, server.root, () => Date.now() + offsetMs);

  async function liveThroughLeaps(): Promise<void> {
    let ends = false;
    const load = Array.from({ length: CLIENTS }, async (_, index) => {
      const client = callerNow();
      for (let count = 0; !ends; count++) {
        const UserName = `guest-${index}-${count}`;
        await client("iam", "CreateUser", { UserName });
        // Signed before a leap, taken after it: refused then, and told as that.
        await client("iam", "DeleteUser", { UserName });
      }
    });
    for (const leap of LEAPS) {
      setClock(leap);
      await sleep(1_500);
    }
    ends = true;
    await Promise.all(load);
  }

  async function readManifests(): Promise<readonly Manifest[]> {
    const keys = await keysOf(s3, BUCKET, "/CloudTrail-Manifest/");
    const read = async (Key: string): Promise<Manifest> => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      return JSON.parse((await Body?.transformToString()) ?? "") as Manifest;
    };
    return await Promise.all(keys.map(read));
  }

  beforeAll(async () => {
    setClock(0);
    await start();
    await makeLogBucket(s3, BUCKET, TRAIL);
    const call = callerNow();
    await must(call("cloudtrail", "CreateTrail", { Name: TRAIL, S3BucketName: BUCKET, EnableLogFileValidation: true }));
    await must(call("cloudtrail", "StartLogging", { Name: TRAIL }));
    await liveThroughLeaps();
    await must(call("cloudtrail", "StopLogging", { Name: TRAIL }));
    await untilDelivered(server);
    files = await keysOf(s3, BUCKET, "/CloudTrail/");
    delivered = await deliveredIn(s3, BUCKET);
    const { StopLoggingTime } = await must(call("cloudtrail", "GetTrailStatus", { Name: TRAIL }));
    stoppedAt = StopLoggingTime as Date;
    const digests = (): Promise<readonly string[]> => keysOf(s3, BUCKET, "/CloudTrail-Digest/");
    await until("the last digest", digests, (keys) => (keys.at(-1)?.slice(-24, -8) ?? "") >= stampOf(stoppedAt));
    s3.destroy();
    await server.stop();
    journal = await journalOf(dataDirectory);
    // Manifests come once their hours are over, and are looked for at every start.
    setClock(LATER_MS);
    await start();
    const listed = async (): Promise<number> => (await readManifests()).flatMap((manifest) => manifest.files).length;
    await until("all manifests", listed, (count) => count >= files.length);
    manifests = await readManifests();
  }, 90_000);
  afterAll(async () => {
    s3.destroy();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test("every record of the journal stands in one file, and files sort in the order in which they were delivered", () => {
    const wanted = loggedTime(journal, TRAIL).filter(isManagement);
    expect(wanted.length).toBeGreaterThan(CLIENTS * 10);
    expect(lines(delivered)).toEqual(lines(wanted));
    expect(files.length).toBeGreaterThanOrEqual(LEAPS.length);
  });

  test("every file stands in the manifest of one hour, with what is true of it", async () => {
    const listed = manifests.flatMap((manifest) => manifest.files);
    expect(listed.map(({ s3Object }) => s3Object)).toEqual(files);
    expect(manifests.length).toBeGreaterThan(2);
    for (const { trailARN, account, region, hour, files: ofHour } of manifests) {
      expect([trailARN, account, region]).toEqual([trailArn(TRAIL), ACCOUNT, "us-east-1"]);
      const since = ofHour.map(({ deliveredTime }) => Date.parse(deliveredTime) - Date.parse(hour));
      expect(since.every((ms) => ms >= 0 && ms < HOUR_MS)).toBe(true);
    }
    for (const { s3Bucket, s3Object, size } of listed) {
      const head = await s3.send(new HeadObjectCommand({ Bucket: s3Bucket, Key: s3Object }));
      expect(head.ContentLength).toBe(size);
    }
    expect(listed.reduce((sum, { records }) => sum + records, 0)).toBe(delivered.length);
  });

  test("the digests name every file, and all of it holds", async () => {
    const { code, output } = await runVerify({ environment: { ...server.environment, ...environment } }, [
      `s3://${BUCKET}`,
      "--trail-arn",
      trailArn(TRAIL),
      "--start-time",
      startedAt,
      "--end-time",
      stoppedAt.toISOString(),
    ]);
    expect(output).not.toContain("INVALID");
    expect(output).toContain(`${files.length}/${files.length} log files valid`);
    expect([code, output]).toEqual([0, expect.anything()]);
  });
});

/** As in a digest's name. */
function stampOf(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d+/g, "");
}
