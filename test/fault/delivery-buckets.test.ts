import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ACCOUNT, BucketProblem, DeliveryWorld, testTrail } from "../../src/trails/delivery/testing.ts";

const POLL = { interval: 5, timeout: 10_000 };
const HOUR_MS = 3_600_000;

async function openWorld(...options: Parameters<typeof DeliveryWorld.open>): Promise<DeliveryWorld> {
  const world = await DeliveryWorld.open(...options);
  onTestFinished(() => world.close());
  return world;
}

/** Two trails of everything; the bucket of `a` has a problem. */
async function withProblem(world: DeliveryWorld, problem: () => Promise<void>): Promise<void> {
  world.buckets.problems.set("a-bucket", problem);
  await world.start();
  await world.change(testTrail("a"));
  await world.change(testTrail("b"));
  // Several files, one after the other, in several Regions.
  for (let count = 0; count < 3; count++) {
    world.happen(3);
    world.happen(3, { awsRegion: "eu-west-1" });
    const logged = 1 + 6 * (count + 1);
    await expect.poll(() => world.buckets.eventIDs("b-bucket").length, POLL).toBe(logged);
  }
}

function refusal(code: string): () => Promise<void> {
  return async () => {
    throw new BucketProblem(code);
  };
}

/** All of it arrives, once, in the order in which it happened. */
async function expectCaughtUp(world: DeliveryWorld): Promise<void> {
  await expect.poll(() => world.delivery.stats().pendingFiles, POLL).toBe(0);
  for (const region of ["us-east-1", "eu-west-1"]) {
    const place = `AWSLogs/${ACCOUNT}/CloudTrail/${region}/`;
    const arrived = world.buckets.eventIDs(`a-bucket/${place}`);
    const numbers = arrived.map((eventID) => Number(eventID.slice("event-".length)));
    expect(numbers).toEqual(numbers.toSorted((left, right) => left - right));
    const both = world.buckets.eventIDs(`b-bucket/${place}`);
    expect(arrived.filter((eventID) => eventID !== "event-1")).toEqual(both);
  }
  const delivered = await world.tables.selectFrom("log_files").selectAll().where("trail_id", "=", "a").execute();
  for (const region of ["us-east-1", "eu-west-1"]) {
    const times = delivered
      .filter((row) => row.region === region)
      .toSorted((left, right) => left.number - right.number);
    expect(times.map((row) => row.delivered_at)).toEqual(
      times.map((row) => row.delivered_at ?? 0).toSorted((left, right) => left - right),
    );
  }
}

describe("a delivery", () => {
  test.each([
    ["is gone", "NoSuchBucket"],
    ["refuses", "AccessDenied"],
    ["is full", "InsufficientStorage"],
    ["is elsewhere", "PermanentRedirect"],
  ])("whose bucket %s delays no other, says so, and catches up in order", async (_, code) => {
    const world = await openWorld();
    await withProblem(world, refusal(code));
    expect(await world.status({ trailId: "a" })).toMatchObject({
      latestError: code,
      latestAttemptMs: expect.any(Number),
    });
    expect(await world.status({ trailId: "a" })).not.toHaveProperty("latestDeliveryMs");
    expect(await world.status({ trailId: "b" })).not.toHaveProperty("latestError");
    expect(world.buckets.logFiles("a-bucket")).toEqual([]);
    world.buckets.problems.clear();
    await expectCaughtUp(world);
    expect(await world.status({ trailId: "a" })).toEqual({
      latestDeliveryMs: expect.any(Number),
      latestAttemptMs: expect.any(Number),
      latestSuccessMs: expect.any(Number),
    });
  });

  test("whose bucket takes its time delays no other, however many of its files wait", async () => {
    const world = await openWorld();
    const waiting: (() => void)[] = [];
    let slow = true;
    await withProblem(world, async () => {
      if (slow) await new Promise<void>((resolve) => waiting.push(resolve));
    });
    expect(waiting).toHaveLength(2);
    slow = false;
    for (const resolve of waiting) resolve();
    await expectCaughtUp(world);
  });

  test("that times out says nothing about its bucket", async () => {
    const world = await openWorld();
    await withProblem(world, refusal("Timeout"));
    expect(await world.status({ trailId: "a" })).toEqual({ latestAttemptMs: expect.any(Number) });
    world.buckets.problems.clear();
    await expectCaughtUp(world);
  });

  test("tells a problem once, whatever else its words name each time", async () => {
    const world = await openWorld();
    let tries = 0;
    await withProblem(world, async () => {
      tries += 1;
      throw Object.assign(new Error(`try ${tries}`), { code: "InternalError" });
    });
    await expect.poll(() => tries, POLL).toBeGreaterThan(8);
    expect(world.warnings.length).toBeLessThanOrEqual(2);
    world.buckets.problems.clear();
    await expectCaughtUp(world);
  });

  test("whose bucket was gone through a restart catches up in order", async () => {
    const world = await openWorld();
    await withProblem(world, refusal("NoSuchBucket"));
    await world.restart();
    expect(world.delivery.stats().pendingFiles).toBeGreaterThan(3);
    world.buckets.problems.clear();
    await expectCaughtUp(world);
  });

  test("to a new bucket goes on while the old one is gone", async () => {
    const world = await openWorld();
    world.buckets.problems.set("a-bucket", refusal("NoSuchBucket"));
    await world.start();
    const before = await world.change(testTrail("a"));
    await expect.poll(() => world.status({ trailId: "a" }), POLL).toMatchObject({ latestError: "NoSuchBucket" });
    const after = await world.change(testTrail("a", { bucket: "new-bucket" }));
    await expect.poll(() => world.buckets.eventIDs("new-bucket"), POLL).toEqual([after]);
    await expect.poll(() => world.status({ trailId: "a" }), POLL).not.toHaveProperty("latestError");
    world.buckets.problems.clear();
    await expect.poll(() => world.buckets.eventIDs("a-bucket"), POLL).toEqual([before]);
  });

  test("to a bucket that may not be read puts a file once, also when that could not be noted at first", async () => {
    const world = await openWorld();
    world.buckets.writeOnly.add("a-bucket");
    const { struck } = await world.start({ step: "delivered", loss: "not written", crash: false });
    await world.change(testTrail("a"));
    await struck;
    await expect.poll(() => world.told(), POLL).toHaveLength(2);
    expect([...world.buckets.objects.values()].map(({ length }) => length)).toEqual([1]);
  });

  test("of manifests is tried again until their bucket takes them", async () => {
    const world = await openWorld();
    await world.start();
    await world.change(testTrail("a"));
    await expect.poll(() => world.told(), POLL).toHaveLength(2);
    world.buckets.problems.set("a-bucket", refusal("AccessDenied"));
    world.clock.movedMs += HOUR_MS;
    await expect.poll(() => world.warnings.join(), POLL).toContain("manifest");
    world.buckets.problems.clear();
    await expect.poll(() => world.buckets.manifests(), POLL).toHaveLength(1);
  });
});

describe("a clock", () => {
  test("that steps back while an hour's manifest is written leaves no file of the hour out of it", async () => {
    const world = await openWorld();
    await world.start();
    await world.change(testTrail("a"));
    await expect.poll(() => world.told(), POLL).toHaveLength(2);
    let steps = 1;
    world.buckets.problems.set("a-bucket", async () => {
      if (steps-- !== 1) return;
      world.clock.movedMs -= HOUR_MS;
      world.happen(1);
      await vi.waitUntil(async () => (await world.told()).length === 3, POLL);
    });
    world.clock.movedMs += HOUR_MS;
    await expect.poll(() => world.buckets.listed(), POLL).toHaveLength(2);
    expect(world.buckets.manifests()).toHaveLength(1);
  });

  test("that jumps across an hour and back leaves every record in one file, and keys in order", async () => {
    const world = await openWorld();
    await world.start();
    const eventIDs = [await world.change(testTrail("a"))];
    for (const jumpMs of [0, HOUR_MS, HOUR_MS, -2 * HOUR_MS, -HOUR_MS, 60_000]) {
      world.clock.movedMs += jumpMs;
      eventIDs.push(...world.happen(3));
      await expect.poll(() => world.buckets.eventIDs(), POLL).toEqual(eventIDs);
    }
    await expect.poll(() => world.delivery.stats().pendingFiles, POLL).toBe(0);
    const rows = await world.tables.selectFrom("log_files").selectAll().orderBy("number").execute();
    expect(rows.map(({ key }) => `a-bucket/${key}`)).toEqual(world.buckets.logFiles());
    const times = rows.map(({ delivered_at }) => delivered_at ?? 0);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    // Each file stands in one manifest, although hours came twice.
    world.clock.movedMs += 5 * HOUR_MS;
    await expect
      .poll(() => world.buckets.listed().toSorted(), POLL)
      .toEqual(rows.map(({ key }) => `a-bucket/${key}`).toSorted());
  });
});
