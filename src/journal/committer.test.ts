import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure, reason } from "../core/index.ts";
import { Committer } from "./committer.ts";
import type { JournalRecord } from "./journal.ts";
import type { CommitAnswer } from "./messages.ts";
import { packedBytes, packRecords } from "./packed-records.ts";
import { DatabaseSync } from "node:sqlite";
import { loadRow, storeRow } from "./tail-row.ts";
import { TailReader } from "./tail-reader.ts";
import { range, temporaryDirectory, testRecords } from "./testing.ts";

const SEGMENT_RECORDS = 1000;
let directory: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
});

afterEach(() => rmSync(directory, { recursive: true }));

function open(path: string): Committer {
  return new Committer({
    path,
    segmentRecords: SEGMENT_RECORDS,
    segmentBytes: 2 ** 40,
    tailBytesMax: 2 ** 30,
    faults: [],
  });
}

function append(committer: Committer, records: readonly JournalRecord[]): CommitAnswer {
  const { idsBytes, recordsBytes } = packedBytes(records);
  const salts = [0, SEGMENT_RECORDS].map((first) => [first, new Uint8Array(32).fill(1)] as const);
  return committer.commit({
    salts: salts.filter(([first]) => !committer.opened.salted.includes(first)),
    cursors: [["reader", records.length]],
    records: packRecords([records], records.length, idsBytes, recordsBytes),
  });
}

function readIds(path: string, head: number): readonly string[] {
  const reader = new TailReader(path);
  const ids: string[] = [];
  while (ids.length < head) {
    for (const { bytes } of reader.read(ids.length, head)) {
      ids.push((JSON.parse(Buffer.from(bytes).toString()) as { eventID: string }).eventID);
    }
  }
  reader.close();
  return ids;
}

const ids = (count: number): string[] => range(0, count).map((number) => `event-${number}`);

/** What the disk holds when the machine goes off, nothing closed, after commits of these many records. */
function powerCut(...counts: readonly number[]): {
  readonly database: Buffer;
  readonly wal: Buffer;
  readonly walBytes: number[];
} {
  const path = join(directory, "running.db");
  const committer = open(path);
  const walBytes: number[] = [];
  let from = 0;
  for (const count of counts) {
    expect(append(committer, testRecords(from, count))).toMatchObject({ kind: "committed", first: from });
    from += count;
    walBytes.push(readFileSync(`${path}-wal`).length);
  }
  const found = { database: readFileSync(path), wal: readFileSync(`${path}-wal`), walBytes };
  committer.close();
  return found;
}

/** A place of its own with these two files. */
let places = 0;
function place(database: Uint8Array, wal?: Uint8Array): string {
  const folder = join(directory, String(places++));
  mkdirSync(folder);
  writeFileSync(join(folder, "tail.db"), database);
  if (wal !== undefined) writeFileSync(join(folder, "tail.db-wal"), wal);
  return join(folder, "tail.db");
}

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ (1 << bit);
  return copy;
}

function edit(path: string, sql: string, before: (database: DatabaseSync) => void = () => undefined): void {
  const database = new DatabaseSync(path);
  before(database);
  database.exec(sql);
  database.close();
}

/** The head after opening, or why it does not open. */
function outcome(path: string): number | Failure {
  try {
    const committer = open(path);
    const { head } = committer.opened;
    expect(readIds(path, head)).toEqual(ids(head));
    committer.close();
    return head;
  } catch (cause) {
    if (cause instanceof Failure) return cause;
    throw cause;
  }
}

describe("a log that a power cut has torn", () => {
  test("new Committer() keeps every acknowledged commit, wherever the last write was cut", () => {
    const { database, wal, walBytes } = powerCut(3, 30, 2);
    const [, acknowledged = 0, all = 0] = walBytes;
    const cuts = range(acknowledged, all - acknowledged + 1).filter((cut) => cut % 61 === 0 || all - cut < 4);
    for (const cut of cuts) {
      const path = place(database, wal.subarray(0, cut));
      expect(outcome(path), `cut at byte ${cut}`).toBe(cut === all ? 35 : 33);
      const committer = open(path);
      expect(append(committer, testRecords(30, 10))).toMatchObject({ kind: "committed", first: cut === all ? 35 : 33 });
      committer.close();
      expect(readIds(path, 40)).toEqual(ids(40));
    }
    expect(cuts.length).toBeGreaterThan(100);
  });

  test("new Committer() keeps every acknowledged commit when parts of the last write did not land", () => {
    const { database, wal, walBytes } = powerCut(3, 30, 40);
    const [, acknowledged = 0, all = 0] = walBytes;
    for (let from = acknowledged; from < all; from += 512) {
      const torn = Buffer.from(wal).fill(0, from, Math.min(all, from + 512));
      expect([33, 73]).toContain(outcome(place(database, torn)));
    }
  });

  test("new Committer() refuses a log whose older commits are damaged, and names it", () => {
    const { database, wal, walBytes } = powerCut(3, 30, 2);
    const [, acknowledged = 0] = walBytes;
    for (let at = 0; at < acknowledged; at += at < 80 ? 1 : 97) {
      const path = place(database, flipped(wal, at, at % 8));
      expect(reason(outcome(path)), `byte ${at}`).toContain(`${path}-wal is damaged`);
    }
  });

  test("new Committer() takes the log over when an older one is still behind it in the file", () => {
    const path = join(directory, "tail.db");
    const committer = open(path);
    append(committer, testRecords(0, 500));
    for (const number of range(500, 12)) {
      append(committer, [{ eventID: `event-${number}`, bytes: testRecords(number, 1)[0]?.bytes ?? Buffer.alloc(0) }]);
    }
    const large = {
      eventID: "event-512",
      bytes: Buffer.from(`{"eventID":"event-512","x":"${"y".repeat(5_000_000)}"}`),
    };
    for (const more of [[large], testRecords(513, 1), testRecords(514, 1)]) {
      append(committer, more);
      committer.checkpointIfDue();
    }
    const copy = place(readFileSync(path), readFileSync(`${path}-wal`));
    committer.close();
    expect(outcome(copy)).toBe(515);
  });
});

describe("damage in the file", () => {
  test("new Committer() finds any flipped bit, or reads on unharmed", () => {
    const { database, wal } = powerCut(3, 60, 2, 40);
    const path = place(database, wal);
    open(path).close();
    const whole = readFileSync(path);
    const refused: string[] = [];
    const heads: number[] = [];
    for (let at = 0; at < whole.length; at += at < 600 ? 7 : 211) {
      const damaged = place(flipped(whole, at, at % 8));
      const found = outcome(damaged);
      if (found instanceof Failure) refused.push(found.message);
      else heads.push(found);
      rmSync(join(damaged, ".."), { recursive: true });
    }
    // Free space inside a page may change without any harm; nothing else may.
    expect(new Set(heads)).toEqual(new Set([105]));
    expect(refused.length).toBeGreaterThan(30);
    expect(refused.filter((message) => !message.includes("tail.db"))).toEqual([]);
    expect(refused.some((message) => message.includes("sequences 3 to 62 are damaged"))).toBe(true);
  });

  test("new Committer() refuses a file that was cut short", () => {
    const { database, wal } = powerCut(3, 60);
    const path = place(database, wal);
    open(path).close();
    const whole = readFileSync(path);
    for (let pages = 1; pages * 4096 < whole.length; pages++) {
      const cut = place(whole.subarray(0, pages * 4096));
      expect(reason(outcome(cut)), `${pages} pages`).toContain(cut);
    }
  });

  test.each([
    ["a row that is gone", "delete from groups where first = 3", "sequences 3 to 62 are missing"],
    ["the first row gone", "delete from groups where first = 0", "sequences 0 to 2 are missing"],
    ["a row in two ranges", "update groups set first = 999 where first = 63", "sequences 999 to 1000"],
    ["a lost salt", "delete from range_salts", "sequences 0 to 2 have no range salt"],
    ["another salt", "update range_salts set salt = zeroblob(32) where first = 0", "salt of the range at sequence 0"],
    ["a moved cursor", "update cursors set sequence = 9", "cursor reader is damaged"],
    ["a segment out of place", "insert into segments values (7, 1000, 'k', 1, 'x')", "segment at sequence 7"],
    ["lost eventIDs", "insert into segments values (0, 1000, 'k', 1, 'x')", "eventIDs before sequence 1000"],
  ])("new Committer() refuses %s, and names it", (_, sql, message) => {
    const path = join(directory, "tail.db");
    const committer = open(path);
    for (const [from, count] of [
      [0, 3],
      [3, 60],
      [63, 2],
    ] as const)
      append(committer, testRecords(from, count));
    committer.close();
    edit(path, sql);
    expect(reason(outcome(path))).toContain(message);
    expect(reason(outcome(path))).toContain(path);
  });

  test("new Committer() refuses leaves that are not the records', though their checksum is good", () => {
    const path = join(directory, "tail.db");
    const committer = open(path);
    append(committer, testRecords(0, 3));
    committer.close();
    edit(path, "update groups set leaves = zeroblob(96), crc = (select crc from other)", (database) => {
      const row = loadRow(database.prepare("select * from groups").get() ?? {});
      const { crc } = storeRow({ ...row, leaves: Buffer.alloc(96) });
      database.exec(`create temp table other as select ${crc} as crc`);
    });
    expect(reason(outcome(path))).toContain("sequences 0 to 2 have other leaves");
  });
});
