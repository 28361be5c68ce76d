import { isDeepStrictEqual } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { BucketProblem, DeliveryWorld, testTrail, type WriteStep } from "../../src/trails/delivery/testing.ts";

const HOUR_MS = 3_600_000;
const STEPS: readonly WriteStep[] = [
  "change",
  "plan",
  "place",
  "put",
  "failed",
  "delivered",
  "put manifest",
  "manifest",
];

/** For whatever comes about in a while; unlike `expect.poll` it may be asked by tests that run beside each other. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(holds, { interval: 5, timeout: 10_000 });
}

/** Everything that delivery writes, at least once; answers what each bucket must hold in the end. */
async function live(world: DeliveryWorld): Promise<Readonly<Record<string, readonly string[]>>> {
  let refusals = 1;
  world.buckets.problems.set("b-bucket", async () => {
    if (refusals-- > 0) throw new BucketProblem("AccessDenied");
  });
  world.happen(2);
  await until(async () => (await world.tables.selectFrom("delivery_place").selectAll().execute()).length > 0);
  const a = [await world.change(testTrail("a"))];
  const b = [await world.change(testTrail("b"))];
  b.push(...a.splice(1));
  const both = [b[0] as string, ...world.happen(20), ...world.happen(20, { awsRegion: "eu-west-1" })];
  await until(async () => (await world.told()).some((what) => what.endsWith(".gz")));
  both.push(await world.change(testTrail("a", { prefix: "moved" })), ...world.happen(10));
  world.clock.movedMs += HOUR_MS;
  await until(() => world.buckets.manifests().length > 0);
  both.push(...world.happen(5), await world.change(testTrail("a", {}, false)));
  return { "a-bucket": [...a, ...both], "b-bucket": [...both, ...world.happen(3)] };
}

async function expectAllOnce(
  world: DeliveryWorld,
  expected: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  for (const [bucket, eventIDs] of Object.entries(expected)) {
    await until(() => world.buckets.eventIDs(bucket).length >= eventIDs.length);
    await until(() => world.delivery.stats().pendingFiles === 0);
    expect(world.buckets.eventIDs(bucket).toSorted()).toEqual(eventIDs.toSorted());
  }
  const names = world.buckets.logFiles();
  const rows = await world.tables.selectFrom("log_files").selectAll().orderBy("file_id").execute();
  expect(rows.map(({ bucket, key }) => `${bucket}/${key}`).toSorted()).toEqual(names.toSorted());
  expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(["delivered"]));
  expect([...world.buckets.objects].filter(([, versions]) => versions.length > 1)).toEqual([]);
}

async function expectToldOnce(world: DeliveryWorld): Promise<void> {
  const told = await world.told();
  expect(told.filter((what) => !what.endsWith(".gz"))).toEqual(["a logs", "b logs", "a logs", "a does not log"]);
  expect(told.filter((what) => what.endsWith(".gz")).toSorted()).toEqual(world.buckets.logFiles().toSorted());
}

/** Every file stands in one manifest, once its hour is over. */
async function expectListed(world: DeliveryWorld): Promise<void> {
  world.clock.movedMs += HOUR_MS;
  await until(() => isDeepStrictEqual(world.buckets.listed().toSorted(), world.buckets.logFiles().toSorted()));
}

const LOSSES = ["not written", "written, reply lost"] as const;
const ENDS = ["crash", "goes on"] as const;
const CELLS = STEPS.flatMap((step) => LOSSES.flatMap((loss) => ENDS.map((end) => ({ step, loss, end }))));

describe("startDelivery()", () => {
  test.concurrent.each(CELLS)("$step $loss, $end: every record in one file, told once, listed once", async (cell) => {
    const { step, loss, end } = cell;
    const world = await DeliveryWorld.open();
    try {
      const { struck } = await world.start({ step, loss, crash: end === "crash" });
      const living = live(world);
      await struck;
      if (end === "crash") await world.restart();
      await expectAllOnce(world, await living);
      await expectToldOnce(world);
      await expectListed(world);
      expect(world.delivery.stats()).toMatchObject({ lagRecords: 0, pendingFiles: 0 });
    } finally {
      await world.close();
    }
  });
});
