import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  PutBucketPolicyCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Caller, callerOf, healthOf } from "../calls.ts";
import { type FillableDisk, mountMemory, whyNoMount } from "../disks.ts";
import { startServer, type TestServer } from "../server.ts";
import { bucketPolicy, s3Of, until } from "../trail.ts";
import { runVerify } from "../verify.ts";
import { whySkipped } from "./clients.ts";
import {
  deliveredIn,
  FAST,
  isManagement,
  journalOf,
  lines,
  loggedTime,
  makeLogBucket,
  must,
  type Told,
  untilDelivered,
} from "./trail-world.ts";

type Status = Readonly<Record<string, unknown>>;

interface Found {
  readonly found: readonly Told[];
  readonly wanted: readonly Told[];
  /** Of `opentrail verify`. */
  readonly verdict: Awaited<ReturnType<typeof runVerify>>;
}

/** A server whose trails log into its own buckets of the same names. */
class OwnTrails {
  readonly server: TestServer;
  readonly s3: S3Client;
  readonly call: Caller;
  readonly #names: readonly string[];
  #users = 0;

  static async start(dataDirectory: string, names: readonly string[]): Promise<OwnTrails> {
    const trails = new OwnTrails(await startServer({ dataDirectory, flags: FAST }), names);
    for (const Name of names) {
      await makeLogBucket(trails.s3, Name, Name);
      const settings = { Name, S3BucketName: Name, EnableLogFileValidation: true };
      await must(trails.call("cloudtrail", "CreateTrail", settings));
    }
    return trails;
  }

  private constructor(server: TestServer, names: readonly string[]) {
    this.server = server;
    this.s3 = s3Of(server);
    this.call = callerOf(server);
    this.#names = names;
  }

  async startLogging(): Promise<void> {
    for (const Name of this.#names) await must(this.call("cloudtrail", "StartLogging", { Name }));
  }

  /** Calls that fill a few log files. */
  async live(): Promise<void> {
    for (let count = 0; count < 9; count++) {
      await must(this.call("iam", "CreateUser", { UserName: `user-${this.#users++}` }));
      await sleep(150);
    }
  }

  status(Name: string): Promise<Status> {
    return must(this.call("cloudtrail", "GetTrailStatus", { Name }));
  }

  untilTold(name: string, error: string): Promise<Status> {
    return until(
      `${name} tells ${error}`,
      () => this.status(name),
      (status) => status["LatestDeliveryError"] === error && status["LatestDigestDeliveryError"] === error,
    );
  }

  /** Stops the trails and the server; answers what each bucket holds, and what it must hold. */
  async end(): Promise<readonly Found[]> {
    for (const Name of this.#names) await must(this.call("cloudtrail", "StopLogging", { Name }));
    await untilDelivered(this.server, 60_000);
    const found = new Map<string, Omit<Found, "wanted">>();
    for (const name of this.#names) {
      const status = await until(`the last digest of ${name}`, () => this.status(name), hasLastDigest, 60_000);
      const end = (status["StopLoggingTime"] as Date).toISOString();
      const start = new Date(Date.now() - 600_000).toISOString();
      const verdict = await runVerify(this.server, [`s3://${name}`, "--start-time", start, "--end-time", end]);
      found.set(name, { found: await deliveredIn(this.s3, name), verdict });
    }
    this.s3.destroy();
    await this.server.stop();
    const journal = await journalOf(this.server.dataDirectory);
    return [...found].map(([name, each]) => ({ ...each, wanted: loggedTime(journal, name).filter(isManagement) }));
  }
}

function hasLastDigest({ LatestDigestDeliveryTime: last, StopLoggingTime: stop }: Status): boolean {
  return last instanceof Date && stop instanceof Date && last.getTime() > stop.getTime();
}

/** Each holds all that it must, in order, once, and its digests say so. */
function expectAll(buckets: readonly Found[]): void {
  for (const { found, wanted, verdict } of buckets) {
    expect(wanted.length).toBeGreaterThan(20);
    expect(lines(found)).toEqual(lines(wanted));
    expect(verdict.output).not.toContain("INVALID");
    expect(verdict.output).toMatch(/\b([1-9]\d*)\/\1 log files valid/);
    expect(verdict.code).toBe(0);
  }
}

describe("trails onto buckets of our own", () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-own-"));
  let trails: OwnTrails;

  beforeAll(async () => {
    trails = await OwnTrails.start(dataDirectory, ["gone", "denied", "well"]);
  });
  afterAll(async () => {
    await trails.server.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  test("tell that one is gone or refuses, let the others be, and catch up in order", async () => {
    const { s3 } = trails;
    await s3.send(new DeleteBucketCommand({ Bucket: "gone" }));
    await trails.startLogging();
    await trails.live();
    await s3.send(new DeleteBucketPolicyCommand({ Bucket: "denied" }));
    await trails.live();
    const [gone, denied] = [
      await trails.untilTold("gone", "NoSuchBucket"),
      await trails.untilTold("denied", "AccessDenied"),
    ];
    expect(gone).not.toHaveProperty("LatestDeliveryTime");
    expect(denied).toHaveProperty("LatestDeliveryTime");
    await until(
      "what the bucket that is well gets meanwhile",
      () => deliveredIn(s3, "well"),
      (delivered) => delivered.length > 15,
    );
    expect(await trails.status("well")).not.toHaveProperty("LatestDeliveryError");
    await makeLogBucket(s3, "gone", "gone");
    const Policy = bucketPolicy("denied", "denied");
    await s3.send(new PutBucketPolicyCommand({ Bucket: "denied", Policy }));
    await trails.live();
    expectAll(await trails.end());
  }, 90_000);
});

const NO_MOUNT = whyNoMount();

describe.skipIf(NO_MOUNT !== undefined)(`a trail onto a disk that is full${whySkipped(NO_MOUNT)}`, () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-full-"));
  let disk: FillableDisk;
  let trails: OwnTrails;

  beforeAll(async () => {
    disk = mountMemory(8);
    mkdirSync(join(disk.directory, "buckets"));
    symlinkSync(join(disk.directory, "buckets"), join(dataDirectory, "buckets"));
    trails = await OwnTrails.start(dataDirectory, ["full"]);
  });
  afterAll(async () => {
    await trails?.server.stop();
    disk.unmount();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  test("tells so, loses nothing, and catches up in order once there is space", async () => {
    await trails.startLogging();
    await trails.live();
    disk.fill();
    await trails.live();
    await trails.untilTold("full", "InsufficientStorage");
    // The log itself has space.
    const { status, body } = await healthOf(trails.server);
    expect([status, body.ok]).toEqual([200, true]);
    expect((body["trails"] as { readonly pendingFiles: number }).pendingFiles).toBeGreaterThan(0);
    const warnings = trails.server
      .log()
      .split("\n")
      .filter((line) => line.includes('"level":40'));
    // Once for log files, once for digests.
    expect(warnings).toEqual(Array.from({ length: 2 }, () => expect.stringContaining("no space left on device")));
    disk.free();
    await trails.live();
    expectAll(await trails.end());
  }, 90_000);
});
