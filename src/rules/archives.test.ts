import type { Kysely } from "kysely";
import { describe, expect, test } from "vitest";
import type { Archive } from "./archive.ts";
import { startArchives } from "./archive-events.ts";
import { dropExpired } from "./archive-retention.ts";
import { archiveOf, deleteArchive, findArchive, putArchive } from "./archives.ts";
import type { RulesTables } from "./events.ts";
import type { BusEvent } from "./rule.ts";
import { BUS, busEvent, NOW, openRulesTables, PLACE, present, SetClock, silent } from "./tables.fixture.ts";

const DAY = 86_400;

function archiveNamed(name: string, changes: Partial<Archive> = {}): Archive {
  const arn = `arn:aws:events:${PLACE.region}:${PLACE.account}:archive/${name}`;
  return { arn, ...PLACE, name, busArn: BUS, retentionDays: 0, createdAt: NOW, ...changes };
}

async function open(...archives: Archive[]) {
  const { tables } = await openRulesTables();
  for (const archive of archives) await putArchive(tables, archive);
  const clock = new SetClock();
  const running = startArchives({ tables, clock, log: silent });
  await running.close();
  const send = async (...events: BusEvent[]): Promise<void> => {
    await tables.transaction().execute(async (transaction: Kysely<RulesTables>) => {
      for (const event of events) await running.archive(transaction, BUS, event);
    });
  };
  const held = async (name: string) => {
    const { events = -1, bytes = -1 } = (await findArchive(tables, PLACE, name)) ?? {};
    return { events, bytes };
  };
  return { tables, clock, running, send, held };
}

describe("startArchives()", () => {
  test("keeps what the pattern matches, and counts it", async () => {
    const pattern = '{"detail":{"env":["prod"]}}';
    const { send, held } = await open(archiveNamed("prod", { eventPattern: pattern }), archiveNamed("all"));
    const [test, prod] = [busEvent(1, { env: "test" }), busEvent(2, { env: "prod" })];
    await send(test, prod);
    expect(await held("prod")).toEqual({ events: 1, bytes: Buffer.byteLength(prod.text) });
    expect(await held("all")).toEqual({ events: 2, bytes: Buffer.byteLength(test.text + prod.text) });
  });

  test("keeps what the journal has as its sequence alone", async () => {
    const { send, tables } = await open(archiveNamed("all"));
    const [custom, recorded] = [busEvent(1), { ...busEvent(2, {}, 4711), readOnlyManagement: true }];
    await send(custom, recorded);
    const rows = await tables
      .selectFrom("event_archived")
      .select(["time_ms", "sequence", "event", "read_only"])
      .orderBy("archived_id")
      .execute();
    expect(rows).toEqual([
      { time_ms: NOW + 1000, sequence: null, event: custom.text, read_only: 0 },
      { time_ms: NOW + 2000, sequence: 4711, event: null, read_only: 1 },
    ]);
  });

  test("keeps what has no time by the clock", async () => {
    const { send, tables } = await open(archiveNamed("all"));
    const event = busEvent(1);
    await send({ ...event, envelope: { ...event.envelope, time: "yesterday" } });
    expect(await tables.selectFrom("event_archived").select("time_ms").execute()).toEqual([{ time_ms: NOW }]);
  });

  test("keeps nothing of a transaction that is rolled back", async () => {
    const { tables, running, held } = await open(archiveNamed("all"));
    const rolledBack = tables.transaction().execute(async (transaction: Kysely<RulesTables>) => {
      await running.archive(transaction, BUS, busEvent(1));
      throw new Error("disk full");
    });
    await expect(rolledBack).rejects.toThrow("disk full");
    expect(await held("all")).toEqual({ events: 0, bytes: 0 });
  });

  test("follows archives that are created, changed and deleted", async () => {
    const { tables, running, send, held } = await open();
    expect(running.wants(BUS)).toBe(true);
    await send(busEvent(1));
    expect(running.wants(BUS)).toBe(false);
    await putArchive(tables, archiveNamed("all"));
    running.changed();
    expect(running.wants(BUS)).toBe(true);
    await send(busEvent(2));
    await putArchive(tables, archiveNamed("all", { eventPattern: '{"source":["bank"]}' }));
    running.changed();
    await send(busEvent(3));
    expect(await held("all")).toMatchObject({ events: 1 });
    expect(running.wants("arn:aws:events:eu-central-1:123456789012:event-bus/other")).toBe(false);
  });

  test("reads archives again when the change it was told of was rolled back", async () => {
    const { tables, running, send, held } = await open(archiveNamed("all"));
    await send(busEvent(1));
    const rolledBack = tables.transaction().execute(async (transaction: Kysely<RulesTables>) => {
      const found = await findArchive(transaction, PLACE, "all");
      if (found !== undefined) await deleteArchive(transaction, found);
      running.changed();
      throw new Error("its record could not be kept");
    });
    await expect(rolledBack).rejects.toThrow("its record could not be kept");
    await send(busEvent(2));
    expect(await held("all")).toMatchObject({ events: 2 });
  });
});

describe("dropExpired()", () => {
  test("drops what is older than the retention, in steps, and counts it out", async () => {
    const { tables, clock, send, held } = await open(archiveNamed("week", { retentionDays: 7 }), archiveNamed("all"));
    await send(...Array.from({ length: 600 }, (_, index) => busEvent(index)), busEvent(3 * DAY));
    clock.ms += (8 * DAY + 1) * 1000;
    expect(await dropExpired({ tables, clock })).toBe(true);
    expect(await held("week")).toMatchObject({ events: 101 });
    expect(await dropExpired({ tables, clock })).toBe(false);
    expect(await held("week")).toEqual({ events: 1, bytes: Buffer.byteLength(busEvent(3 * DAY).text) });
    expect(await held("all")).toMatchObject({ events: 601 });
  });

  test("drops what a deleted archive held, and not what another of its name holds", async () => {
    const { tables, clock, running, send, held } = await open(archiveNamed("all"));
    await send(...Array.from({ length: 600 }, (_, index) => busEvent(index)));
    const found = await findArchive(tables, PLACE, "all");
    await deleteArchive(tables, present(found));
    await putArchive(tables, archiveNamed("all"));
    running.changed();
    await send(busEvent(1000));
    while (await dropExpired({ tables, clock })) continue;
    expect(await held("all")).toMatchObject({ events: 1 });
    expect(await tables.selectFrom("event_archived").select("time_ms").execute()).toHaveLength(1);
    expect(await tables.selectFrom("event_archives_deleted").selectAll().execute()).toEqual([]);
  });
});

describe("archiveOf()", () => {
  test("is the archive without what it holds", async () => {
    const { tables } = await open(archiveNamed("all"));
    const found = await findArchive(tables, PLACE, "all");
    expect(archiveOf(present(found))).toEqual(archiveNamed("all"));
  });
});
