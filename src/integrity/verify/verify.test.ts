import { constants, deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isoSeconds } from "../../core/index.ts";
import { sha256Hex } from "../digest-file.ts";
import { type Finding, isFailure } from "./finding.ts";
import { exportedKeys } from "./public-keys.ts";
import type { Scope } from "./scope.ts";
import { BUCKET, HOUR_MS, KEY, SignedBucket, START_MS } from "./signed-bucket.fixture.ts";
import { verify } from "./verify.ts";

const HOURS = 4;
const END_MS = START_MS + HOURS * HOUR_MS;

interface Options {
  readonly scope?: Partial<Scope>;
  readonly now?: number;
  readonly deep?: boolean;
}

async function check(
  bucket: SignedBucket,
  { scope = {}, now = END_MS + HOUR_MS, deep = false }: Options = {},
): Promise<readonly Finding[]> {
  const needs = { sources: bucket.sources, publicKeys: exportedKeys([KEY]), now, threads: 0 };
  return await Array.fromAsync(verify(needs, { scope: { toMs: now, ...scope }, deep }));
}

/** What is not plainly valid, one short line each: kind, which file, why. */
async function findings(bucket: SignedBucket, options?: Options): Promise<readonly string[]> {
  const all = await check(bucket, options);
  return all.flatMap((finding) => {
    if (finding.kind === "chain" || ("verdict" in finding && finding.verdict === "valid")) return [];
    const why =
      "verdict" in finding ? (typeof finding.verdict === "string" ? finding.verdict : finding.verdict.code) : "";
    return [[finding.kind, "key" in finding ? nameOf(bucket, finding.key) : "", why].filter(Boolean).join(" ")];
  });
}

function nameOf(bucket: SignedBucket, key: string): string {
  const [digest, log] = [bucket.digestKeys.indexOf(key), bucket.logKeys.indexOf(key)];
  return digest >= 0 ? `d${digest}` : log >= 0 ? `l${log}` : (key.split("/").at(-1) ?? "");
}

type Change = (bucket: SignedBucket) => void;

describe("verify()", () => {
  test("finds nothing where everything holds, and looked at every file", async () => {
    const all = await check(SignedBucket.ofHours(HOURS), { deep: true });
    expect(all.filter(({ kind }) => kind === "digest")).toHaveLength(HOURS);
    expect(all.filter(({ kind }) => kind === "log")).toHaveLength(HOURS * 2);
    expect(await findings(SignedBucket.ofHours(HOURS), { deep: true })).toEqual([]);
  });

  test.each<[string, Change, readonly string[]]>([
    [
      "a digest written anew by whoever holds the key",
      (bucket) => bucket.resign(bucket.digestKeys[1] ?? "", { newestEventTime: "2026-03-01T11:30:00Z" }),
      ["digest d1 previous-hash-differs", "open"],
    ],
    [
      "a digest that names another signature of the one before it",
      (bucket) => bucket.resign(bucket.digestKeys[3] ?? "", { previousDigestSignature: "ab".repeat(256) }),
      ["digest d2 previous-signature-differs", "open"],
    ],
    [
      "a digest that leaves out the hash of the one before it",
      (bucket) => bucket.resign(bucket.digestKeys[3] ?? "", { previousDigestHashValue: null }),
      ["digest d2 previous-hash-differs", "open"],
    ],
    ["a log file that nobody lists", (bucket) => void bucket.log(START_MS + HOUR_MS + 20 * 60_000), ["foreign l8"]],
    [
      "something else among the log files",
      (bucket) => {
        const { bytes } = bucket.object(bucket.logKeys[0]);
        bucket.objects.set(`${bucket.logKeys[0]?.slice(0, -8)}-copy.json.gz`, { bytes, metadata: {} });
      },
      ["foreign 123456789012_CloudTrail_us-east-1_20260301T1010Z_0000000000000000-copy.json.gz"],
    ],
    ["a log file that is too new for any digest", (bucket) => void bucket.log(END_MS + 20 * 60_000), ["open"]],
    [
      "a log file under another hash",
      (bucket) => bucket.resign(bucket.digestKeys[3] ?? "", { logFiles: listed(bucket, 3, { hashAlgorithm: "MD5" }) }),
      ["log l6 bad-algorithm", "log l7 bad-algorithm"],
    ],
    [
      "a digest signed with something else than SHA-256",
      (bucket) => bucket.resign(bucket.digestKeys[3] ?? "", { digestSignatureAlgorithm: "SHA1withRSA" }),
      ["digest d3 bad-algorithm", "open"],
    ],
    [
      "a digest without a signature, whatever JSON it is",
      (bucket) => void bucket.objects.set(bucket.digestKeys[3] ?? "", { bytes: gzipSync("{}"), metadata: {} }),
      ["digest d3 bad-signature", "open"],
    ],
    [
      "the newest digest's signature missing",
      (bucket) => {
        for (const key of bucket.digestKeys) bucket.object(key).metadata = undefined;
      },
      ["digest d3 unsigned", "log l6 unsigned", "log l7 unsigned"],
    ],
    [
      "a changed digest whose signature is the one after it has",
      (bucket) => {
        for (const key of bucket.digestKeys) bucket.object(key).metadata = undefined;
        const object = bucket.object(bucket.digestKeys[1]);
        object.bytes = gzipSync(gunzipSync(object.bytes).toString().replace("T1110Z", "T1111Z"));
      },
      [
        "digest d3 unsigned",
        "log l6 unsigned",
        "log l7 unsigned",
        "digest d1 bad-signature",
        "digest d0 unsigned",
        "log l0 unsigned",
        "log l1 unsigned",
        "open",
      ],
    ],
  ])("finds %s", async (_, change, expected) => {
    const bucket = SignedBucket.ofHours(HOURS);
    change(bucket);
    expect(await findings(bucket)).toEqual(expected);
  });

  test("finds a time that consecutive digests leave out, and one that two cover", async () => {
    const bucket = SignedBucket.ofHours(1);
    bucket.digest(START_MS + 2 * HOUR_MS, []);
    bucket.digest(START_MS + 2.5 * HOUR_MS, []);
    const now = START_MS + 4 * HOUR_MS;
    expect(await findings(bucket, { now })).toEqual(["overlap", "hole"]);
  });

  test("takes a chain that began anew for a gap, which is no failure", async () => {
    const bucket = SignedBucket.ofHours(1);
    const none = { previousDigestS3Bucket: null, previousDigestS3Object: null, previousDigestHashValue: null };
    bucket.digest(START_MS + 5 * HOUR_MS, [], {
      ...none,
      previousDigestHashAlgorithm: null,
      previousDigestSignature: null,
    });
    const all = await check(bucket, { now: START_MS + 6 * HOUR_MS });
    expect(all.find(({ kind }) => kind === "gap")).toMatchObject({
      fromMs: START_MS + HOUR_MS,
      toMs: START_MS + 5 * HOUR_MS,
    });
    expect(all.some(isFailure)).toBe(false);
  });

  test("finds a digest that lies there but is in no chain", async () => {
    const bucket = SignedBucket.ofHours(2);
    // The chain goes around the second digest, which stays behind.
    bucket.digest(START_MS + 2 * HOUR_MS, [], {
      previousDigestS3Object: bucket.digestKeys[0],
      previousDigestHashValue: hashOf(bucket, 0),
      previousDigestSignature: bucket.object(bucket.digestKeys[0]).metadata?.["signature"],
    });
    expect(await findings(bucket, { now: START_MS + 3 * HOUR_MS })).toEqual(["hole", "digest d1 no-chain", "open"]);
  });

  test("finds the chain cut only once the next digest is overdue by an interval", async () => {
    const bucket = SignedBucket.ofHours(HOURS);
    expect(await findings(bucket, { now: END_MS + 2 * HOUR_MS })).toEqual([]);
    expect(await findings(bucket, { now: END_MS + 2 * HOUR_MS + 1000 })).toEqual(["cut"]);
    const all = await check(bucket, { now: END_MS + 24 * HOUR_MS });
    expect(all.find(({ kind }) => kind === "cut")).toMatchObject({ endMs: END_MS, missingMs: END_MS + HOUR_MS });
  });

  test("believes other trails about log files, but not what is not signed", async () => {
    const bucket = SignedBucket.ofHours(HOURS);
    const file = bucket.log(START_MS + 20 * 60_000);
    const key = bucket.digest(START_MS, [file], {}, { trailName: "other" });
    const trail = { name: "main", homeRegion: "us-east-1", account: "123456789012" };
    expect(await findings(bucket, { scope: { trail } })).toEqual([]);
    bucket.object(key).metadata = { signature: "00", "signature-algorithm": "SHA256withRSA" };
    expect(await findings(bucket, { scope: { trail } })).toEqual(["foreign l8"]);
  });

  test("asks the Region of a digest for its key, not the home of its trail", async () => {
    const bucket = new SignedBucket();
    bucket.digest(START_MS, [], {}, { homeRegion: "eu-west-3" });
    const publicKeys = { find: async (region: string) => (region === "us-east-1" ? KEY : undefined) };
    const needs = { sources: bucket.sources, publicKeys, now: END_MS, threads: 0 };
    const all = await Array.fromAsync(verify(needs, { scope: { toMs: START_MS + HOUR_MS }, deep: false }));
    expect(all.filter(({ kind }) => kind === "digest")).toMatchObject([{ verdict: "valid" }]);
  });

  test("looks for a late log file in the digests after the range, too", async () => {
    const bucket = SignedBucket.ofHours(HOURS);
    const late = bucket.log(START_MS + 20 * 60_000);
    bucket.digest(END_MS, [late]);
    const scope = { fromMs: START_MS, toMs: START_MS + HOUR_MS };
    expect(await findings(bucket, { scope, now: END_MS + HOUR_MS })).toEqual([]);
  });

  test("checks backfill digests as a chain of their own", async () => {
    const bucket = SignedBucket.ofHours(HOURS);
    const file = bucket.log(START_MS + 20 * 60_000);
    bucket.digest(START_MS, [file], {}, { backfill: true });
    const all = await check(bucket);
    expect(all.filter((finding) => finding.kind === "digest" && finding.backfill)).toHaveLength(1);
    expect(all.some(isFailure)).toBe(false);
  });

  test.each([
    ["of another time", { eventTime: "2026-02-01T00:00:00Z" }, "outside of the times"],
    ["of no time", { eventTime: 7 }, "outside of the times"],
    ["of another account", { recipientAccountId: "210987654321" }, "of other accounts than 123456789012"],
    ["of another Region", { awsRegion: "eu-west-1" }, "of other Regions than us-east-1"],
  ])("finds a record %s when it reads them", async (_, record, says) => {
    const bucket = SignedBucket.ofHours(1);
    bucket.digest(
      START_MS + HOUR_MS,
      [bucket.log(START_MS + HOUR_MS + 60_000, record)].map((file) => ({
        ...file,
        newestEventTime: isoSeconds(START_MS + HOUR_MS),
        oldestEventTime: isoSeconds(START_MS + HOUR_MS),
      })),
    );
    const now = START_MS + 3 * HOUR_MS;
    expect(await findings(bucket, { now })).toEqual([]);
    const bad = (await check(bucket, { now, deep: true })).find(isFailure);
    expect(bad).toMatchObject({ kind: "log", verdict: { text: expect.stringContaining(says) } });
  });

  test("a byte of any file that is changed to any other is found, unless the content is the same", async () => {
    const sound = SignedBucket.ofHours(2);
    const keys = [...sound.objects.keys()];
    const flip = fc.tuple(fc.nat({ max: keys.length - 1 }), fc.nat(), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(flip, async ([which, where, by]) => {
        const bucket = SignedBucket.ofHours(2);
        const object = bucket.object(keys[which]);
        const content = gunzipSync(object.bytes);
        const bytes = Buffer.from(object.bytes);
        const at = where % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ by;
        object.bytes = bytes;
        const found = (await check(bucket, { now: START_MS + 3 * HOUR_MS })).some(isFailure);
        // A gzip header also tells of the machine and the time, and a few bits of the data mean nothing: nobody signs those.
        expect(found).toBe(!sameContent(bytes, content));
      }),
      { numRuns: 100 },
    );
  });
});

function sameContent(bytes: Uint8Array, content: Uint8Array): boolean {
  try {
    return Buffer.compare(gunzipSync(bytes), content) === 0;
  } catch {
    return false;
  }
}

function listed(bucket: SignedBucket, digest: number, other: object): readonly object[] {
  const body = JSON.parse(gunzipSync(bucket.object(bucket.digestKeys[digest]).bytes).toString()) as {
    logFiles: object[];
  };
  return body.logFiles.map((file) => ({ ...file, ...other }));
}

function hashOf(bucket: SignedBucket, digest: number): string {
  return sha256Hex(gunzipSync(bucket.object(bucket.digestKeys[digest]).bytes));
}

describe("verify() of hostile files", () => {
  const bodies: readonly (readonly [string, string])[] = [
    ["nothing", ""],
    ["null", "null"],
    ["a list", "[]"],
    ["a number", "7"],
    ["an endless nest", "[".repeat(1_000_000)],
    ["a nest that ends", `{"logFiles":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["bytes that are no text", "\xff\xfe"],
  ];
  test.each(bodies)("takes a digest that is %s for an invalid format", async (_, text) => {
    const bucket = SignedBucket.ofHours(HOURS);
    bucket.object(bucket.digestKeys[3]).bytes = gzipSync(Buffer.from(text, "latin1"));
    expect(await findings(bucket)).toEqual(["digest d3 invalid-format", "open"]);
  });

  const members = [
    "digestStartTime",
    "digestEndTime",
    "digestS3Bucket",
    "digestS3Object",
    "logFiles",
    "previousDigestSignature",
    "previousDigestS3Object",
    "previousDigestHashValue",
    "digestPublicKeyFingerprint",
  ];
  test.each(members.flatMap((name) => [7, {}, [[]], [{ s3Object: 1 }], true].map((value) => [name, value] as const)))(
    "takes a signed digest whose %s is %j for an invalid format",
    async (name, value) => {
      const bucket = SignedBucket.ofHours(HOURS);
      bucket.resign(bucket.digestKeys[3] ?? "", { [name]: value });
      expect((await findings(bucket))[0]).toBe("digest d3 invalid-format");
    },
  );

  test("does not hold what a gzip of zeros becomes in memory", async () => {
    const bucket = SignedBucket.ofHours(HOURS);
    const zeros = zerosGzip();
    bucket.object(bucket.logKeys[7]).bytes = zeros;
    bucket.object(bucket.digestKeys[1]).bytes = zeros;
    expect(zeros.length).toBeLessThan(2_000_000);
    const before = process.memoryUsage.rss();
    expect(await findings(bucket)).toEqual(["log l7 invalid-format", "digest d1 too-large", "open"]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 1024 * 1024);
  });

  test("a chain that leads back to itself ends", async () => {
    const bucket = SignedBucket.ofHours(1);
    bucket.resign(bucket.digestKeys[0] ?? "", {
      previousDigestS3Bucket: BUCKET,
      previousDigestS3Object: bucket.digestKeys[0],
      previousDigestSignature: "00",
      previousDigestHashAlgorithm: "SHA-256",
    });
    expect(await findings(bucket, { now: START_MS + 2 * HOUR_MS })).toEqual(["digest d0 loop"]);
  });
});

/** A gzip that becomes 1 GiB of zeros: one block of them many times. Its checksum is a lie. */
function zerosGzip(): Buffer {
  const block = deflateRawSync(Buffer.alloc(16 * 1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH });
  const end = Buffer.from([0x03, 0x00, ...Array<number>(8).fill(0)]);
  return Buffer.concat([gzipSync("").subarray(0, 10), ...Array<Buffer>(64).fill(block), end]);
}
