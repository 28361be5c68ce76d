import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Failure } from "../core/index.ts";
import type { Journal, JournalRecord } from "./journal.ts";
import {
  openTestJournal,
  range,
  readAll,
  readIds,
  SEALED,
  temporaryDirectory,
  TestClock,
  testRecords,
} from "./testing.ts";

let directory: string;
let open: Journal[] = [];

beforeEach(async () => {
  directory = await temporaryDirectory();
});

afterEach(async () => {
  await Promise.all(open.map((journal) => journal.close()));
  open = [];
  rmSync(directory, { recursive: true });
});

async function start(options: Parameters<typeof openTestJournal>[1] = {}, where = directory): Promise<Journal> {
  const journal = await openTestJournal(where, options);
  open.push(journal);
  return journal;
}

const LOSSES = ["not written", "written, reply lost"] as const;
const ids = (count: number): string[] => range(0, count).map((number) => `event-${number}`);

describe.each(LOSSES)("crash, reopen, retry: %s", (loss) => {
  test.each(["range salt", "records"] as const)("append() at the %s write: exactly one copy", async (step) => {
    const broken = await start({ faults: [{ step, loss, times: 1 }] });
    await expect(broken.append(testRecords(0, 10))).rejects.toThrow(Failure);
    await expect(broken.append(testRecords(0, 10))).rejects.toThrow("restart to write again");
    expect(broken.health).toMatchObject({ writable: false, problem: expect.stringContaining(step) });
    await broken.close();
    const journal = await start();
    expect(journal.head).toBe(step === "records" && loss === "written, reply lost" ? 10 : 0);
    expect(await journal.append(testRecords(0, 10))).toEqual(range(0, 10));
    expect(await journal.append(testRecords(5, 10))).toEqual(range(5, 10));
    expect(await readIds(journal)).toEqual(ids(15));
  });

  test.each(["segment", "catalogue"] as const)("sealing at the %s write: the same segments", async (step) => {
    const broken = await start({ faults: [{ step, loss, times: 1 }] });
    await broken.append(testRecords(0, 20));
    await vi.waitFor(() => expect(broken.health.problem).toContain(step), SEALED);
    expect(broken.segments).toEqual([]);
    expect(await readIds(broken)).toEqual(ids(20));
    await broken.close();
    const journal = await start();
    expect(await journal.append(testRecords(0, 21))).toEqual(range(0, 21));
    await vi.waitFor(() => expect(journal.stats().sealedEnd).toBe(16), SEALED);
    expect(await readIds(journal)).toEqual(ids(21));
    await journal.verify();

    const unbroken = await start({}, join(directory, "unbroken"));
    await unbroken.append(testRecords(0, 20));
    await vi.waitFor(() => expect(unbroken.segments).toHaveLength(2), SEALED);
    for (const { key } of unbroken.segments) {
      expect(readFileSync(join(directory, "objects", key))).toEqual(
        readFileSync(join(directory, "unbroken", "objects", key)),
      );
    }
  });

  test("sealing that fails once is tried again without a restart", async () => {
    const errors: string[] = [];
    const faults = [{ step: "segment", loss, times: 1 }] as const;
    const journal = await start({ faults, onError: (message) => errors.push(message) });
    await journal.append(testRecords(0, 9));
    await vi.waitFor(() => expect(journal.segments).toHaveLength(1), { timeout: 5000 });
    expect(errors).toEqual(["a full range of the journal could not be sealed"]);
    expect(journal.health).toEqual({ writable: true });
  });

  test("advance() of a cursor: the old place or the new one, then the one that is asked for", async () => {
    const broken = await start({ faults: [{ step: "cursor", loss, times: 1 }] });
    await broken.append(testRecords(0, 5));
    await expect(broken.cursor("reader").advance(3)).rejects.toThrow(Failure);
    expect(broken.cursor("reader").sequence).toBe(0);
    await broken.close();
    const journal = await start();
    expect(journal.cursor("reader").sequence).toBe(loss === "not written" ? 0 : 3);
    await journal.cursor("reader").advance(4);
    expect(journal.cursor("reader").sequence).toBe(4);
  });
});

describe("a disk that refuses", () => {
  const SQLITE = { BUSY: 5, READONLY: 8, FULL: 13, CANTOPEN: 14 };

  test.each(Object.entries(SQLITE))(
    "append() is refused on %s, reads go on, and a later append works",
    async (_, errcode) => {
      const clock = new TestClock();
      const faults = [{ step: "records", loss: "not written", errcode, times: 1 }] as const;
      const journal = await start({ clock, faults });
      await journal.append([]);
      await expect(journal.append(testRecords(0, 3))).rejects.toThrow(Failure);
      expect(journal.health).toMatchObject({ writable: false, problem: expect.any(String) });
      await expect(journal.append(testRecords(0, 3))).rejects.toThrow("append 3 records");
      expect(await readAll(journal)).toEqual([]);
      clock.elapsedMs += 1000;
      expect(await journal.append(testRecords(0, 3))).toEqual([0, 1, 2]);
      expect(journal.health).toEqual({ writable: true });
      expect(await readIds(journal)).toEqual(ids(3));
    },
  );

  test("health turns good by itself, without any append", async () => {
    const faults = [{ step: "records", loss: "not written", errcode: SQLITE.FULL, times: 1 }] as const;
    const journal = await start({ faults });
    await expect(journal.append(testRecords(0, 3))).rejects.toThrow(Failure);
    await vi.waitFor(() => expect(journal.health).toEqual({ writable: true }), { timeout: 5000 });
    expect(await journal.append(testRecords(0, 3))).toEqual([0, 1, 2]);
  });

  test("append() after an I/O error is refused until a restart; reads go on", async () => {
    const clock = new TestClock();
    const good = await start();
    await good.append(testRecords(0, 4));
    await good.close();
    const journal = await start({ clock, faults: [{ step: "records", loss: "not written", times: 1 }] });
    await expect(journal.append(testRecords(4, 1))).rejects.toThrow(Failure);
    clock.elapsedMs += 60_000;
    await expect(journal.append(testRecords(4, 1))).rejects.toThrow("restart to write again");
    await expect(journal.cursor("reader").advance(1)).rejects.toThrow("restart to write again");
    expect(await readIds(journal)).toEqual(ids(4));
  });

  test("append() is refused when the tail may not grow, loses nothing, and works with more room", async () => {
    const small = await start({ segmentRecords: 10_000, tailBytesMax: 500_000 });
    const acknowledged = await appendUntilRefused(small);
    expect(small.health).toMatchObject({ writable: false, problem: "database or disk is full" });
    await expectRecords(small, acknowledged);
    await small.close();
    const journal = await start({ segmentRecords: 10_000 });
    await expectRecords(journal, acknowledged);
    expect(await journal.append(acknowledged)).toEqual(range(0, acknowledged.length));
    expect(await journal.append([noise(acknowledged.length)])).toEqual([acknowledged.length]);
  });

  const tmpfs = canMount();
  test.skipIf(!tmpfs)(
    "append() on a full file system, and again once there is room (needs root, to mount a tmpfs)",
    async () => {
      const mounted = join(directory, "mounted");
      mkdirSync(mounted);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", mounted]);
      try {
        writeFileSync(join(mounted, "ballast"), Buffer.alloc(1_000_000));
        const journal = await openTestJournal(mounted, { segmentRecords: 10_000 });
        const acknowledged = await appendUntilRefused(journal);
        expect(journal.health).toMatchObject({ writable: false, problem: expect.stringContaining("full") });
        await expectRecords(journal, acknowledged);
        rmSync(join(mounted, "ballast"));
        await vi.waitFor(() => expect(journal.health).toEqual({ writable: true }), { timeout: 5000 });
        expect(await journal.append([noise(acknowledged.length)])).toEqual([acknowledged.length]);
        await journal.close();
        const reopened = await openTestJournal(mounted, { segmentRecords: 10_000 });
        await expectRecords(reopened, [...acknowledged, noise(acknowledged.length)]);
        await reopened.close();
      } finally {
        execFileSync("umount", [mounted]);
      }
    },
  );
});

/** Appends records that do not compress until one is refused; answers those that were not. */
async function appendUntilRefused(journal: Journal): Promise<readonly JournalRecord[]> {
  const acknowledged: JournalRecord[] = [];
  for (;;) {
    const record = noise(acknowledged.length);
    const refused = await journal.append([record]).then(
      () => false,
      (cause) => cause instanceof Failure,
    );
    if (refused) return acknowledged;
    acknowledged.push(record);
  }
}

async function expectRecords(journal: Journal, records: readonly JournalRecord[]): Promise<void> {
  const stored = await readAll(journal);
  expect(stored.map(({ bytes }) => Buffer.from(bytes))).toEqual(records.map(({ bytes }) => bytes));
  expect(records.length).toBeGreaterThan(10);
}

const noises: Buffer[] = [];
function noise(number: number): JournalRecord {
  return { eventID: `noise-${number}`, bytes: (noises[number] ??= randomBytes(6000)) };
}

function canMount(): boolean {
  const trial = `/tmp/opentrail-can-mount-${process.pid}`;
  try {
    mkdirSync(trial, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", trial], { stdio: "ignore" });
    execFileSync("umount", [trial]);
    return true;
  } catch {
    // Not root, or no such program: the test that needs it is skipped by name.
    return false;
  } finally {
    rmSync(trial, { recursive: true, force: true });
  }
}
