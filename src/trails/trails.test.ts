import { describe, expect, test } from "vitest";
import { ACCOUNT, openTrailTables, trailNamed } from "./open-trails.fixture.ts";
import type { Selectors } from "./trail.ts";
import { openTrailCache } from "./trail-cache.ts";
import { readTrailStatus } from "./trail-status.ts";
import * as trails from "./trails.ts";

const SELECTORS: Selectors = {
  kind: "advanced",
  custom: true,
  selectors: [{ FieldSelectors: [{ Field: "eventCategory", Equals: ["Data"] }] }],
};
const EVENT = {
  eventCategory: "Management",
  awsRegion: "us-east-1",
  recipientAccountId: ACCOUNT,
};
const at = (now: number) => ({ requestId: `request ${now}`, now });

describe("each change of a trail", () => {
  test("is noted under its request, with the trail as it is after it", async () => {
    const tables = await openTrailTables();
    const made = await trails.createTrail(tables, trailNamed("one"), at(1));
    const started = await trails.startLogging(tables, made, at(2));
    const updated = await trails.updateTrail(tables, started, { ...made.settings, bucket: "other" }, at(3));
    const selecting = await trails.putSelectors(tables, updated, SELECTORS, at(4));
    const insights = await trails.putInsightSelectors(
      tables,
      selecting,
      [{ InsightType: "ApiCallRateInsight" }],
      at(5),
    );
    const stopped = await trails.stopLogging(tables, insights, at(6));
    expect(await trails.findTrail(tables, made.arn)).toEqual({
      ...trailNamed("one", { bucket: "other" }),
      createdAt: 1,
      logging: false,
      startedAt: 2,
      stoppedAt: 6,
      selectors: SELECTORS,
      insightSelectors: [{ InsightType: "ApiCallRateInsight" }],
    });
    await trails.deleteTrail(tables, stopped, at(7));
    expect(await trails.findTrail(tables, made.arn)).toBeUndefined();

    const changes = await tables.selectFrom("trail_changes").selectAll().orderBy("position").execute();
    expect(
      changes.map((row) => ({ ...row, trail: row.trail === null ? null : (JSON.parse(row.trail) as object) })),
    ).toEqual(
      [
        ["create", made],
        ["start", started],
        ["update", updated],
        ["selectors", selecting],
        ["insights", insights],
        ["stop", stopped],
        ["delete", null],
      ].map(([kind, trail], index) => ({
        request_id: `request ${index + 1}`,
        position: index + 1,
        trail_id: made.id,
        kind,
        trail,
      })),
    );
  });
});

describe("listTrails()", () => {
  test("gives all accounts' trails, by name", async () => {
    const tables = await openTrailTables();
    for (const [index, name] of ["bbb", "aaa", "ccc"].entries()) {
      await trails.createTrail(tables, trailNamed(name), at(index));
    }
    expect((await trails.listTrails(tables)).map(({ name }) => name)).toEqual(["aaa", "bbb", "ccc"]);
  });
});

describe("openTrailCache()", () => {
  test("wants what a logging trail wants, once it is told of a change", async () => {
    const tables = await openTrailTables();
    const made = await trails.createTrail(tables, trailNamed("one"), at(1));
    const cache = await openTrailCache(tables);
    expect(cache.wants(EVENT)).toBe(false);
    const started = await trails.startLogging(tables, made, at(2));
    expect(cache.wants(EVENT)).toBe(false);
    await cache.invalidate();
    expect(cache.wants(EVENT)).toBe(true);
    expect(cache.wants({ ...EVENT, awsRegion: "eu-west-1" })).toBe(false);
    await trails.deleteTrail(tables, started, at(3));
    await cache.invalidate();
    expect(cache.wants(EVENT)).toBe(false);
  });

  test("sees what a transaction commits that told it before", async () => {
    const tables = await openTrailTables();
    const made = await trails.createTrail(tables, trailNamed("one"), at(1));
    const cache = await openTrailCache(tables);
    let told = Promise.resolve();
    await tables.transaction().execute(async (transaction) => {
      told = cache.invalidate();
      await trails.startLogging(transaction, made, at(2));
    });
    await told;
    expect(cache.wants(EVENT)).toBe(true);
  });

  test("keeps what it knew while the tables cannot be read", async () => {
    const tables = await openTrailTables();
    await trails.startLogging(tables, await trails.createTrail(tables, trailNamed("one"), at(1)), at(2));
    const cache = await openTrailCache(tables);
    await tables.schema.alterTable("trails").renameTo("elsewhere").execute();
    await expect(cache.invalidate()).rejects.toThrow("no such table");
    expect(cache.wants(EVENT)).toBe(true);
    await tables.schema.alterTable("elsewhere").renameTo("trails").execute();
    await tables.deleteFrom("trails").execute();
    await cache.invalidate();
    expect(cache.wants(EVENT)).toBe(false);
  });
});

describe("readTrailStatus()", () => {
  test("tells the latest of all accounts, and an error as long as any has one", async () => {
    const tables = await openTrailTables();
    const shard = (account: string, region: string, status: object) =>
      tables
        .insertInto("delivery_shards")
        .values({
          trail_id: "t",
          account_id: account,
          region,
          planned: 0,
          files: 0,
          last_stamp: 0,
          manifests: 0,
          status: JSON.stringify(status),
        })
        .execute();
    expect(await readTrailStatus(tables, "t", "us-east-1")).toEqual({});
    await shard("1", "us-east-1", {
      latestDeliveryMs: 5,
      latestAttemptMs: 9,
      latestSuccessMs: 5,
      latestError: "SlowDown",
    });
    await shard("2", "us-east-1", { latestDeliveryMs: 7, latestAttemptMs: 7, latestSuccessMs: 7 });
    await shard("3", "us-east-1", { latestAttemptMs: 8, latestError: "AccessDenied" });
    await shard("1", "eu-west-1", { latestAttemptMs: 99, latestError: "NoSuchBucket" });
    expect(await readTrailStatus(tables, "t", "us-east-1")).toEqual({
      latestDeliveryMs: 7,
      latestAttemptMs: 9,
      latestSuccessMs: 7,
      latestError: "SlowDown",
    });
  });
});
