import { hash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Random } from "../core/index.ts";
import type { Journal, JournalRecord } from "./journal.ts";
import { leafHash } from "./segment/index.ts";
import { countingRandom, openTestJournal, range, readAll, SEALED, temporaryDirectory, testRecords } from "./testing.ts";

/** 48 records, of which every fifth is ten times as long as a segment may be before it is closed. */
const RECORDS: readonly JournalRecord[] = range(0, 48).map((number) => largeRecord(number, number % 5 === 4));
const OPTIONS = { segmentRecords: 16, segmentBytes: 3000 };
/** Up to where the ranges of RECORDS are full; nothing is left over. */
const ENDS = [5, 10, 15, 16, 20, 25, 30, 32, 35, 40, 45, 48];
let directory: string;
let journals: Journal[] = [];

beforeEach(async () => {
  directory = await temporaryDirectory();
});

afterEach(async () => {
  for (const journal of journals.splice(0)) await journal.close();
  rmSync(directory, { recursive: true });
});

function largeRecord(number: number, isLarge: boolean): JournalRecord {
  const eventID = `event-${number}`;
  return { eventID, bytes: Buffer.from(JSON.stringify({ eventID, text: "x".repeat(isLarge ? 30_000 : 100) })) };
}

/** Salts that are the same whenever they are made. */
const random: Random = { ...countingRandom(), bytes: (count) => new Uint8Array(count).fill(7) };

async function open(place: string, options: Parameters<typeof openTestJournal>[1] = {}): Promise<Journal> {
  const journal = await openTestJournal(join(directory, place), { ...OPTIONS, ...options });
  journals.push(journal);
  return journal;
}

async function close(journal: Journal): Promise<void> {
  journals = journals.filter((each) => each !== journal);
  await journal.close();
}

async function sealedTo(journal: Journal, end: number): Promise<void> {
  await vi.waitFor(() => expect(journal.stats().sealedEnd).toBe(end), SEALED);
}

function endsOf(journal: Journal): readonly number[] {
  return journal.segments.map(({ first, count }) => first + count);
}

async function expectRecords(journal: Journal, records: readonly JournalRecord[]): Promise<void> {
  const stored = await readAll(journal);
  expect(stored.map(({ bytes }) => Buffer.from(bytes))).toEqual(records.map(({ bytes }) => bytes));
}

/** What the files of the segments hash to. */
function objectsOf(place: string, journal: Journal): readonly string[] {
  return journal.segments.map(({ key }) => hash("sha256", readFileSync(join(directory, place, "objects", key))));
}

/** The same of a journal that got RECORDS at once. */
let unbroken: readonly string[] | undefined;
async function unbrokenObjects(): Promise<readonly string[]> {
  if (unbroken !== undefined) return unbroken;
  const journal = await open("unbroken", { random });
  await journal.append(RECORDS);
  await sealedTo(journal, 48);
  return (unbroken = objectsOf("unbroken", journal));
}

describe("segments of large records", () => {
  test("end where they reach segmentBytes, and hold the records, with a salt of their own each", async () => {
    const journal = await open("a");
    await journal.append(RECORDS);
    await sealedTo(journal, 48);
    expect(endsOf(journal)).toEqual(ENDS);
    await expectRecords(journal, RECORDS);
    await journal.verify();
    for (const segment of journal.segments) {
      await segment.verify();
      const leaf = Buffer.from(await segment.leaf(0));
      expect(leaf).toEqual(leafHash(segment.salt, segment.first, RECORDS[segment.first]?.bytes ?? Buffer.alloc(0)));
    }
    expect(new Set(journal.segments.map(({ salt }) => Buffer.from(salt).toString("hex"))).size).toBe(ENDS.length);
  });

  test("are the same bytes however the records came, and over restarts", async () => {
    let restarted = await open("restarted", { random });
    for (let from = 0; from < RECORDS.length; from += 7) {
      await restarted.append(RECORDS.slice(from, from + 7));
      if (from % 3 !== 0) continue;
      await close(restarted);
      restarted = await open("restarted", { random });
    }
    await sealedTo(restarted, 48);
    expect(endsOf(restarted)).toEqual(ENDS);
    expect(objectsOf("restarted", restarted)).toEqual(await unbrokenObjects());
  });

  test.each(
    (["segment", "catalogue"] as const).flatMap((step) =>
      (["not written", "written, reply lost"] as const).map((loss) => [step, loss] as const),
    ),
  )("are the same after a crash at the %s write, %s", async (step, loss) => {
    const broken = await open("broken", { random, faults: [{ step, loss }] });
    await broken.append(RECORDS.slice(0, 30));
    await vi.waitFor(() => expect(broken.health.problem).toContain(step), SEALED);
    await close(broken);
    const journal = await open("broken", { random });
    await journal.append(RECORDS);
    await sealedTo(journal, 48);
    expect(objectsOf("broken", journal)).toEqual(await unbrokenObjects());
    await expectRecords(journal, RECORDS);
  });

  test("known records are told by their sequences, sealed or not", async () => {
    const journal = await open("a");
    await journal.append(RECORDS.slice(0, 33));
    await sealedTo(journal, 32);
    expect(await journal.append(RECORDS.slice(3, 37))).toEqual(range(3, 34));
  });
});

describe("a journal from before segmentBytes", () => {
  async function older(records: readonly JournalRecord[]): Promise<void> {
    const journal = await open("older", { segmentBytes: 2 ** 40 });
    await journal.append(records);
    await sealedTo(journal, records.length - (records.length % 16));
    await close(journal);
    const database = new DatabaseSync(join(directory, "older", "journal", "tail.db"));
    database.exec("delete from settings where name like 'segment bytes%' or name like '% check'");
    database.close();
  }

  test("keeps the ranges that it has begun, and cuts those after them", async () => {
    await older(RECORDS.slice(0, 20));
    const journal = await open("older");
    await journal.append(RECORDS.slice(20));
    await sealedTo(journal, 48);
    expect(endsOf(journal)).toEqual([16, 32, ...ENDS.filter((end) => end > 32)]);
    await close(journal);
    const again = await open("older");
    await expectRecords(again, RECORDS);
    expect(endsOf(again)).toEqual([16, 32, ...ENDS.filter((end) => end > 32)]);
  });

  test("that ends with a full range cuts the next", async () => {
    await older(RECORDS.slice(0, 16));
    const journal = await open("older");
    await journal.append(RECORDS.slice(16));
    await sealedTo(journal, 48);
    expect(endsOf(journal)).toEqual(ENDS.filter((end) => end >= 16));
  });
});

test("openJournal() keeps the rules that the journal was made with, whatever is told later", async () => {
  const journal = await open("a");
  await journal.append(RECORDS.slice(0, 30));
  await close(journal);
  const other = await open("a", { segmentRecords: 8, segmentBytes: 2 ** 30 });
  await other.append(RECORDS.slice(30));
  await sealedTo(other, 48);
  expect(endsOf(other)).toEqual(ENDS);
});

test("openJournal() refuses rules that were damaged", async () => {
  const journal = await open("a");
  await journal.append(testRecords(0, 3));
  await close(journal);
  const database = new DatabaseSync(join(directory, "a", "journal", "tail.db"));
  database.exec("update settings set value = value + 1 where name = 'segment records'");
  database.close();
  await expect(open("a")).rejects.toThrow("the rules of its ranges are damaged");
});
