import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { BucketProblem, DeliveryWorld, REGION, testTrail } from "./testing.ts";

const POLL = { interval: 5, timeout: 10_000 };
const HOUR_MS = 3_600_000;

async function openWorld(...options: Parameters<typeof DeliveryWorld.open>): Promise<DeliveryWorld> {
  const world = await DeliveryWorld.open(...options);
  onTestFinished(() => world.close());
  return world;
}

/** What was delivered once all is there, to be compared with it. */
async function delivered(world: DeliveryWorld, count: number, start = ""): Promise<readonly string[]> {
  await expect.poll(() => world.buckets.eventIDs(start).length, POLL).toBeGreaterThanOrEqual(count);
  return world.buckets.eventIDs(start).toSorted();
}

describe("startDelivery()", () => {
  test("delivers what a trail logs from its start up to its stop, both with their own records", async () => {
    const world = await openWorld();
    await world.start();
    world.happen(3);
    const started = await world.change(testTrail("a"));
    const logged = world.happen(5);
    const stoppedBy = await world.change(testTrail("a", {}, false));
    world.happen(2);
    expect(await delivered(world, 7)).toEqual([started, ...logged, stoppedBy].toSorted());
    expect(await world.told()).toEqual(expect.arrayContaining(["a logs", "a does not log"]));
    expect(world.warnings).toEqual([]);
  });

  test("reads nothing while no trail logs", async () => {
    const world = await openWorld();
    await world.start();
    world.happen(5000);
    await expect.poll(() => world.delivery.stats().lagRecords, POLL).toBe(0);
    expect(world.journal.reads).toBe(0);
  });

  test("puts files of each account and Region under their own keys, which sort as they were delivered", async () => {
    const world = await openWorld();
    await world.start();
    await world.change(testTrail("a", { prefix: "audit" }));
    const eventIDs: string[] = [];
    for (let count = 1; count <= 5; count++) {
      eventIDs.push(...world.happen(2, { awsRegion: "eu-west-1" }));
      expect(
        await delivered(world, eventIDs.length, "a-bucket/audit/AWSLogs/123456789012/CloudTrail/eu-west-1/"),
      ).toEqual(eventIDs.toSorted());
    }
    expect(world.buckets.eventIDs("a-bucket/audit/AWSLogs/123456789012/CloudTrail/eu-west-1/")).toEqual(eventIDs);
    expect(world.buckets.eventIDs("a-bucket/audit/AWSLogs/123456789012/CloudTrail/us-east-1/")).toHaveLength(1);
  });

  test("puts an organization's files below its id", async () => {
    const world = await openWorld();
    await world.start();
    await world.change(testTrail("a", { organization: true }));
    const eventIDs = world.happen(1, { recipientAccountId: "210987654321" });
    expect(await delivered(world, eventIDs.length, "a-bucket/AWSLogs/o-exampleorgid/210987654321/CloudTrail/")).toEqual(
      eventIDs.toSorted(),
    );
  });

  test("puts what was logged before a trail's bucket was changed into the old one", async () => {
    const world = await openWorld({ intervalMs: HOUR_MS });
    await world.start();
    const before = [await world.change(testTrail("a")), ...world.happen(2)];
    const after = [await world.change(testTrail("a", { bucket: "new-bucket" })), ...world.happen(2)];
    await world.change(testTrail("a", { bucket: "other-bucket" }));
    expect(await delivered(world, before.length, "a-bucket")).toEqual(before.toSorted());
    expect(await delivered(world, after.length, "new-bucket")).toEqual(after.toSorted());
  });

  test("delivers what a trail logged before it was deleted, then forgets it", async () => {
    const world = await openWorld();
    await world.start();
    const logged = [await world.change(testTrail("a")), ...world.happen(2), await world.change(null, "a")];
    world.happen(2);
    expect(await delivered(world, logged.length)).toEqual(logged.toSorted());
    const left = (): Promise<unknown[]> => world.tables.selectFrom("trail_states").selectAll().execute();
    expect(await left()).toHaveLength(1);
    world.clock.movedMs += HOUR_MS;
    await expect.poll(left, POLL).toEqual([]);
    expect(world.buckets.manifests()).toHaveLength(1);
    expect((await world.told()).filter((what) => !what.endsWith(".gz"))).toEqual(["a logs", "a does not log"]);
  });

  test("takes changes in the order in which they were made when their records came in another", async () => {
    const world = await openWorld();
    await world.start();
    await world.change(testTrail("a"));
    const stop = world.changeRecord(await world.commitChange(testTrail("a", {}, false)));
    const start = world.changeRecord(await world.commitChange(testTrail("a")));
    world.journal.append(start, stop);
    const after = world.happen(2);
    await expect.poll(() => world.buckets.eventIDs(), POLL).toEqual(expect.arrayContaining([...after]));
    expect(await world.tables.selectFrom("trail_changes").selectAll().execute()).toEqual([]);
  });

  test("knows nothing of a trail whose deletion was recorded before its making", async () => {
    const world = await openWorld();
    await world.start();
    const made = world.changeRecord(await world.commitChange(testTrail("a")));
    const deleted = world.changeRecord(await world.commitChange(null, "a"));
    world.journal.append(deleted, made);
    world.happen(2);
    await expect.poll(() => world.delivery.stats().lagRecords, POLL).toBe(0);
    expect(await world.told()).toEqual([]);
    expect(await world.tables.selectFrom("trail_changes").selectAll().execute()).toEqual([]);
  });

  test("passes over what is no record", async () => {
    const world = await openWorld();
    await world.start();
    const started = await world.change(testTrail("a"));
    world.journal.append([1], Object("text") as object);
    world.journal.records.push(Buffer.from("{"));
    const logged = [started, ...world.happen(1)];
    expect(await delivered(world, 2)).toEqual(logged.toSorted());
  });

  test("writes no file larger than it may be, but for one record that is", async () => {
    const world = await openWorld({ intervalMs: HOUR_MS, fileBytesMax: 2000 });
    await world.start();
    const eventIDs = [
      await world.change(testTrail("a")),
      ...world.happen(20),
      ...world.happen(1, { text: "x".repeat(3000) }),
    ];
    eventIDs.push(await world.change(testTrail("a", {}, false)));
    expect(await delivered(world, eventIDs.length)).toEqual(eventIDs.toSorted());
    const sizes = [...world.buckets.contents().values()].map(({ length }) => length);
    expect(sizes.length).toBeGreaterThan(4);
    expect(sizes.filter((size) => size > 2000)).toHaveLength(1);
  });

  test("closes the largest files early when too much waits in memory", async () => {
    const world = await openWorld({ intervalMs: HOUR_MS, heldBytesMax: 20_000 });
    await world.start();
    await world.change(testTrail("a"));
    world.happen(1, { awsRegion: "eu-west-1" });
    world.happen(100);
    await expect.poll(() => world.buckets.logFiles().length, POLL).toBeGreaterThan(0);
    await expect.poll(() => world.delivery.stats().lagRecords, POLL).toBe(0);
    expect(world.buckets.logFiles("a-bucket/AWSLogs/123456789012/CloudTrail/eu-west-1/")).toEqual([]);
    expect(await world.delivery.pending({ trailId: "a", account: "123456789012", region: "eu-west-1" })).toBe(true);
  });

  test("tells that something is pending until it is delivered", async () => {
    const world = await openWorld();
    const shard = { trailId: "a", account: "123456789012", region: REGION };
    const gate = Promise.withResolvers<void>();
    world.buckets.problems.set("a-bucket", () => gate.promise);
    await world.start();
    expect(await world.delivery.pending(shard)).toBe(false);
    await world.change(testTrail("a"));
    await expect.poll(() => world.delivery.pending(shard), POLL).toBe(true);
    await expect
      .poll(() => world.delivery.stats(), POLL)
      .toEqual({ lagRecords: 0, pendingFiles: 1, deliveredFiles: 0 });
    expect(await world.delivery.pending(shard)).toBe(true);
    gate.resolve();
    await expect
      .poll(() => world.delivery.stats(), POLL)
      .toEqual({ lagRecords: 0, pendingFiles: 0, deliveredFiles: 1 });
    expect(await world.delivery.pending(shard)).toBe(false);
  });

  test.each([
    ["the same bytes", (gzip: Uint8Array) => gzip, 1],
    [
      "the same contents, packed by another zlib",
      (_: Uint8Array, contents: Uint8Array) => gzipSync(contents, { level: 1 }),
      1,
    ],
    ["other contents", () => gzipSync("{}"), 2],
    ["no gzip", () => Buffer.from("text"), 2],
  ])(
    "puts a file that may be there already once, unless under its key lies something else: %s",
    async (_, planted, versions) => {
      const world = await openWorld();
      world.buckets.problems.set("a-bucket", async () => {
        throw new BucketProblem("Timeout");
      });
      await world.start();
      await world.change(testTrail("a"));
      await expect.poll(() => world.warnings.length, POLL).toBeGreaterThan(0);
      const row = await world.tables.selectFrom("log_files").selectAll().executeTakeFirstOrThrow();
      const contents = Buffer.from(`{"Records":[${Buffer.from(world.journal.records[0] ?? []).toString()}]}`);
      world.buckets.objects.set(`${row.bucket}/${row.key}`, [planted(gzipSync(contents), contents)]);
      world.buckets.problems.clear();
      await expect.poll(() => world.delivery.stats().pendingFiles, POLL).toBe(0);
      expect(world.buckets.objects.get(`${row.bucket}/${row.key}`)).toHaveLength(versions);
      expect(world.buckets.eventIDs()).toHaveLength(1);
    },
  );
});
