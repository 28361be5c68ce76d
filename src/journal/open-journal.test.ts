import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Failure } from "../core/index.ts";
import type { Journal, JournalEntry } from "./journal.ts";
import { openJournal } from "./open-journal.ts";
import { leafHash } from "./segment/index.ts";
import {
  countingRandom,
  openTestJournal,
  range,
  readAll,
  SEALED,
  temporaryDirectory,
  TestClock,
  testObjects,
  testRecords,
} from "./testing.ts";

let directory: string;
let journal: Journal;

beforeEach(async () => {
  directory = await temporaryDirectory();
  journal = await openTestJournal(directory);
});

afterEach(async () => {
  await journal.close();
  await rm(directory, { recursive: true });
});

describe("subscribe()", () => {
  test("subscribe() hears everything after it, once, in order, before the appender does", async () => {
    await journal.append(testRecords(0, 4));
    const heard: JournalEntry[] = [];
    const end = journal.subscribe((entries) => void heard.push(...entries));
    await Promise.all(
      range(4, 30).map(async (number) => {
        const [sequence] = await journal.append(testRecords(number, 1));
        expect(heard.map((entry) => entry.sequence)).toContain(sequence);
      }),
    );
    await journal.append(testRecords(0, 34));
    end();
    await journal.append(testRecords(34, 1));
    expect(heard.map(({ sequence }) => sequence)).toEqual(range(4, 30));
    expect(heard).toEqual((await readAll(journal)).slice(4, 34));
  });
});

describe("cursor()", () => {
  test("cursor() begins at 0, and keeps its place over a restart", async () => {
    await journal.append(testRecords(0, 10));
    expect(journal.cursor("trails").sequence).toBe(0);
    await journal.cursor("trails").advance(7);
    await journal.cursor("rules/é").advance(10);
    await journal.close();
    journal = await openTestJournal(directory);
    expect(journal.cursor("trails").sequence).toBe(7);
    expect(journal.cursor("rules/é").sequence).toBe(10);
    await journal.cursor("trails").advance(3);
    expect(journal.cursor("trails").sequence).toBe(3);
  });

  test("advance() many times at once ends at the last place, with fewer writes", async () => {
    await journal.append(testRecords(0, 100));
    const before = journal.stats().commits;
    await Promise.all(range(1, 100).map((sequence) => journal.cursor("fast").advance(sequence)));
    expect(journal.cursor("fast").sequence).toBe(100);
    expect(journal.stats().commits - before).toBeLessThan(5);
  });

  test("advance() beyond the head is our mistake", async () => {
    await expect(journal.cursor("early").advance(1)).rejects.toThrow("assertion failed");
  });
});

describe("segments", () => {
  test("onSeal() hears each range once, in order, when it can be read from segments", async () => {
    const heard: number[] = [];
    journal.onSeal((segment) => {
      heard.push(segment.first);
      expect(journal.segments.at(-1)).toBe(segment);
    });
    await journal.append(testRecords(0, 35));
    await vi.waitFor(() => expect(journal.segments).toHaveLength(4), SEALED);
    expect(heard).toEqual([0, 8, 16, 24]);
    expect(journal.segments.map(({ first, count }) => [first, count])).toEqual(heard.map((first) => [first, 8]));
  });

  test("segments hold the records, their leaves and a salt of their own each", async () => {
    await journal.append(testRecords(0, 16));
    await vi.waitFor(() => expect(journal.segments).toHaveLength(2), SEALED);
    for (const segment of journal.segments) {
      for (const [position, { bytes }] of testRecords(segment.first, 8).entries()) {
        const [record] = await segment.readRange(position, 1);
        expect(Buffer.from(record ?? [])).toEqual(bytes);
        const leaf = Buffer.from(await segment.leaf(position));
        expect(leaf).toEqual(leafHash(segment.salt, segment.first + position, bytes));
      }
    }
    expect(journal.segments[0]?.salt).not.toEqual(journal.segments[1]?.salt);
    await journal.verify();
  });

  test("openJournal() keeps the size of ranges that the journal was made with, and says so", async () => {
    await journal.close();
    const infos: string[] = [];
    journal = await openTestJournal(directory, { segmentRecords: 16, onInfo: (message) => infos.push(message) });
    expect(infos).toContain("the journal keeps the size of segments it was made with");
    await journal.append(testRecords(0, 9));
    await vi.waitFor(() => expect(journal.segments.map(({ count }) => count)).toEqual([8]), SEALED);
  });
});

test("openJournal() with a clock that goes backwards keeps and seals the same bytes", async () => {
  let nowMs = 2_000_000_000_000;
  const clock = { now: () => (nowMs -= 60_000), elapsed: () => 0 };
  const backwards = await openTestJournal(join(directory, "backwards"), { clock });
  for (const each of [journal, backwards]) {
    await each.append(testRecords(0, 4));
    await each.append(testRecords(2, 8));
    await vi.waitFor(() => expect(each.segments).toHaveLength(1), SEALED);
  }
  expect(await readAll(backwards)).toEqual(await readAll(journal));
  const key = backwards.segments[0]?.key ?? "";
  expect(await testObjects(join(directory, "backwards")).read(key)).toEqual(await testObjects(directory).read(key));
  await backwards.close();
});

test("openJournal() refuses a directory whose journal is open, and names it", async () => {
  await expect(openTestJournal(directory)).rejects.toThrow(Failure);
  await expect(openTestJournal(directory)).rejects.toThrow(`${directory}/journal is in use by another process`);
  expect(await journal.append(testRecords(0, 1))).toEqual([0]);
});

test("onCommit is told how long the oldest append of each group waited", async () => {
  const clock = new TestClock();
  const commits: (readonly [number, number])[] = [];
  const second = await openJournal({
    directory: `${directory}/second`,
    objects: testObjects(directory),
    clock,
    random: countingRandom(),
    log: { info: () => undefined, error: () => undefined },
    onCommit: (latencyMs, records) => void commits.push([latencyMs, records]),
  });
  const first = second.append(testRecords(0, 2));
  clock.elapsedMs = 5;
  await Promise.all([first, second.append(testRecords(2, 3))]);
  await second.close();
  expect(commits).toEqual([[5, 5]]);
});
