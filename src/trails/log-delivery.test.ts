import type { Kysely } from "kysely";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Refusal, systemClock, systemRandom } from "../core/index.ts";
import type { JournalEntry } from "../journal/index.ts";
import { type LogDeliveryNeeds, type LoggedRecord, startLogDelivery } from "./log-delivery.ts";
import { noteNotification, notificationMessage } from "./notifications.ts";
import { openTrailTables, trailNamed } from "./open-trails.fixture.ts";
import type { TrailsSchema } from "./schema.ts";
import { wantsForTrail } from "./selectors/index.ts";
import type { Trail } from "./trail.ts";
import { readReportStatus } from "./trail-status.ts";
import { createTrail, deleteTrail, startLogging, stopLogging } from "./trails.ts";

const GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:trail";
const NOW = Date.UTC(2026, 10, 20, 12);

/** A journal in memory, of which the delivery asks no more than this. */
class Records {
  readonly entries: JournalEntry[] = [];
  readonly #listeners = new Set<() => void>();

  get head(): number {
    return this.entries.length;
  }

  add(eventName: string, more: Readonly<Record<string, unknown>> = {}): void {
    const record = {
      eventVersion: "1.11",
      eventTime: "2026-11-20T12:00:00Z",
      eventSource: "iam.amazonaws.com",
      eventName,
      awsRegion: "us-east-1",
      readOnly: false,
      managementEvent: true,
      eventCategory: "Management",
      recipientAccountId: "123456789012",
      ...more,
    };
    this.entries.push({ sequence: this.head, bytes: Buffer.from(JSON.stringify(record)) });
    for (const listener of this.#listeners) listener();
  }

  read = async (from: number, limit = 1_000): Promise<readonly JournalEntry[]> =>
    this.entries.slice(from, from + limit);

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

interface Bench {
  readonly tables: Kysely<TrailsSchema>;
  readonly journal: Records;
  readonly trail: Trail;
  /** Names of the events that arrived, by stream. */
  readonly arrived: () => Readonly<Record<string, readonly string[]>>;
  readonly start: (put?: LogDeliveryNeeds["put"]) => ReturnType<typeof startLogDelivery>;
}

async function bench(): Promise<Bench> {
  const tables = await openTrailTables();
  const journal = new Records();
  const made = await createTrail(tables, trailNamed("audit", { logGroupArn: GROUP }), { requestId: "1", now: NOW });
  const trail = await startLogging(tables, made, { requestId: "2", now: NOW });
  const lines: { readonly stream: string; readonly event: LoggedRecord }[] = [];
  return {
    tables,
    journal,
    trail,
    arrived: () => {
      const names: Record<string, string[]> = {};
      for (const { stream, event } of lines) {
        names[stream] = [...(names[stream] ?? []), (JSON.parse(event.message) as { eventName: string }).eventName];
      }
      return names;
    },
    start: async (put) => {
      const needs: LogDeliveryNeeds = {
        journal: journal as never,
        tables,
        clock: { now: () => NOW, elapsed: () => systemClock.elapsed() },
        random: systemRandom,
        log: { info: () => undefined, warn: () => undefined },
        wantsForTrail: (asked) => wantsForTrail(asked),
        put:
          put ??
          (async (group, stream, events) => {
            lines.push(...events.map((event) => ({ stream: group === GROUP ? stream : group, event })));
          }),
      };
      const delivery = await startLogDelivery(needs, { firstMs: 5, maxMs: 20 });
      onTestFinished(() => delivery.close());
      return delivery;
    },
  };
}

const STREAM = "123456789012_CloudTrail_us-east-1";

describe("startLogDelivery()", () => {
  test("puts what the trail wants into its stream, and nothing of before", async () => {
    const { journal, arrived, start } = await bench();
    journal.add("Before");
    await start();
    journal.add("CreateUser");
    journal.add("GetObject", { managementEvent: false, eventCategory: "Data", eventSource: "s3.amazonaws.com" });
    journal.add("DeleteUser");
    await vi.waitFor(() => expect(arrived()).toEqual({ [STREAM]: ["CreateUser", "DeleteUser"] }));
  });

  test("goes on where it was after a restart", async () => {
    const { journal, arrived, start } = await bench();
    const first = await start();
    journal.add("One");
    await vi.waitFor(() => expect(arrived()).toEqual({ [STREAM]: ["One"] }));
    await first.close();
    journal.add("Two");
    await start();
    await vi.waitFor(() => expect(arrived()).toEqual({ [STREAM]: ["One", "Two"] }));
  });

  test("leaves out records of more than 256 KB", async () => {
    const { journal, arrived, start } = await bench();
    await start();
    journal.add("Large", { responseElements: "x".repeat(256 * 1024) });
    journal.add("Small");
    await vi.waitFor(() => expect(arrived()).toEqual({ [STREAM]: ["Small"] }));
  });

  test("tries again while the group is not there, tells so in the trail's status, and loses nothing", async () => {
    const { tables, journal, trail, start } = await bench();
    let there = false;
    const got: string[] = [];
    await start(async (_, __, events) => {
      if (!there) throw new Refusal("ResourceNotFoundException", "The specified log group does not exist.");
      got.push(...events.map(({ message }) => (JSON.parse(message) as { eventName: string }).eventName));
    });
    journal.add("CreateUser");
    const missing = "ResourceNotFoundException: The specified log group does not exist.";
    await vi.waitFor(async () => expect((await readReportStatus(tables, trail.id)).latestLogsError).toBe(missing));
    there = true;
    await vi.waitFor(() => expect(got).toEqual(["CreateUser"]));
    await vi.waitFor(async () => expect(await readReportStatus(tables, trail.id)).toEqual({ latestLogsMs: NOW }));
  });

  test("ends with what was recorded when the trail was stopped, and begins anew when it is started", async () => {
    const { tables, journal, trail, arrived, start } = await bench();
    const delivery = await start();
    journal.add("While");
    journal.add("StopLogging");
    const stopped = await stopLogging(tables, trail, { requestId: "3", now: NOW });
    delivery.trailsChanged();
    await vi.waitFor(async () => expect(await tables.selectFrom("trail_logs").selectAll().execute()).toEqual([]));
    journal.add("Unseen");
    await startLogging(tables, stopped, { requestId: "4", now: NOW });
    delivery.trailsChanged();
    await vi.waitFor(async () => expect(await tables.selectFrom("trail_logs").selectAll().execute()).toHaveLength(1));
    journal.add("Again");
    await vi.waitFor(() => expect(arrived()).toEqual({ [STREAM]: ["While", "StopLogging", "Again"] }));
  });

  test("names the stream after the organization and the account whose event it is", async () => {
    const { tables, journal, start, trail } = await bench();
    await deleteTrail(tables, trail, { requestId: "3", now: NOW });
    const settings = { logGroupArn: GROUP, organization: true, multiRegion: true };
    const made = await createTrail(tables, trailNamed("all", settings), { requestId: "4", now: NOW });
    await startLogging(tables, made, { requestId: "5", now: NOW });
    const streams: string[] = [];
    const needs = await start(async (_, stream) => void streams.push(stream));
    await needs.close();
    const delivery = await startLogDelivery(
      {
        journal: journal as never,
        tables,
        clock: systemClock,
        random: systemRandom,
        log: { info: () => undefined, warn: () => undefined },
        organization: { id: "o-exampleorgid" },
        wantsForTrail: (asked) => wantsForTrail(asked, ["123456789012", "210987654321"]),
        put: async (_, stream) => void streams.push(stream),
      },
      { firstMs: 5, maxMs: 20 },
    );
    onTestFinished(() => delivery.close());
    journal.add("CreateUser", { recipientAccountId: "210987654321", awsRegion: "eu-west-1" });
    await vi.waitFor(() => expect(streams).toEqual(["o-exampleorgid_210987654321_CloudTrail_us-east-1"]));
  });
});

describe("noteNotification()", () => {
  test("keeps the latest attempt, and the latest that went well", async () => {
    const { tables, trail } = await bench();
    await noteNotification(tables, { trailArn: trail.arn, at: 1_000 });
    await noteNotification(tables, { trailArn: trail.arn, at: 2_000, error: "AuthorizationError" });
    expect(await readReportStatus(tables, trail.id)).toEqual({
      latestNotificationMs: 1_000,
      latestNotificationAttemptMs: 2_000,
      latestNotificationError: "AuthorizationError",
    });
  });
});

describe("notificationMessage()", () => {
  test("has AWS's form", () => {
    expect(notificationMessage("logs", ["a/b.json.gz"])).toBe('{"s3Bucket":"logs","s3ObjectKey":["a/b.json.gz"]}');
  });
});
