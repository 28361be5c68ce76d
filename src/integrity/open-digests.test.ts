import { afterEach, describe, expect, test } from "vitest";
import { pino } from "pino";
import { type DigestsOptions, openDigests } from "./open-digests.ts";
import { DigestRig, HOME, HOUR_MS, keySource, OPTIONS, START, TRAIL } from "./testing.ts";

const keys = keySource(4);
const rigs: DigestRig[] = [];

async function open(options: Partial<DigestsOptions> = {}): Promise<DigestRig> {
  const rig = await DigestRig.open(keys(), options);
  rigs.push(rig);
  return rig;
}

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

/** `start-end: files` of each digest of the only chain. */
async function windows(rig: DigestRig, chain = 0): Promise<readonly string[]> {
  const { digests = [] } = (await rig.chains())[chain] ?? {};
  return digests.map(({ start, end, starting, files }) =>
    `${starting ? "starting " : ""}${start.slice(11, 19)}-${end.slice(11, 19)}: ${files.join(" ")}`.trim(),
  );
}

describe("digests of a chain", () => {
  test("come an interval after validation began, with its minute and second", async () => {
    const rig = await open();
    await rig.change();
    rig.clock.pass(10_000);
    const [one] = [await rig.deliver(), await rig.settle()];
    expect(rig.buckets.objects.size).toBe(0);
    await rig.passAndSettle(HOUR_MS);
    const two = await rig.deliver();
    await rig.passAndSettle(HOUR_MS);
    await rig.passAndSettle(HOUR_MS);
    expect(await windows(rig)).toEqual([
      `starting 11:01:31-12:01:31: ${one}`,
      `12:01:31-13:01:31: ${two}`,
      "13:01:31-14:01:31:",
    ]);
    expect([...rig.buckets.objects.keys()][0]).toBe(
      "logs/AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2026/03/01/123456789012_CloudTrail-Digest_us-east-1_example-trail_us-east-1_20260301T120131Z.json.gz",
    );
  });

  test("say what they hold, in AWS's order of members", async () => {
    const rig = await open();
    await rig.change();
    rig.clock.pass(1000);
    await rig.deliver({ oldestMs: START - 500_400, newestMs: START - 100_000 });
    await rig.deliver({ oldestMs: START - 400_000, newestMs: START + 700 });
    await rig.passAndSettle(2 * HOUR_MS + 2000);
    const [first, second] = (await rig.chains())[0]?.digests ?? [];
    expect(first?.body).toEqual({
      awsAccountId: "123456789012",
      digestStartTime: "2026-03-01T11:01:31Z",
      digestEndTime: "2026-03-01T12:01:31Z",
      digestS3Bucket: "logs",
      digestS3Object: expect.stringMatching(/^AWSLogs\/.*T120131Z\.json\.gz$/),
      digestPublicKeyFingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
      digestSignatureAlgorithm: "SHA256withRSA",
      newestEventTime: "2026-03-01T11:01:31Z",
      oldestEventTime: "2026-03-01T10:53:10Z",
      previousDigestS3Bucket: null,
      previousDigestS3Object: null,
      previousDigestHashValue: null,
      previousDigestHashAlgorithm: null,
      previousDigestSignature: null,
      logFiles: [
        {
          s3Bucket: "logs",
          s3Object: "log-0",
          hashValue: expect.stringMatching(/^[0-9a-f]{64}$/),
          hashAlgorithm: "SHA-256",
          newestEventTime: "2026-03-01T10:59:51Z",
          oldestEventTime: "2026-03-01T10:53:10Z",
        },
        expect.objectContaining({ s3Object: "log-1" }),
      ],
    });
    expect(Object.keys(first?.body ?? {})[14]).toBe("logFiles");
    expect(second?.body).toMatchObject({
      newestEventTime: null,
      oldestEventTime: null,
      previousDigestHashAlgorithm: "SHA-256",
      logFiles: [],
    });
  });

  test("belong to whom the files belong: members of an organization, below the trail's prefix", async () => {
    const rig = await open();
    const accounts = [HOME.account, "210987654321"];
    await rig.change({ prefix: "audit", organizationId: "o-exampleorgid" }, accounts);
    await rig.passAndSettle(HOUR_MS + 1000);
    const folder = (account: string): string =>
      `logs/audit/AWSLogs/o-exampleorgid/${account}/CloudTrail-Digest/us-east-1/2026/03/01/`;
    expect([...rig.buckets.objects.keys()].map((key) => key.slice(0, key.lastIndexOf("/") + 1)).toSorted()).toEqual(
      accounts.map(folder),
    );
    expect(new Set((await rig.chains()).map(({ digests }) => digests[0]?.body["awsAccountId"]))).toEqual(
      new Set(accounts),
    );
  });

  test("list a file by when it was delivered: after the window's start, up to its end", async () => {
    const rig = await open();
    await rig.change();
    rig.clock.pass(HOUR_MS);
    const last = await rig.deliver();
    rig.clock.pass(1);
    const first = await rig.deliver();
    await rig.passAndSettle(HOUR_MS + 1000);
    expect(await windows(rig)).toEqual([`starting 11:01:31-12:01:31: ${last}`, `12:01:31-13:01:31: ${first}`]);
  });

  test("are made for every window that was missed", async () => {
    const rig = await open();
    await rig.change();
    await rig.passAndSettle(HOUR_MS + 1000);
    rig.openAgain();
    await rig.passAndSettle(30 * HOUR_MS);
    expect(await windows(rig)).toHaveLength(31);
  });
});

describe("a chain", () => {
  test("ends with what was still to be delivered, and begins anew", async () => {
    const rig = await open();
    await rig.change();
    await rig.passAndSettle(HOUR_MS + 1000);
    rig.pending.add("us-east-1");
    await rig.change({ logging: false, validating: false });
    await rig.passAndSettle(5000);
    await rig.passAndSettle(3 * HOUR_MS);
    expect(await windows(rig)).toHaveLength(1);
    const last = await rig.deliver();
    rig.pending.delete("us-east-1");
    await rig.passAndSettle(60_500);
    expect(await windows(rig)).toEqual(["starting 11:01:31-12:01:31:", `12:01:31-15:02:38: ${last}`]);
    await rig.passAndSettle(5 * HOUR_MS);
    await rig.change();
    await rig.passAndSettle(HOUR_MS + 1000);
    expect((await windows(rig)).slice(2)).toEqual(["starting 20:02:37-21:02:37:"]);
  });

  test("ends within the interval when validation is disabled, whatever is pending", async () => {
    const rig = await open();
    await rig.change();
    rig.pending.add("us-east-1");
    await rig.passAndSettle(HOUR_MS + 1000);
    await rig.change({ validating: false });
    await rig.passAndSettle(HOUR_MS - 2000);
    expect(await windows(rig)).toHaveLength(1);
    await rig.passAndSettle(2000);
    await rig.deliver();
    await rig.passAndSettle(HOUR_MS);
    expect(await windows(rig)).toEqual(["starting 11:01:31-12:01:31:", "12:01:31-13:01:32:"]);
  });

  test("gets its last digest at the instant at which a new one begins", async () => {
    const rig = await open();
    await rig.change();
    rig.pending.add("us-east-1");
    rig.clock.pass(60_000);
    const one = await rig.deliver();
    await rig.change({ logging: false, validating: false });
    rig.clock.pass(60_000);
    await rig.change();
    rig.clock.pass(60_000);
    const two = await rig.deliver();
    await rig.passAndSettle(HOUR_MS + 1000);
    expect(await windows(rig)).toEqual([`starting 11:01:31-11:03:31: ${one}`, `starting 11:03:31-12:03:31: ${two}`]);
  });

  test("of another Region begins with its first file, on the trail's boundaries", async () => {
    const rig = await open();
    const paris = { ...HOME, region: "eu-west-3" };
    await rig.change();
    await rig.passAndSettle(2.5 * HOUR_MS);
    const file = await rig.deliver({}, paris);
    await rig.passAndSettle(HOUR_MS);
    await rig.digests.publicKeys("eu-west-3", rig.clock.now(), rig.clock.now());
    await rig.settle();
    const chains = await rig.chains();
    expect(chains.map(({ name }) => name)).toEqual([
      "123456789012_CloudTrail-Digest_us-east-1_example-trail_us-east-1.json.gz",
      "123456789012_CloudTrail-Digest_eu-west-3_example-trail_us-east-1.json.gz",
    ]);
    expect(await windows(rig, 1)).toEqual([`starting 13:01:31-14:01:31: ${file}`]);
    expect(chains[1]?.digests[0]?.body["digestPublicKeyFingerprint"]).not.toBe(
      chains[0]?.digests[0]?.body["digestPublicKeyFingerprint"],
    );
  });

  test("begins and ends at once for a first file that a stopped trail still had to deliver", async () => {
    const rig = await open();
    const paris = { ...HOME, region: "eu-west-3" };
    await rig.change();
    await rig.change({ logging: false, validating: false });
    rig.clock.pass(5000);
    const file = await rig.deliver({}, paris);
    await rig.settle();
    await rig.digests.publicKeys("eu-west-3", rig.clock.now(), rig.clock.now());
    await rig.passAndSettle(HOUR_MS);
    expect((await rig.chains()).flatMap(({ digests }) => digests.flatMap(({ files }) => files))).toEqual([file]);
  });

  test("ends where the trail covers its Region or account no more", async () => {
    const rig = await open();
    await rig.change({}, [HOME.account, "210987654321"]);
    await rig.deliver({}, { ...HOME, region: "eu-west-3" });
    await rig.passAndSettle(HOUR_MS + 1000);
    await rig.digests.publicKeys("eu-west-3", rig.clock.now(), rig.clock.now());
    await rig.settle();
    await rig.change({ multiRegion: false });
    await rig.passAndSettle(HOUR_MS);
    await rig.passAndSettle(HOUR_MS);
    expect(
      Object.fromEntries((await rig.chains()).map(({ name, digests }) => [name.slice(0, 41), digests.length])),
    ).toEqual({
      "123456789012_CloudTrail-Digest_us-east-1_": 3,
      "210987654321_CloudTrail-Digest_us-east-1_": 2,
      "123456789012_CloudTrail-Digest_eu-west-3_": 2,
    });
  });

  test("goes on in another bucket and points back to the old one", async () => {
    const rig = await open();
    await rig.change();
    await rig.passAndSettle(HOUR_MS + 1000);
    await rig.change({ bucket: "other", prefix: "new" });
    await rig.passAndSettle(HOUR_MS);
    const places = (await rig.chains())[0]?.digests.map(({ place }) => place.split("/AWSLogs")[0]);
    expect(places).toEqual(["logs", "other/new"]);
    expect((await rig.chains())[0]?.digests[1]?.body).toMatchObject({ previousDigestS3Bucket: "logs" });
  });

  test("of a trail that is not validated does not exist", async () => {
    const rig = await open();
    await rig.change({ validating: false });
    await rig.deliver();
    await rig.deliver({}, { ...HOME, trailId: "unknown" });
    await rig.passAndSettle(3 * HOUR_MS);
    await rig.change({ validating: false, logging: false });
    await rig.deliver();
    await rig.passAndSettle(3 * HOUR_MS);
    expect(rig.buckets.objects.size).toBe(0);
    expect(await rig.tables.selectFrom("digest_files").selectAll().execute()).toEqual([]);
  });

  test("of a trail that was made anew under its name takes no name twice", async () => {
    const rig = await open();
    await rig.change();
    await rig.change({ logging: false, validating: false });
    await rig.passAndSettle(100);
    await rig.change({ trailId: "trail-2" });
    await rig.change({ trailId: "trail-2", logging: false, validating: false });
    await rig.settle();
    await rig.change({ trailId: "trail-3" });
    await rig.change({ trailId: "trail-3", logging: false, validating: false });
    await rig.settle();
    expect(await windows(rig)).toEqual([
      "starting 11:01:31-11:01:32:",
      "starting 11:01:32-11:01:33:",
      "starting 11:01:33-11:01:34:",
    ]);
  });
});

describe("a late file", () => {
  test("is told of by a backfill digest of its window, signed with the key of now", async () => {
    const rig = await open();
    await rig.change();
    await rig.passAndSettle(2 * HOUR_MS + 1000);
    const late = await rig.deliver({ deliveredAt: START + HOUR_MS + 5 });
    await rig.passAndSettle(1000);
    const later = await rig.deliver({ deliveredAt: START + HOUR_MS });
    await rig.passAndSettle(1000);
    expect(await windows(rig, 1)).toEqual([`starting 12:01:31-13:01:31: ${late}`, `11:01:31-13:01:32: ${later}`]);
    const [place] = [...rig.buckets.objects.keys()].filter((key) => key.includes("_backfill"));
    expect(rig.buckets.objects.get(place ?? "")?.metadata).toMatchObject({
      "backfill-generation-timestamp": "2026-03-01T13:01:33.000Z",
    });
    await rig.passAndSettle(HOUR_MS);
    expect(await windows(rig)).toHaveLength(3);
  });

  test("comes before the last digest of its chain", async () => {
    const rig = await open();
    await rig.change();
    await rig.passAndSettle(HOUR_MS + 1000);
    const [late, last] = [await rig.deliver({ deliveredAt: START + 7 }), await rig.deliver()];
    await rig.change({ logging: false, validating: false });
    await rig.settle();
    expect(await windows(rig)).toEqual(["starting 11:01:31-12:01:31:", `12:01:31-12:01:32: ${last}`]);
    expect(await windows(rig, 1)).toEqual([`starting 11:01:31-12:01:31: ${late}`]);
  });
});

describe("a clock", () => {
  test("that is set back hours does not break the chain: files are backfilled until it is where it was", async () => {
    const rig = await open();
    await rig.change();
    await rig.passAndSettle(3 * HOUR_MS + 1000);
    rig.clock.set(START + HOUR_MS);
    const files: string[] = [];
    for (let quarter = 0; quarter < 12; quarter += 1) {
      await rig.passAndSettle(HOUR_MS / 4);
      files.push(await rig.deliver());
    }
    await rig.passAndSettle(2 * HOUR_MS);
    expect(await windows(rig)).toEqual([
      "starting 11:01:31-12:01:31:",
      "12:01:31-13:01:31:",
      "13:01:31-14:01:31:",
      `14:01:31-15:01:31: ${files.slice(8).join(" ")}`,
      "15:01:31-16:01:31:",
    ]);
    expect(await windows(rig, 1)).toEqual([
      `starting 12:01:31-13:01:31: ${files.slice(0, 4).join(" ")}`,
      `13:01:31-14:01:31: ${files.slice(4, 8).join(" ")}`,
    ]);
  });

  test("that leaps a day ahead and is set back leaves a chain that verifies", async () => {
    const rig = await open();
    await rig.change();
    await rig.passAndSettle(HOUR_MS + 1000);
    rig.clock.set(START + 25 * HOUR_MS + 1000);
    const ahead = await rig.deliver();
    await rig.settle();
    expect(await windows(rig)).toHaveLength(25);
    rig.clock.set(START + 2 * HOUR_MS);
    const back = await rig.deliver();
    await rig.change({ logging: false, validating: false });
    await rig.settle();
    const all = (await rig.chains()).flatMap(({ digests }) => digests.flatMap(({ files }) => files));
    expect(all.toSorted()).toEqual([ahead, back].toSorted());
    await rig.change();
    await rig.passAndSettle(30 * HOUR_MS);
    await rig.chains();
  });
});

describe("a bucket that takes nothing", () => {
  test("gets the digests in order after its repair, and holds up no other trail", async () => {
    const rig = await open();
    await rig.change();
    await rig.change({ trailId: "trail-2", name: "other", arn: `${TRAIL.arn}-2`, bucket: "good" });
    rig.buckets.fail("logs", "not written");
    for (let hour = 0; hour < 5; hour += 1) await rig.passAndSettle(HOUR_MS + 200);
    const inBucket = (bucket: string): string[] => rig.buckets.order.filter((place) => place.startsWith(`${bucket}/`));
    expect([inBucket("logs").length, inBucket("good").length]).toEqual([0, 4 + 1]);
    expect(await rig.digests.status("trail-1", "us-east-1")).toEqual({ latestError: "AccessDenied" });
    expect(rig.said).toEqual(["a digest file could not be delivered"]);
    rig.buckets.repair();
    await rig.passAndSettle(60_000);
    expect(inBucket("logs")).toHaveLength(5);
    expect(inBucket("logs")).toEqual(inBucket("logs").toSorted());
    expect(await rig.digests.status("trail-1", "us-east-1")).toEqual({
      latestError: "",
      latestDeliveryMs: rig.clock.now(),
    });
    await rig.chains();
  });

  test("and then answers too late says nothing new: time-outs tell of no problem of the bucket", async () => {
    const rig = await open();
    await rig.change();
    rig.buckets.fail("logs", "not written", Infinity, "Timeout");
    await rig.passAndSettle(HOUR_MS + 2_000);
    expect(await rig.digests.status("trail-1", "us-east-1")).toEqual({});
    rig.buckets.fail("logs", "not written", Infinity, "NoSuchBucket");
    await rig.passAndSettle(60_000);
    rig.buckets.fail("logs", "not written", Infinity, "SlowDown");
    await rig.passAndSettle(60_000);
    expect(await rig.digests.status("trail-1", "us-east-1")).toEqual({ latestError: "NoSuchBucket" });
    expect(rig.said).toHaveLength(3);
  });

  test("is told what may lie there already: whatever was tried, or decided by another process", async () => {
    const rig = await open();
    await rig.change();
    await rig.passAndSettle(HOUR_MS + 1000);
    rig.buckets.fail("logs", "not written", 2);
    await rig.passAndSettle(HOUR_MS);
    await rig.passAndSettle(HOUR_MS);
    rig.openAgain();
    await rig.passAndSettle(HOUR_MS);
    expect(rig.buckets.again).toEqual([false, false, true, true, true, false]);
  });

  test("is asked again after pauses that grow", async () => {
    const rig = await open({ retry: { firstMs: 1000, maxMs: 4000 } });
    await rig.change();
    rig.buckets.fail("logs", "not written");
    rig.clock.pass(HOUR_MS + 1000);
    const asked: number[] = [];
    const { put } = rig.buckets;
    Object.assign(rig.buckets, {
      put: async (digest: Parameters<typeof put>[0]) => {
        asked.push((rig.clock.now() - START - HOUR_MS) / 1000 - 1);
        return await put(digest);
      },
    });
    rig.openAgain();
    for (let second = 0; second < 20; second += 1) {
      await rig.settle();
      rig.clock.pass(1000);
    }
    expect(asked).toEqual([0, 1, 3, 7, 11, 15, 19]);
  });

  test("does not hold up the chain in the trail's next one", async () => {
    const rig = await open();
    await rig.change();
    rig.buckets.fail("logs", "not written", Infinity, "NoSuchBucket");
    await rig.passAndSettle(HOUR_MS + 1000);
    await rig.change({ bucket: "other" });
    await rig.passAndSettle(HOUR_MS);
    expect(rig.buckets.order.map((place) => place.split("/")[0])).toEqual(["other"]);
    rig.buckets.repair();
    await rig.passAndSettle(60_000);
    expect(await windows(rig)).toHaveLength(2);
  });

  test("that hangs holds up only its own chains", async () => {
    const rig = await open();
    await rig.change();
    await rig.change({ trailId: "trail-2", name: "other", arn: `${TRAIL.arn}-2`, bucket: "good" });
    const { put } = rig.buckets;
    let release = (): void => {};
    const hang = new Promise<void>((resolve) => {
      release = resolve;
    });
    Object.assign(rig.buckets, {
      put: async (digest: Parameters<typeof put>[0]) => {
        if (digest.bucket === "logs") await hang;
        return await put(digest);
      },
    });
    rig.openAgain();
    await rig.digests.publicKeys("us-east-1", START, START);
    for (let hour = 0; hour < 3; hour += 1) {
      rig.clock.pass(HOUR_MS + 1000);
      while (await rig.digests.tick());
      while (rig.buckets.order.length <= hour) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(rig.buckets.order.map((place) => place.split("/")[0])).toEqual(["good", "good", "good"]);
    release();
    await rig.digests.idle();
    expect(rig.buckets.order).toHaveLength(6);
  });
});

describe("openDigests()", () => {
  test("goes on by itself until it is closed", async () => {
    const rig = await open();
    const { tables, clock, buckets } = rig;
    const box = {
      seal: (plain: string) => Buffer.from(plain),
      open: (sealed: Uint8Array) => Buffer.from(sealed).toString(),
    };
    const digests = await openDigests(
      {
        tables,
        clock,
        box,
        put: buckets.put,
        pending: async () => false,
        log: pino({ level: "silent" }),
        makeKeyPair: keys(),
      },
      { ...OPTIONS, intervalMs: 1000 },
    );
    await tables.transaction().execute((transaction) => {
      return digests.trailChanged(transaction, TRAIL, [HOME.account], clock.now());
    });
    clock.pass(3500);
    while (buckets.order.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    await digests.close();
    clock.pass(3500);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(buckets.order).toHaveLength(3);
    expect(await windows(rig)).toHaveLength(3);
  });

  test.each([0, 999, 1500])("refuses windows of %d ms: digests tell whole seconds", async (intervalMs) => {
    await expect(open({ intervalMs })).rejects.toThrow(`digests every ${intervalMs} ms`);
  });
});
