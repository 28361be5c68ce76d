import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Kysely, sql } from "kysely";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock, systemRandom } from "../core/index.ts";
import { identityMigrations } from "../identity/index.ts";
import { type Journal, type JournalOptions, openJournal } from "../journal/index.ts";
import type { AuditRecord } from "../record/index.ts";
import { DirectoryObjectStore, openTables, TablesFailure } from "../store/index.ts";
import type { ControlSchema } from "./control-schema.ts";
import { outboxMigrations } from "./outbox.ts";
import { EVENT_VERSION } from "../record/index.ts";
import { Recorder, RecordWaits } from "./recorder.ts";

const SQLITE_FULL = 13;
const log = pino({ level: "silent" });

interface Opened {
  readonly recorder: Recorder;
  readonly journal: Journal;
  readonly tables: Kysely<ControlSchema>;
  /** As after a crash: nothing is flushed or delivered; then opened again. */
  reopen(): Promise<Opened>;
}

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function open(faults: JournalOptions["faults"] = [], directory = newDirectory()): Promise<Opened> {
  const objects = new DirectoryObjectStore(join(directory, "objects"));
  const needs = { directory: join(directory, "journal"), objects, clock: systemClock, random: systemRandom, log };
  const journal = await openJournal(needs, { faults });
  const tables = await openTables<ControlSchema>(join(directory, "tables.db"), {
    ...identityMigrations,
    ...outboxMigrations,
  });
  const own = { account: "123456789012", region: "us-east-1" };
  const recorder = new Recorder({ journal, objects, tables, clock: systemClock, random: systemRandom, log, ...own });
  const close = async (): Promise<void> => {
    await journal.close();
    await tables.destroy();
  };
  cleanups.push(close);
  return {
    recorder,
    journal,
    tables,
    reopen: async () => {
      cleanups.splice(cleanups.indexOf(close), 1);
      await close();
      return await open([], directory);
    },
  };
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-recorder-"));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function record(eventName: string): AuditRecord {
  return {
    eventVersion: EVENT_VERSION,
    userIdentity: { type: "Unknown" },
    eventTime: "2026-08-01T12:00:00Z",
    eventSource: "iam.amazonaws.com",
    eventName,
    awsRegion: "us-east-1",
    sourceIPAddress: "127.0.0.1",
    eventID: systemRandom.uuid(),
    eventType: "AwsApiCall",
  };
}

/** A change that is told by one record. */
function change(eventName: string): Parameters<Recorder["commit"]>[0] {
  return async (tables) => {
    const alias = { account_id: eventName, alias: null, created_at: 0 };
    await tables.insertInto("accounts").values(alias).execute();
    return { answer: eventName, records: [record(eventName)] };
  };
}

async function changesOf({ tables }: Opened): Promise<readonly string[]> {
  const rows = await tables.selectFrom("accounts").select("account_id").execute();
  return rows.map((row) => row.account_id);
}

async function recordsOf({ journal }: Opened): Promise<readonly { eventName: string; [member: string]: unknown }[]> {
  const entries = await journal.read(0);
  return entries.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()) as { eventName: string });
}

async function namesOf(opened: Opened): Promise<readonly string[]> {
  return (await recordsOf(opened)).map(({ eventName }) => eventName);
}

describe("commit()", () => {
  test.each(["not written", "written, reply lost"] as const)(
    "and a crash, the record %s: it is there after the next start, once",
    async (loss) => {
      const opened = await open([{ step: "records", loss }]);
      await expect(opened.recorder.commit(change("CreateUser"))).rejects.toThrow(RecordWaits);
      const reopened = await opened.reopen();
      await reopened.recorder.recover();
      expect(await changesOf(reopened)).toEqual(["CreateUser"]);
      expect(await namesOf(reopened)).toEqual(["CreateUser"]);
    },
  );

  test("says that the change was made when the journal is full, and brings the record as soon as it can", async () => {
    const opened = await open([{ step: "records", loss: "not written", errcode: SQLITE_FULL, times: 1 }]);
    await opened.recorder.recover();
    await expect(opened.recorder.commit(change("CreateUser"))).rejects.toThrow(RecordWaits);
    await expect.poll(() => opened.journal.health.writable, { timeout: 5_000 }).toBe(true);
    await opened.recorder.recover();
    expect(await changesOf(opened)).toEqual(["CreateUser"]);
    expect(await namesOf(opened)).toEqual(["CreateUser"]);
    expect(await opened.tables.selectFrom("outbox").selectAll().execute()).toEqual([]);
  });

  test("and a crash before the outbox is swept: the record is there once", async () => {
    const opened = await open();
    expect(await opened.recorder.commit(change("CreateUser"))).toBe("CreateUser");
    const reopened = await opened.reopen();
    expect(await reopened.tables.selectFrom("outbox").selectAll().execute()).toHaveLength(1);
    await reopened.recorder.recover();
    expect(await namesOf(reopened)).toEqual(["CreateUser"]);
  });

  test("undoes the change, and records nothing, when it is refused half-way", async () => {
    const opened = await open();
    const refused = opened.recorder.commit(async (tables) => {
      await change("CreateUser")(tables);
      throw new Error("no");
    });
    await expect(refused).rejects.toThrow("no");
    expect(await changesOf(opened)).toEqual([]);
    expect(await namesOf(opened)).toEqual([]);
    expect(opened.recorder.tablesProblem).toBeUndefined();
  });

  test("changes and records nothing when the tables are full, says so, and notices when they are not", async () => {
    const opened = await open();
    const pages = await pragma(opened.tables, "page_count");
    await pragma(opened.tables, `max_page_count=${String(pages)}`);
    const large = opened.recorder.commit(async (tables) => {
      const { answer } = await change("CreateUser")(tables);
      return { answer, records: [{ ...record("CreateUser"), requestParameters: "x".repeat(90_000) }] };
    });
    await expect(large).rejects.toThrow(TablesFailure);
    expect(opened.recorder.tablesProblem).toMatch(/tables\.db: database or disk is full/);
    expect(await changesOf(opened)).toEqual([]);
    expect(await namesOf(opened)).toEqual([]);
    await opened.recorder.recover();
    expect(opened.recorder.tablesProblem).toBeUndefined();
  });
});

test("recordOrCount() counts each call that the journal refuses, and the log tells how many as soon as it can", async () => {
  const opened = await open([{ step: "records", loss: "not written", errcode: SQLITE_FULL, times: 1 }]);
  for (let calls = 0; calls < 3; calls++) await opened.recorder.recordOrCount([record("ListUsers")]);
  expect(opened.recorder.lost).toBe(3);
  await expect.poll(() => opened.journal.health.writable, { timeout: 5_000 }).toBe(true);
  await opened.recorder.recover();
  expect(opened.recorder.lost).toBe(0);
  expect(await recordsOf(opened)).toMatchObject([
    {
      eventName: "CallsNotRecorded",
      serviceEventDetails: { calls: 3, reason: "append 1 records: records not written" },
    },
  ]);
});

test("countLost() adds up per route; the log tells of each route once it takes records", async () => {
  const opened = await open();
  for (const route of ["queues", "tables", "queues"])
    opened.recorder.countLost({ route, calls: 2, why: `${route} full` });
  opened.recorder.countLost({ calls: 1, why: "disk full" });
  expect(opened.recorder.lost).toBe(7);
  await opened.recorder.append([]);
  expect(opened.recorder.lost).toBe(0);
  const details = (await recordsOf(opened)).map((each) => (each as Partial<AuditRecord>).serviceEventDetails);
  expect(details).toMatchObject([
    { route: "queues", calls: 4, reason: "queues full" },
    { route: "tables", calls: 2, reason: "tables full" },
    { calls: 1, reason: "disk full" },
  ]);
});

async function pragma(tables: Kysely<ControlSchema>, text: string): Promise<unknown> {
  const { rows } = await sql.raw(`pragma ${text}`).execute(tables);
  return Object.values(rows[0] ?? {})[0];
}
