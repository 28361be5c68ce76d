import { describe, expect, test } from "vitest";
import { Failure } from "../../core/index.ts";
import type { AuditRecord } from "../../record/index.ts";
import { SilenceWatch } from "./coverage-silence.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Time as it passes for one installation, through restarts. */
class World {
  now = Date.parse("2026-08-03T08:00:00Z");
  #started = this.now;
  saved: unknown;
  readonly records: AuditRecord[] = [];
  failing = false;
  watch!: SilenceWatch;

  static async start(): Promise<World> {
    const world = new World();
    await world.restart();
    return world;
  }

  async restart(): Promise<void> {
    this.#started = this.now;
    this.watch = await SilenceWatch.open({
      clock: { now: () => this.now, elapsed: () => this.now - this.#started },
      random: { bytes: (count) => new Uint8Array(count), uuid: () => `event-${this.records.length}` },
      state: {
        load: async () => structuredClone(this.saved),
        save: async (value) => {
          this.saved = JSON.parse(JSON.stringify(value)) as unknown;
        },
      },
      record: async (records) => {
        if (this.failing) throw new Failure("append");
        this.records.push(...records);
      },
      account: "123456789012",
      region: "us-east-1",
    });
  }

  /** Lets time pass, checking every minute. */
  async pass(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) {
      this.now = Math.min(end, this.now + MINUTE);
      await this.watch.check().catch((thrown: unknown) => {
        if (!this.failing) throw thrown;
      });
    }
  }

  /** `count` calls, one after each `gapMs`. */
  async calls(count: number, gapMs: number): Promise<void> {
    for (let call = 0; call < count; call++) {
      await this.pass(gapMs);
      this.watch.heard("route", "s3");
    }
  }

  get names(): readonly string[] {
    return this.records.map(({ eventName }) => eventName);
  }
}

describe("SilenceWatch", () => {
  test("tells of a silence longer than ten minutes once there is a habit, once, and of its end", async () => {
    const world = await World.start();
    await world.calls(60, 10_000);
    await world.pass(10 * MINUTE);
    expect(world.names).toEqual([]);
    await world.pass(3 * HOUR);
    expect(world.records).toMatchObject([
      {
        eventName: "SourceSilent",
        eventType: "AwsServiceEvent",
        eventSource: "opentrail.amazonaws.com",
        recipientAccountId: "123456789012",
        serviceEventDetails: { route: "s3", lastSeen: "2026-08-03T08:10:00Z", habitSeconds: 600 },
      },
    ]);
    expect(world.watch.habit("route", "s3")).toMatchObject({ silent: true });
    world.watch.heard("route", "s3");
    await world.pass(MINUTE);
    expect(world.records[1]).toMatchObject({
      eventName: "SourceHeardAgain",
      serviceEventDetails: { route: "s3", lastSeen: "2026-08-03T08:10:00Z" },
    });
  });

  test("waits eight times the longest pause of the last seven days", async () => {
    const world = await World.start();
    await world.calls(60, 5 * MINUTE);
    await world.pass(40 * MINUTE);
    expect(world.names).toEqual([]);
    await world.pass(2 * MINUTE);
    expect(world.names).toEqual(["SourceSilent"]);
  });

  test("learns from a pause, and forgets it after seven days", async () => {
    const world = await World.start();
    await world.calls(60, MINUTE);
    await world.pass(HOUR);
    await world.calls(60, MINUTE);
    expect(world.names).toEqual(["SourceSilent", "SourceHeardAgain"]);
    expect(world.watch.habit("route", "s3")?.habitMs).toBe(8 * (HOUR + MINUTE));
    for (let day = 0; day < 8; day++) {
      await world.calls(48, 30 * MINUTE);
    }
    expect(world.watch.habit("route", "s3")?.habitMs).toBe(4 * HOUR);
    expect(world.names).toHaveLength(2);
  });

  test("has no habit before fifty calls", async () => {
    const world = await World.start();
    await world.calls(49, 1000);
    await world.pass(2 * DAY);
    expect(world.names).toEqual([]);
    expect(world.watch.habit("route", "s3")?.habitMs).toBeUndefined();
  });

  test("takes the time that OpenTrail did not run for nobody's silence", async () => {
    const world = await World.start();
    await world.calls(60, 10_000);
    await world.pass(MINUTE);
    world.now += 5 * DAY;
    await world.restart();
    await world.pass(9 * MINUTE);
    world.watch.heard("route", "s3");
    await world.pass(MINUTE);
    expect(world.names).toEqual([]);
    expect(world.watch.habit("route", "s3")?.habitMs).toBe(10 * MINUTE);
    await world.pass(11 * MINUTE);
    expect(world.names).toEqual(["SourceSilent"]);
  });

  test("does not tell of the same silence again after a restart, but of its end", async () => {
    const world = await World.start();
    await world.calls(60, 10_000);
    await world.pass(HOUR);
    await world.restart();
    await world.pass(HOUR);
    expect(world.names).toEqual(["SourceSilent"]);
    world.watch.heard("route", "s3");
    await world.pass(MINUTE);
    expect(world.names).toEqual(["SourceSilent", "SourceHeardAgain"]);
  });

  test("tells later what could not be recorded, in order", async () => {
    const world = await World.start();
    await world.calls(60, 10_000);
    world.failing = true;
    await world.pass(HOUR);
    world.watch.heard("route", "s3");
    await world.pass(5 * MINUTE);
    world.failing = false;
    await world.pass(MINUTE);
    expect(world.names).toEqual(["SourceSilent", "SourceHeardAgain"]);
  });

  test("knows routes and sources of one name apart", async () => {
    const world = await World.start();
    await world.calls(60, 10_000);
    for (let minute = 0; minute < 60; minute++) {
      world.watch.heard("source", "s3");
      await world.pass(MINUTE);
    }
    expect(world.records).toMatchObject([{ serviceEventDetails: { route: "s3" } }]);
    expect(world.watch.habit("source", "s3")).toMatchObject({ silent: false });
  });

  test.each([[undefined], [7], [{ "route/s3": 1 }], [{ "route/s3": { calls: 9, lastSeenMs: 1, pauses: [[1], "x"] } }]])(
    "starts anew from a state of %j",
    async (saved) => {
      const world = new World();
      world.saved = saved;
      await world.restart();
      await world.calls(1, MINUTE);
      await world.pass(MINUTE);
      expect(world.names).toEqual([]);
    },
  );
});
