import { rm } from "node:fs/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Journal } from "./journal.ts";
import { JournalFull } from "./journal.ts";
import {
  openTestJournal,
  range,
  readAll,
  readIds,
  SEALED,
  temporaryDirectory,
  testRecord,
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

async function reopen(): Promise<void> {
  await journal.close();
  journal = await openTestJournal(directory);
}

const ids = (from: number, count: number): string[] => range(from, count).map((number) => `event-${number}`);

describe("append()", () => {
  test("append() gives dense sequences from 0 and moves the head", async () => {
    expect(journal.head).toBe(0);
    expect(await journal.append(testRecords(0, 3))).toEqual([0, 1, 2]);
    expect(await journal.append(testRecords(3, 2))).toEqual([3, 4]);
    expect(await journal.append([])).toEqual([]);
    expect(journal.head).toBe(5);
    expect(await readIds(journal)).toEqual(ids(0, 5));
  });

  test("append() keeps the bytes exactly, whatever they are", async () => {
    const records = [
      { eventID: "not JSON", bytes: Uint8Array.of(0, 255, 10, 0) },
      { eventID: "empty", bytes: new Uint8Array() },
      { eventID: "large", bytes: Buffer.alloc(1_500_000, "0123456789") },
      testRecord("é漢字🙂"),
    ];
    await journal.append(records);
    await reopen();
    const entries = await readAll(journal);
    expect(entries.map(({ bytes }) => Buffer.from(bytes).toString("hex"))).toEqual(
      records.map(({ bytes }) => Buffer.from(bytes).toString("hex")),
    );
  });

  test("append() answers the sequences that known records have, and writes only the new ones", async () => {
    await journal.append(testRecords(0, 5));
    const mixed = [3, 5, 0, 6, 5, 4].map((number) => testRecord(`event-${number}`));
    expect(await journal.append(mixed)).toEqual([3, 5, 0, 6, 5, 4]);
    expect(await journal.append([{ ...testRecord("event-2"), bytes: Buffer.from("other bytes") }])).toEqual([2]);
    expect(await readIds(journal)).toEqual(ids(0, 7));
    expect(journal.stats()).toMatchObject({ appendedRecords: 7, duplicateRecords: 5, batches: 3 });
  });

  test("append() knows records from before a restart, in segments and in the tail", async () => {
    await journal.append(testRecords(0, 21));
    await vi.waitFor(() => expect(journal.segments).toHaveLength(2), SEALED);
    await reopen();
    expect(await journal.append(testRecords(0, 22))).toEqual(range(0, 22));
    expect(await readIds(journal)).toEqual(ids(0, 22));
  });

  test("append() over several ranges at once is one append", async () => {
    expect(await journal.append(testRecords(0, 50))).toEqual(range(0, 50));
    await vi.waitFor(() => expect(journal.stats().sealedEnd).toBe(48), SEALED);
    expect(await readIds(journal)).toEqual(ids(0, 50));
  });

  test("append() of more than the queue holds is refused with JournalFull, and works later", async () => {
    const large = range(0, 9).map((number) => [{ eventID: `large-${number}`, bytes: Buffer.alloc(7_500_000) }]);
    const outcomes = await Promise.allSettled(large.map((records) => journal.append(records)));
    expect(outcomes.map(({ status }) => status)).toEqual([...Array(8).fill("fulfilled"), "rejected"]);
    expect(outcomes.at(-1)).toMatchObject({ reason: expect.any(JournalFull) });
    expect(await journal.append(large[8] ?? [])).toEqual([8]);
    expect(journal.stats()).toMatchObject({ queuedRecords: 0, queuedBytes: 0 });
  });

  test("append() of more than may ever wait fails at once", async () => {
    const bytes = Buffer.alloc(64 * 1024 * 1024 + 1);
    await expect(journal.append([{ eventID: "huge", bytes }])).rejects.toThrow("at once");
    expect(await journal.append(testRecords(0, 1))).toEqual([0]);
  });

  test("append() after close() is refused, and what was in flight is kept", async () => {
    const inFlight = range(0, 20).map((number) => journal.append(testRecords(number, 1)));
    const closed = journal.close();
    await expect(journal.append(testRecords(99, 1))).rejects.toThrow("the journal is closed");
    await closed;
    expect((await Promise.all(inFlight)).flat()).toEqual(range(0, 20));
    journal = await openTestJournal(directory);
    expect(await readIds(journal)).toEqual(ids(0, 20));
  });

  test("append() by any interleaving of producers is dense, and keeps the order of each", async () => {
    let run = 0;
    const batches = fc.array(fc.tuple(fc.nat({ max: 4 }), fc.integer({ min: 1, max: 12 }), fc.boolean()), {
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(batches, async (plan) => {
        run += 1;
        const first = journal.head;
        const numbers = new Map<number, number>();
        const answers: Promise<readonly number[]>[] = [];
        for (const [producer, count, pause] of plan) {
          const from = numbers.get(producer) ?? 0;
          numbers.set(producer, from + count);
          answers.push(journal.append(range(from, count).map((number) => testRecord(`${run}/${producer}/${number}`))));
          if (pause) await new Promise((resolve) => setImmediate(resolve));
        }
        const sequences = (await Promise.all(answers)).flat();
        expect(sequences.toSorted((a, b) => a - b)).toEqual(range(first, sequences.length));
        const stored = (await readIds(journal)).slice(first);
        for (const [producer, count] of numbers) {
          const own = stored.filter((id) => id.startsWith(`${run}/${producer}/`));
          expect(own).toEqual(range(0, count).map((number) => `${run}/${producer}/${number}`));
        }
      }),
      { numRuns: 15 },
    );
  });
});

describe("read()", () => {
  test("read() from anywhere, with any limit, answers what was appended, in segments, in the tail and across", async () => {
    await journal.append(testRecords(0, 13));
    await journal.append(testRecords(13, 8));
    await vi.waitFor(() => expect(journal.stats().sealedEnd).toBe(16), SEALED);
    for (let from = 0; from <= 21; from++) {
      for (const limit of [1, 2, 7, 8, 9, 100]) {
        const expected = testRecords(0, 21)
          .map(({ bytes }, sequence) => ({ sequence, bytes }))
          .slice(from, from + limit);
        const found = await journal.read(from, limit);
        expect(found.map(({ sequence, bytes }) => ({ sequence, bytes: Buffer.from(bytes) }))).toEqual(expected);
      }
    }
  });

  test("read() at the head and beyond answers nothing", async () => {
    await journal.append(testRecords(0, 2));
    expect(await journal.read(2)).toEqual([]);
    expect(await journal.read(1000)).toEqual([]);
  });

  test("read() answers at most 16 MiB, but always one entry", async () => {
    const large = range(0, 3).map((number) => ({ eventID: `large-${number}`, bytes: Buffer.alloc(9_000_000, number) }));
    await journal.append(large);
    await journal.append([{ eventID: "larger", bytes: Buffer.alloc(20_000_000) }]);
    const sizes = async (from: number) => (await journal.read(from)).map(({ sequence }) => sequence);
    expect(await sizes(0)).toEqual([0]);
    expect(await sizes(2)).toEqual([2]);
    expect(await sizes(3)).toEqual([3]);
  });

  test("read() while ranges are sealed under it never sees a hole", async () => {
    const appended = (async () => {
      for (let from = 0; from < 800; from += 10) await journal.append(testRecords(from, 10));
    })();
    let next = 0;
    while (next < 800) {
      for (const { sequence } of await journal.read(next, 20)) expect(sequence).toBe(next++);
      // The oldest record that is not in a segment yet: the next to move there.
      const { sealedEnd } = journal.stats();
      const [oldest] = await journal.read(sealedEnd, 1);
      expect(oldest?.sequence ?? sealedEnd).toBe(sealedEnd);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await appended;
    await vi.waitFor(() => expect(journal.segments).toHaveLength(100), { timeout: 10_000 });
    expect(await readIds(journal)).toEqual(ids(0, 800));
  });
});
