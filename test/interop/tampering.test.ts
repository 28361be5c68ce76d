import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync, gzipSync } from "node:zlib";
import { CreateBucketCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { isoSeconds } from "../../src/core/index.ts";
import { expectedOutput, VECTORS_ABSENT } from "../../src/integrity/verify/digest-vectors.fixture.ts";
import { recordsNamed, type TestRecord } from "../calls.ts";
import { bucketPolicy, keysOf, trailArn, until } from "../trail.ts";
import { at, text } from "./client.ts";
import { whySkipped } from "./clients.ts";
import { signAnew } from "./sign-anew.ts";
import { type ServerInPast, startServerInPast } from "./server-in-past.ts";
import { TamperedBucket } from "./tampered-bucket.ts";
import { AWS_VALIDATORS, complaintsOf, type Question, type Validated, verify } from "./validators.ts";

const MISSING = VECTORS_ABSENT ?? AWS_VALIDATORS.map(({ missing }) => missing).find((missing) => missing !== undefined);

const BUCKET = "logs";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** One o'clock of a day that is long enough ago for everything below. */
const START_MS = Math.floor((Date.now() - 12 * HOUR_MS) / DAY_MS) * DAY_MS + HOUR_MS;
const QUESTION: Question = {
  trail: trailArn("audit"),
  start: isoSeconds(START_MS - HOUR_MS),
  // As late as nothing is missing yet after the newest digest file, and something is after the one before it.
  end: isoSeconds(START_MS + 10 * HOUR_MS + 15 * MINUTE_MS),
  verbose: true,
};

let past: ServerInPast;
let bucket: TamperedBucket;
/** By the hour after the start in which they end. */
let digests: Readonly<Record<"first" | "second" | "empty" | "fourth" | "final" | "again" | "newest", string>>;
/** Of the second digest file. */
let log: string;

beforeAll(async () => {
  if (MISSING !== undefined) return;
  const intervals = ["--trails-delivery-interval", "1s", "--trails-digest-interval", "1h"];
  past = await startServerInPast(START_MS, [...intervals, "--trails-check-interval", "1s"]);
  await fillBucket(past);
  past.toPresent();
  bucket = await TamperedBucket.of(past.s3, BUCKET);
  const [first, second, empty, fourth, final, again, newest] = bucket.keys("/CloudTrail-Digest/");
  digests = { first, second, empty, fourth, final, again, newest } as typeof digests;
  log = text(contents(digests.second), "logFiles", 0, "s3Object");
}, 60_000);
afterEach(async () => {
  await bucket?.restore();
  // The same damage again would be no news to a check that never saw it mended.
  await until("findings", openFindings, (count) => count === 0);
});
afterAll(() => past?.stop());

/** Like the vectors: a chain with an empty hour in it, a time without logging, and another chain. */
async function fillBucket(past: ServerInPast): Promise<void> {
  const { call, s3 } = past;
  const delivered = (folder: string, count: number): Promise<unknown> =>
    until(
      `${count} files in ${folder}`,
      () => keysOf(s3, BUCKET, `/${folder}/`),
      (keys) => keys.length === count,
    );
  const hour = async (hours: number, digestFiles: number): Promise<void> => {
    past.setClock(START_MS + hours * HOUR_MS + MINUTE_MS);
    await delivered("CloudTrail-Digest", digestFiles);
  };
  let logFiles = 0;
  const logged = async (service: "iam" | "cloudtrail", operation: string, input: Record<string, string>) => {
    expect(await call(service, operation, input)).toMatchObject({ status: 200 });
    await delivered("CloudTrail", ++logFiles);
  };

  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: bucketPolicy(BUCKET, "audit") }));
  await call("cloudtrail", "CreateTrail", { Name: "audit", S3BucketName: BUCKET, EnableLogFileValidation: true });
  await logged("cloudtrail", "StartLogging", { Name: "audit" });
  await logged("iam", "CreateUser", { UserName: "Ann" });
  await hour(1, 1);
  await logged("iam", "CreateUser", { UserName: "Bea" });
  await logged("iam", "CreateUser", { UserName: "Cleo" });
  await hour(2, 2);
  await hour(3, 3);
  await logged("iam", "CreateUser", { UserName: "Dora" });
  await hour(4, 4);
  await logged("cloudtrail", "StopLogging", { Name: "audit" });
  await delivered("CloudTrail-Digest", 5);
  past.setClock(START_MS + 7 * HOUR_MS);
  await logged("cloudtrail", "StartLogging", { Name: "audit" });
  await hour(8, 6);
  past.setClock(START_MS + 8 * HOUR_MS + 30 * MINUTE_MS);
  await logged("cloudtrail", "StopLogging", { Name: "audit" });
  await delivered("CloudTrail-Digest", 7);
}

function contents(key: string): unknown {
  return JSON.parse(gunzipSync(bucket.sound(key).bytes).toString());
}

interface Verdicts {
  readonly newest: Validated;
  readonly debian: Validated;
  readonly own: Validated;
}

async function validateAll(): Promise<Verdicts> {
  const [newest, debian, own] = await Promise.all([
    ...AWS_VALIDATORS.map((validator) => validator.validate(past.server, QUESTION)),
    verify(past.server, BUCKET, QUESTION),
  ]);
  return { newest, debian, own } as Verdicts;
}

/** What the check of delivered files reported and no test has seen yet. */
const seen = new Set<string>();

/** Waits for the events that tell of exactly these files, each once. */
async function expectEvents(eventName: string | undefined, keys: readonly string[]): Promise<readonly TestRecord[]> {
  if (eventName === undefined) return [];
  const found = await until(
    `${eventName} of ${keys.join(", ")}`,
    async () => (await recordsNamed(past.call, eventName)).filter(({ eventID }) => !seen.has(eventID)),
    (records) => records.length >= keys.length,
  );
  for (const { eventID } of found) seen.add(eventID);
  expect(found.map((record) => text(record, "serviceEventDetails", "key")).toSorted()).toEqual(keys.toSorted());
  return found;
}

/** What the check of delivered files has found and not found mended since. */
function openFindings(): number {
  const tables = new DatabaseSync(join(past.server.dataDirectory, "tables.db"), { readOnly: true });
  const row = tables.prepare("select count(*) as findings from file_findings").get();
  tables.close();
  return Number(row?.["findings"]);
}

/** The gap is told in any case, and is no failure. */
function gap(): string {
  const before = text(contents(digests.final), "digestEndTime");
  return `No log files were delivered by CloudTrail between ${before} and ${text(contents(digests.again), "digestStartTime")}`;
}

interface Tampering {
  /** Of the vectors: what the AWS CLI says of the same thing there, it must say here. */
  readonly vector: string;
  readonly what: string;
  readonly key: () => string;
  readonly tamper: (key: string) => Promise<void>;
  readonly event: string;
  /** Older versions of the AWS CLI do not look for it. */
  readonly missedByDebian?: true;
}

const TAMPERINGS: readonly Tampering[] = [
  {
    vector: "03-log-modified",
    what: "a log file with another record",
    key: () => log,
    tamper: (key) => bucket.rewrite(key, (text) => text.replace("CreateUser", "ListUsers")),
    event: "LogFileReplaced",
  },
  {
    vector: "04-log-missing",
    what: "a log file that was deleted",
    key: () => log,
    tamper: (key) => bucket.delete(key),
    event: "LogFileDeleted",
  },
  {
    vector: "05-log-not-gzip",
    what: "a log file that is not gzip",
    key: () => log,
    tamper: (key) => bucket.change(key, { bytes: Buffer.from("this is no gzip") }),
    event: "LogFileReplaced",
  },
  {
    vector: "06-log-trailing-data",
    what: "a log file with bytes after its end",
    key: () => log,
    tamper: (key) => bucket.change(key, { bytes: Buffer.concat([bucket.sound(key).bytes, Buffer.from("more")]) }),
    event: "LogFileReplaced",
    missedByDebian: true,
  },
  {
    vector: "07-digest-missing",
    what: "a digest file that was deleted",
    key: () => digests.fourth,
    tamper: (key) => bucket.delete(key),
    event: "DigestFileDeleted",
  },
  {
    vector: "08-digest-bad-signature",
    what: "a digest file with another signature",
    key: () => digests.empty,
    tamper: async (key) => {
      const { metadata } = bucket.sound(key);
      const signature = metadata["signature"] ?? "";
      const other = signature.endsWith("00") ? "11" : "00";
      await bucket.change(key, { metadata: { ...metadata, signature: `${signature.slice(0, -2)}${other}` } });
    },
    event: "DigestFileReplaced",
  },
  {
    vector: "09-digest-moved",
    what: "a digest file that is a copy of another",
    key: () => digests.fourth,
    tamper: (key) => bucket.copy(digests.empty, key),
    event: "DigestFileReplaced",
  },
  {
    vector: "10-digest-not-json",
    what: "a digest file that is no JSON",
    key: () => digests.fourth,
    tamper: (key) => bucket.change(key, { bytes: gzipSync("this is no JSON") }),
    event: "DigestFileReplaced",
  },
  {
    vector: "11-digest-no-metadata",
    what: "a digest file without metadata",
    key: () => digests.fourth,
    tamper: (key) => bucket.change(key, { metadata: {} }),
    event: "DigestFileReplaced",
  },
  {
    vector: "12-digest-unknown-key",
    what: "a digest file that names a key which does not exist",
    key: () => digests.fourth,
    tamper: (key) =>
      bucket.rewrite(key, (text) =>
        text.replace(/("digestPublicKeyFingerprint":)"[0-9a-f]+"/, `$1"${"f".repeat(32)}"`),
      ),
    event: "DigestFileReplaced",
  },
];

describe.skipIf(MISSING !== undefined)(`tampering with a trail's files${whySkipped(MISSING)}`, () => {
  test("finds nothing where nobody tampered", async () => {
    const { newest, debian, own } = await validateAll();
    expect(newest).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^7\/7 digest files valid\n8\/8 log files valid$/m),
    });
    expect(complaintsOf(newest)).toEqual([gap()]);
    expect(own).toEqual(newest);
    expect(debian).toEqual(newest);
  });

  test.each(TAMPERINGS)("finds $what ($vector)", async ({ vector, key: keyOf, tamper, event, missedByDebian }) => {
    const key = keyOf();
    await tamper(key);
    const { newest, debian, own } = await validateAll();
    const expected = expectedOutput(vector);
    const words = /INVALID: (.*)/.exec(expected.err)?.[1];
    const complaint = `${key === log ? "Log" : "Digest"} file\ts3://${BUCKET}/${key}\tINVALID: ${words}`;
    expect(newest.code).toBe(expected.code);
    expect(complaintsOf(newest)).toEqual([gap(), complaint]);
    expect(own).toEqual(newest);
    expect({ code: debian.code, said: complaintsOf(debian) }).toEqual(
      missedByDebian ? { code: 0, said: [gap()] } : { code: expected.code, said: [gap(), complaint] },
    );
    const [record] = await expectEvents(event, [key]);
    expect(record).toMatchObject({
      eventSource: "opentrail.amazonaws.com",
      eventType: "AwsServiceEvent",
      awsRegion: "us-east-1",
      recipientAccountId: "123456789012",
      serviceEventDetails: {
        bucket: BUCKET,
        key,
        trailArn: trailArn("audit"),
        expected: { sha256: expect.any(String) },
      },
    });
    expect(at(record, "serviceEventDetails", "found") === undefined).toBe(event.endsWith("Deleted"));
  });

  test("finds nothing to check in a bucket that was emptied (13-empty-bucket), and reports every file", async () => {
    const logs = bucket.keys("/CloudTrail/");
    const all = bucket.keys("/CloudTrail-Digest/");
    // Debian's version breaks off where a bucket has nothing at all: something else is still in it.
    await bucket.copy(log, "something-else");
    for (const key of bucket.keys("")) await bucket.delete(key);
    const { newest, debian, own } = await validateAll();
    expect(newest).toMatchObject({ code: expectedOutput("13-empty-bucket").code, err: "" });
    expect(newest.out).toMatch(/\nNo digests found\n$/);
    expect([debian, own]).toEqual([newest, newest]);
    await expectEvents("LogFileDeleted", logs);
    await expectEvents("DigestFileDeleted", all);
  });

  describe("that the AWS CLI does not look for", () => {
    async function expectMissedByAws(): Promise<Validated> {
      const { newest, debian, own } = await validateAll();
      expect([newest, debian]).toMatchObject([{ code: 0 }, { code: 0 }]);
      expect(`${newest.err}${debian.err}`).not.toContain("INVALID");
      return own;
    }

    test("finds that the newest digest file was deleted", async () => {
      await bucket.delete(digests.newest);
      const own = await expectMissedByAws();
      expect(own.code).toBe(1);
      const end = Date.parse(text(contents(digests.again), "digestEndTime"));
      const folder = digests.again.replace(/\d{4}\/\d\d\/\d\d\/[^/]*$/, "");
      expect(complaintsOf(own)).toContain(
        `Digest files\ts3://${BUCKET}/${folder} (audit)\tINVALID: end at ${isoSeconds(end)}, one more until ${isoSeconds(end + HOUR_MS)} should be there`,
      );
      await expectEvents("DigestFileDeleted", [digests.newest]);
    });

    test("finds a log file that nobody delivered", async () => {
      const foreign = log.replace(/_\w{16}\.json\.gz$/, "_0000000zFOREIGN0.json.gz");
      await bucket.copy(log, foreign);
      const own = await expectMissedByAws();
      expect(own.code).toBe(1);
      expect(complaintsOf(own)).toEqual([
        gap(),
        `Log file\ts3://${BUCKET}/${foreign}\tINVALID: is listed in no digest file`,
      ]);
    });

    test("finds a digest file that was signed anew by someone who has the server's key", async () => {
      const key = digests.second;
      const { bytes, metadata } = await signAnew(past.server, bucket.sound(key), { logFiles: [] });
      await bucket.change(key, { bytes, metadata });
      const own = await expectMissedByAws();
      expect(own.code).toBe(1);
      expect(complaintsOf(own)).toContain(
        `Digest file\ts3://${BUCKET}/${key}\tINVALID: hash value doesn't match the one in the digest file after it`,
      );
      await expectEvents("DigestFileReplaced", [key]);
    });

    test("is told by the server alone when all digest files of a time before a gap were deleted", async () => {
      const { again: _, newest: __, ...before } = digests;
      for (const key of Object.values(before)) await bucket.delete(key);
      const own = await expectMissedByAws();
      expect({ code: own.code, said: complaintsOf(own) }).toEqual({ code: 0, said: [] });
      await expectEvents("DigestFileDeleted", Object.values(before));
    });
  });

  test("reports each file once, and what was put back as it was not at all", async () => {
    const names = ["LogFileReplaced", "LogFileDeleted", "DigestFileReplaced", "DigestFileDeleted"];
    const records = (await Promise.all(names.map((name) => recordsNamed(past.call, name)))).flat();
    expect(records.map(({ eventID }) => eventID).toSorted()).toEqual([...seen].toSorted());
    expect((await validateAll()).own).toMatchObject({ code: 0 });
  });
});
