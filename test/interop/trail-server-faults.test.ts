import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Caller, callerOf, healthOf } from "../calls.ts";
import { type Fault, type FaultyBucket, type FaultyS3, startFaultyS3 } from "../faulty-s3.ts";
import { readCredentials, startServer, type TestServer } from "../server.ts";
import { ACCOUNT, until } from "../trail.ts";
import { runVerify } from "../verify.ts";
import { FAST, isManagement, journalOf, lines, loggedTime, must, type Told, untilDelivered } from "./trail-world.ts";

const OTHER_ACCOUNT = "210987654321";
const WELL = "well";
/** What is wrong with a trail's bucket, all at the same time, and what its status says of that. */
const SICK: Readonly<Record<string, { readonly fault: Fault; readonly told: string | undefined }>> = {
  gone: { fault: { kind: "refused", status: 404, code: "NoSuchBucket" }, told: "NoSuchBucket" },
  denied: { fault: { kind: "refused", status: 403, code: "AccessDenied" }, told: "AccessDenied" },
  elsewhere: { fault: { kind: "refused", status: 301, code: "PermanentRedirect" }, told: "PermanentRedirect" },
  slow: { fault: { kind: "slow", ms: 10_000 }, told: undefined },
};
/** Of another account; the first put of each key goes wrong there, in each of these ways in turn. */
const FLAKY = "flaky";
const FLAWS: readonly (Fault | undefined)[] = [
  { kind: "reply lost" },
  { kind: "refused", status: 500, code: "InternalError" },
  undefined,
  { kind: "cut" },
  { kind: "reply lost" },
  { kind: "refused", status: 503, code: "SlowDown" },
];

describe("trails whose buckets lie on a server that fails", () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-faults-"));
  const startedAt = new Date(Date.now() - 60_000);
  let s3: FaultyS3;
  let server: TestServer;
  let call: Caller;
  let otherCall: Caller;
  let journal: readonly Told[];
  let statuses: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  let healed: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  let whileSick: Readonly<Record<string, readonly Told[]>>;
  let health: Awaited<ReturnType<typeof healthOf>>;
  let stoppedAt: Date;
  const verdicts = new Map<string, Awaited<ReturnType<typeof runVerify>>>();
  const names = [WELL, ...Object.keys(SICK)];

  async function makeTrail(by: Caller, Name: string): Promise<void> {
    s3.bucket(Name);
    await must(by("cloudtrail", "CreateTrail", { Name, S3BucketName: Name, EnableLogFileValidation: true }));
    await must(by("cloudtrail", "StartLogging", { Name }));
  }
  async function statusesOf(): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> {
    const asked = names.map(
      async (Name) => [Name, await must(call("cloudtrail", "GetTrailStatus", { Name }))] as const,
    );
    return Object.fromEntries(await Promise.all(asked));
  }
  /** Calls of both accounts, spread over a few slots. */
  async function live(name: string): Promise<void> {
    for (let count = 0; count < 20; count++) {
      await must(call("iam", "CreateUser", { UserName: `${name}-${count}` }));
      await must(otherCall("iam", "CreateUser", { UserName: `${name}-${count}` }));
      await sleep(200);
    }
  }

  async function validate(): Promise<void> {
    for (const [name, account] of [["gone"], ["slow"], [FLAKY, OTHER_ACCOUNT]] as const) {
      const environment = {
        ...server.environment,
        AWS_ENDPOINT_URL_S3: s3.endpoint,
        ...(account === undefined
          ? {}
          : { AWS_SHARED_CREDENTIALS_FILE: join(dataDirectory, `root-credentials-${account}`) }),
      };
      const times = ["--start-time", startedAt.toISOString(), "--end-time", stoppedAt.toISOString()];
      verdicts.set(name, await runVerify({ environment }, [`s3://${name}`, ...times]));
    }
  }

  beforeAll(async () => {
    s3 = await startFaultyS3();
    const credentials = join(dataDirectory, "s3-credentials");
    writeFileSync(credentials, "[default]\naws_access_key_id = key\naws_secret_access_key = secret\n", { mode: 0o600 });
    server = await startServer({
      dataDirectory,
      flags: [
        ...FAST,
        "--accounts",
        `123456789012,${OTHER_ACCOUNT}`,
        "--buckets-endpoint",
        s3.endpoint,
        "--buckets-credentials-file",
        credentials,
      ],
    });
    call = callerOf(server);
    otherCall = callerOf(server, readCredentials(join(dataDirectory, `root-credentials-${OTHER_ACCOUNT}`)));
    for (const name of names) await makeTrail(call, name);
    await makeTrail(otherCall, FLAKY);
    for (const [name, { fault }] of Object.entries(SICK)) s3.bucket(name).fault = () => fault;
    const seen = new Set<string>();
    s3.bucket(FLAKY).fault = (method, key) => {
      if (method !== "PUT" || seen.has(key)) return undefined;
      return FLAWS[seen.add(key).size % FLAWS.length];
    };
    await live("sick");
    await must(call("iam", "CreateUser", { UserName: "sick-last" }));
    await until(
      "the well bucket",
      () => recordsIn(s3.bucket(WELL)),
      (records) => records.some(isOf("sick-last")),
    );
    statuses = await statusesOf();
    health = await healthOf(server);
    whileSick = Object.fromEntries(names.map((name) => [name, recordsIn(s3.bucket(name))]));
    for (const name of Object.keys(SICK)) s3.bucket(name).fault = () => undefined;
    await live("well");
    for (const Name of names) await must(call("cloudtrail", "StopLogging", { Name }));
    await must(otherCall("cloudtrail", "StopLogging", { Name: FLAKY }));
    await untilDelivered(server, 60_000);
    healed = await until("the last digests", statusesOf, (all) => Object.values(all).every(hasLastDigest), 60_000);
    const flaky = (): Promise<Readonly<Record<string, unknown>>> =>
      must(otherCall("cloudtrail", "GetTrailStatus", { Name: FLAKY }));
    await until("the last digest of the flaky bucket", flaky, hasLastDigest, 60_000);
    stoppedAt = healed["slow"]?.["StopLoggingTime"] as Date;
    await validate();
    await server.stop();
    journal = await journalOf(dataDirectory);
  }, 120_000);
  afterAll(async () => {
    await server.stop();
    await s3.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  test("do not delay a trail whose bucket is well", () => {
    for (const name of Object.keys(SICK)) expect(whileSick[name]).toEqual([]);
    expect(whileSick[WELL]?.length).toBeGreaterThan(20);
    expect(statuses[WELL]).toMatchObject({
      LatestDeliveryTime: expect.any(Date),
      LatestDigestDeliveryTime: expect.any(Date),
    });
    expect(statuses[WELL]).not.toHaveProperty("LatestDeliveryError");
    expect(statuses[WELL]).not.toHaveProperty("LatestDigestDeliveryError");
  });

  test.each(Object.entries(SICK))("say in their status what is wrong when it is %s", (name, { told }) => {
    const { LatestDeliveryError, LatestDigestDeliveryError, ...status } = statuses[name] ?? {};
    expect([LatestDeliveryError, LatestDigestDeliveryError]).toEqual([told, told]);
    expect(status).toMatchObject({ IsLogging: true, LatestDeliveryAttemptSucceeded: "" });
    expect(status).not.toHaveProperty("LatestDeliveryTime");
    // A put that takes ten seconds is no attempt yet that could be told of.
    expect(status["LatestDeliveryAttemptTime"] === "").toBe(told === undefined);
  });

  test("leave the server healthy, which says how much waits", () => {
    expect(health).toMatchObject({ status: 200, body: { ok: true } });
    const { pendingFiles } = health.body["trails"] as { readonly pendingFiles: number };
    expect(pendingFiles).toBeGreaterThanOrEqual(Object.keys(SICK).length);
  });

  test.each([...Object.keys(SICK), WELL, FLAKY])(
    "deliver all in order to the one called %s once it is well, and each file once",
    (name) => {
      const account = name === FLAKY ? OTHER_ACCOUNT : ACCOUNT;
      const wanted = loggedTime(journal, name).filter(
        (told) => isManagement(told) && told.recipientAccountId === account,
      );
      expect(wanted.length).toBeGreaterThan(40);
      expect(lines(recordsIn(s3.bucket(name)))).toEqual(lines(wanted));
      const versions = [...s3.bucket(name).objects.values()].map(({ length }) => length);
      expect(new Set(versions)).toEqual(new Set([1]));
    },
  );

  test("have nothing to say any more once it is well", () => {
    for (const status of Object.values(healed)) {
      expect(status).not.toHaveProperty("LatestDeliveryError");
      expect(status).not.toHaveProperty("LatestDigestDeliveryError");
      expect(status["LatestDeliveryAttemptSucceeded"]).toBe(status["LatestDeliveryAttemptTime"]);
    }
  });

  test("leave chains of digests that hold", () => {
    for (const { code, output } of verdicts.values()) {
      expect(output).not.toContain("INVALID");
      expect(output).toMatch(/\b([1-9]\d*)\/\1 log files valid/);
      expect(code).toBe(0);
    }
    expect(verdicts.size).toBe(3);
  });
});

/** The records of a bucket's log files, in the order of their keys. */
function recordsIn({ objects }: FaultyBucket): readonly Told[] {
  const keys = [...objects.keys()].filter((key) => key.includes("/CloudTrail/")).toSorted();
  return keys.flatMap((key) => {
    const text = gunzipSync(objects.get(key)?.at(-1)?.bytes ?? Buffer.alloc(0)).toString();
    return (JSON.parse(text) as { readonly Records: readonly Told[] }).Records;
  });
}

function isOf(userName: string): (told: Told) => boolean {
  return ({ requestParameters }) => requestParameters?.["userName"] === userName;
}

/** Whether the digest is delivered that ends the chain. */
function hasLastDigest({
  LatestDigestDeliveryTime: last,
  StopLoggingTime: stop,
}: Readonly<Record<string, unknown>>): boolean {
  return last instanceof Date && stop instanceof Date && last.getTime() > stop.getTime();
}
