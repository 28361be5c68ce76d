import { describe, expect, onTestFinished, test } from "vitest";
import { DeliveryWorld, testTrail } from "./testing.ts";

async function openWorld(...options: Parameters<typeof DeliveryWorld.open>): Promise<DeliveryWorld> {
  const world = await DeliveryWorld.open(...options);
  onTestFinished(() => world.close());
  return world;
}

async function delivered(world: DeliveryWorld, eventIDs: readonly string[]): Promise<void> {
  await expect.poll(() => world.buckets.eventIDs().toSorted(), { interval: 5 }).toEqual(eventIDs.toSorted());
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
    await delivered(world, [started, ...logged, stoppedBy]);
    expect(world.warnings).toEqual([]);
  });
});
