import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemRandom } from "../../core/index.ts";
import { wantsForTrail } from "../selectors/index.ts";
import type { Trail } from "../trail.ts";
import { Planner, type PlannerOptions } from "./planner.ts";
import { unpackSequences } from "./sequences.ts";
import { DeliveryWorld, REGION, testTrail } from "./testing.ts";

/** What happens, one after the other. */
type Happening =
  | { readonly kind: "records"; readonly count: number; readonly region: string }
  | { readonly kind: "change"; readonly trail: number; readonly to: keyof typeof CHANGES }
  | { readonly kind: "read" }
  | { readonly kind: "slot ends" }
  /** Nothing that is in memory survives. */
  | { readonly kind: "crash" };

const CHANGES = {
  start: (trail: Trail): Trail => ({ ...trail, logging: true }),
  stop: (trail: Trail): Trail => ({ ...trail, logging: false }),
  move: (trail: Trail): Trail => ({ ...trail, settings: { ...trail.settings, bucket: `${trail.settings.bucket}+` } }),
  narrow: (trail: Trail): Trail => ({ ...trail, settings: { ...trail.settings, multiRegion: false } }),
  delete: (): null => null,
};

const HAPPENINGS = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("records" as const),
        count: fc.integer({ min: 1, max: 4 }),
        region: fc.constantFrom(REGION, "eu-west-1"),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("change" as const),
        trail: fc.nat(1),
        to: fc.constantFrom(
          "start" as const,
          "start" as const,
          "stop" as const,
          "move" as const,
          "narrow" as const,
          "delete" as const,
        ),
      }),
    },
    { weight: 2, arbitrary: fc.constantFrom(...(["read", "slot ends", "crash"] as const).map((kind) => ({ kind }))) },
  ),
  { minLength: 5, maxLength: 30, size: "max" },
);

const INTERVAL_MS = 60_000;

describe("Planner", () => {
  let world: DeliveryWorld;
  beforeAll(async () => {
    world = await DeliveryWorld.open();
  });
  afterAll(() => world.close());

  test.each([
    ["with room", { fileBytesMax: 1e6, heldBytesMax: 1e6 }],
    ["with files of a few records", { fileBytesMax: 1200, heldBytesMax: 1e6 }],
    ["with memory for a few records", { fileBytesMax: 1e6, heldBytesMax: 1500 }],
  ])("decides for each trail what a naive reader would, each record once, whatever crashes: %s", async (_, bounds) => {
    await fc.assert(
      fc.asyncProperty(HAPPENINGS, async (happenings) => {
        await world.clear();
        const expected = await play(world, happenings, { intervalMs: INTERVAL_MS, ...bounds });
        expect((await decided(world)).toSorted()).toEqual(expected.toSorted());
      }),
      { numRuns: 25 },
    );
  });
});

/** Plays it all, and answers what must be decided: `bucket region sequence`. */
async function play(
  world: DeliveryWorld,
  happenings: readonly Happening[],
  options: PlannerOptions,
): Promise<readonly string[]> {
  const clock = { nowMs: 1e12, now: () => clock.nowMs, elapsed: () => 0 };
  const open = (): Promise<Planner> =>
    Planner.open(
      {
        journal: world.journal,
        tables: world.tables,
        clock,
        random: systemRandom,
        listener: { trailChanged: async () => undefined, fileDelivered: async () => undefined },
        wantsForTrail,
        onDecided: async () => undefined,
      },
      options,
    );
  const expected: string[] = [];
  const trails: (Trail | null)[] = [testTrail("a", {}, false), testTrail("b", {}, false)];
  const expectFrom = (index: number, region: string): void => {
    const trail = trails[index];
    if (!trail?.logging || (!trail.settings.multiRegion && region !== REGION)) return;
    expected.push(`${trail.settings.bucket} ${region} ${world.journal.head}`);
  };
  let planner = await open();
  for (const happening of [...happenings, { kind: "slot ends" } as const]) {
    if (happening.kind === "records") {
      for (let count = 0; count < happening.count; count++) {
        for (const index of trails.keys()) expectFrom(index, happening.region);
        world.happen(1, { awsRegion: happening.region });
      }
    } else if (happening.kind === "change") {
      const { trail: index, to } = happening;
      const before = trails[index];
      if (before === null || before === undefined) continue;
      const after = CHANGES[to](before);
      const ends = before.logging && !after?.logging;
      if (ends) expectFrom(index, REGION);
      trails[index] = after;
      for (const other of trails.keys()) if (other !== index || !ends) expectFrom(other, REGION);
      await world.change(after, before.id);
    } else {
      if (happening.kind !== "crash") while (await planner.step());
      if (happening.kind === "slot ends") {
        clock.nowMs += INTERVAL_MS;
        await planner.step();
      }
      if (happening.kind === "crash") planner = await open();
    }
  }
  return expected;
}

async function decided(world: DeliveryWorld): Promise<readonly string[]> {
  const rows = await world.tables.selectFrom("log_files").selectAll().execute();
  return rows.flatMap(({ bucket, region, sequences }) =>
    unpackSequences(sequences).flatMap(({ first, count }) =>
      Array.from({ length: count }, (_, at) => `${bucket} ${region} ${first + at}`),
    ),
  );
}
