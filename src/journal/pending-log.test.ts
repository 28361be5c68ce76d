import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { mountMemory, whyNoMount } from "../../test/disks.ts";
import type { JournalRecord } from "./journal.ts";
import { readFrames } from "./pending-log-frames.ts";
import { openPendingLog } from "./open-pending-log.ts";
import type { PendingLog, PendingLogOptions } from "./pending-log.ts";
import { range, temporaryDirectory, testRecord, testRecords } from "./testing.ts";

let directory: string;
let nowMs: number;
const opened: PendingLog[] = [];

beforeEach(async () => {
  directory = await temporaryDirectory();
  nowMs = 1_700_000_000_000;
});

afterEach(async () => {
  for (const log of opened.splice(0)) await log.close();
  rmSync(directory, { recursive: true });
});

async function open(options: PendingLogOptions = {}, at = directory): Promise<PendingLog> {
  const clock = { now: () => nowMs, elapsed: () => 0 };
  const log = { info: () => undefined, error: () => undefined };
  const pendingLog = await openPendingLog({ directory: join(at, "pending"), clock, log }, options);
  opened.push(pendingLog);
  return pendingLog;
}

/** What the disk holds now, opened as after a power cut; `edit` is given the files, oldest first. */
let copies = 0;
async function afterPowerCut(
  edit: (paths: readonly string[]) => void = () => undefined,
  at = directory,
): Promise<PendingLog> {
  const copy = join(directory, `copy-${copies++}`);
  cpSync(join(at, "pending"), join(copy, "pending"), { recursive: true });
  edit(filesOf(copy));
  return await open({}, copy);
}

function filesOf(at = directory): readonly string[] {
  return readdirSync(join(at, "pending"))
    .sort()
    .map((name) => join(at, "pending", name));
}

async function leftOf(log: PendingLog): Promise<readonly JournalRecord[]> {
  const left = await Array.fromAsync(log.left());
  return left.map(({ eventID, bytes }) => ({ eventID, bytes: Buffer.from(bytes) }));
}

async function idsLeft(log: PendingLog): Promise<readonly string[]> {
  return (await leftOf(log)).map(({ eventID }) => eventID);
}

function eventIDs(from: number, count: number): string[] {
  return range(from, count).map((number) => `event-${number}`);
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(path, bytes);
}

async function putAll(log: PendingLog, records: readonly JournalRecord[]): Promise<void> {
  await Promise.all(records.map((record) => log.put(record)));
}

test("put() keeps records over a power cut, in order, and done() ends that", async () => {
  const log = await open();
  await putAll(log, testRecords(0, 3));
  nowMs += 5000;
  await log.put(testRecord("later"));
  log.done("event-1");
  log.done("never put");
  expect([log.pending, log.oldestMs]).toEqual([3, nowMs - 5000]);
  await log.put(testRecord("last"));
  const after = await afterPowerCut();
  expect(await leftOf(after)).toEqual(["event-0", "event-2", "later", "last"].map(testRecord));
  expect((await Array.fromAsync(after.left())).map(({ sinceMs }) => nowMs - sinceMs)).toEqual([5000, 5000, 0, 0]);
  expect(after.pending).toBe(4);
  expect(after.damages).toEqual([]);
});

describe("a power cut", () => {
  /** The file of a log that acknowledged 40 records in two groups, and where a third group of 10 lies. */
  async function threeGroups(): Promise<{ readonly last: number; readonly end: number }> {
    const log = await open();
    await putAll(log, testRecords(0, 30));
    await putAll(log, testRecords(30, 10));
    await putAll(log, testRecords(40, 10));
    const { frames, end } = readFrames(readFileSync(filesOf()[0] ?? ""));
    expect(new Set(frames.map(({ group }) => group)).size).toBe(3);
    return { last: frames.at(-1)?.group ?? 0, end };
  }

  test("openPendingLog() keeps what was acknowledged, wherever the last write was cut", async () => {
    const { last, end } = await threeGroups();
    for (let cut = last; cut <= end; cut += 101) {
      for (const rest of [Buffer.alloc(0), Buffer.alloc(5000)]) {
        const log = await afterPowerCut(([path = ""]) => {
          writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, cut), rest]));
        });
        const ids = await idsLeft(log);
        expect(ids, `cut at ${cut}`).toEqual(eventIDs(0, Math.max(40, ids.length)));
        expect(log.damages).toEqual([]);
      }
    }
  });

  test("openPendingLog() keeps what was acknowledged when parts of the last write did not land", async () => {
    const { last, end } = await threeGroups();
    for (let from = last; from < end; from += 256) {
      const log = await afterPowerCut(([path = ""]) => {
        writeFileSync(path, readFileSync(path).fill(0, from, Math.min(end, from + 256)));
      });
      const ids = await idsLeft(log);
      expect(ids.slice(0, 40)).toEqual(eventIDs(0, 40));
      expect(ids.length).toBeLessThan(50);
      expect(log.damages).toEqual([]);
    }
  });
});

describe("damage", () => {
  test("openPendingLog() names file and offset, and finds everything else", async () => {
    const log = await open();
    for (const number of range(0, 20)) await log.put(testRecord(`event-${number}`));
    const [path = ""] = filesOf();
    const { frames } = readFrames(readFileSync(path));
    for (const [number, { offset, length }] of frames.slice(0, -1).entries()) {
      const at = offset + ((number * 31) % length);
      const damaged = await afterPowerCut(([copy = ""]) => flip(copy, at));
      expect(await idsLeft(damaged)).toEqual(eventIDs(0, 20).toSpliced(number, 1));
      expect(damaged.damages.map(({ message }) => message)).toEqual([
        expect.stringMatching(new RegExp(`pending-\\d+\\.log is damaged: ${length} bytes at offset ${offset}$`)),
      ]);
    }
  });

  test("openPendingLog() tells of damage at the end of a file that others follow", async () => {
    const log = await open({ bytesMax: 16_000 });
    for (const number of range(0, 10)) await log.put(testRecord(`event-${number}`));
    const [path = ""] = filesOf();
    const { frames, end } = readFrames(readFileSync(path));
    const last = frames.at(-1);
    const damaged = await afterPowerCut(([copy = ""]) => flip(copy, end - 1));
    expect(await idsLeft(damaged)).toEqual(eventIDs(0, 10).toSpliced(frames.length - 1, 1));
    expect(damaged.damages.map(({ message }) => message)).toEqual([
      expect.stringContaining(`damaged: ${last?.length} bytes at offset ${last?.offset}`),
    ]);
  });

  test("left() leaves out a record that became unreadable, and tells", async () => {
    const log = await open();
    await putAll(log, testRecords(0, 3));
    const [path = ""] = filesOf();
    flip(path, (readFrames(readFileSync(path)).frames[1]?.offset ?? 0) + 60);
    expect(await idsLeft(log)).toEqual(["event-0", "event-2"]);
    expect(log.damages).toHaveLength(1);
    expect(log.pending).toBe(2);
  });

  test("a damaged file is kept for whoever looks into it, and told once", async () => {
    const log = await open();
    for (const number of range(0, 3)) await log.put(testRecord(`event-${number}`));
    await log.close();
    const [path = ""] = filesOf();
    flip(path, 60);
    const damaged = await open();
    expect(damaged.damages).toHaveLength(1);
    for (const id of await idsLeft(damaged)) damaged.done(id);
    await damaged.close();
    expect(filesOf().map((each) => each.replace(/.*pending-0*/, ""))).toEqual(["1.log.damaged", "2.log"]);
    const again = await open();
    expect([again.damages, again.pending]).toEqual([[], 0]);
  });

  test("openPendingLog() refuses a file of another version, and names it", async () => {
    await (await open()).close();
    const [path = ""] = filesOf();
    writeFileSync(path, readFileSync(path).fill("2", 22, 23));
    await expect(open()).rejects.toThrow(`${path}: it is a pending log of another version`);
  });
});

describe("files", () => {
  test("are readable by their owner alone", async () => {
    await open();
    expect(filesOf().map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(["600"]);
  });

  test("go once everything in them is done", async () => {
    const log = await open({ fileBytes: 2000 });
    for (const number of range(0, 50)) {
      await log.put(testRecord(`event-${number}`));
      if (number >= 5) log.done(`event-${number - 5}`);
    }
    expect(await idsLeft(log)).toEqual(eventIDs(45, 5));
    await log.close();
    expect(filesOf().length).toBeLessThan(4);
  });

  test("do not pile up behind a few records that stay pending", async () => {
    const log = await open({ fileBytes: 4000 });
    await putAll(log, testRecords(0, 3));
    for (const number of range(3, 300)) {
      await log.put(testRecord(`event-${number}`));
      log.done(`event-${number}`);
    }
    expect((await idsLeft(log)).toSorted()).toEqual(eventIDs(0, 3));
    expect(log.bytes).toBeLessThan(4000 * 6);
    log.done("event-1");
    await log.close();
    expect(filesOf().length).toBeLessThan(6);
    const reopened = await open();
    expect((await leftOf(reopened)).toSorted((a, b) => (a.eventID < b.eventID ? -1 : 1))).toEqual(
      ["event-0", "event-2"].map(testRecord),
    );
  });
});

describe("put()", () => {
  test("of many at once shares the waits for the disk", async () => {
    const log = await open();
    await putAll(log, testRecords(0, 64));
    const { frames } = readFrames(readFileSync(filesOf()[0] ?? ""));
    expect(frames).toHaveLength(64);
    expect(new Set(frames.map(({ group }) => group)).size).toBeLessThan(3);
  });

  test("takes the place of a pending record with the same eventID", async () => {
    const log = await open();
    await log.put(testRecord("event-0"));
    const better = { eventID: "event-0", bytes: Buffer.from("better") };
    await log.put(better);
    expect(log.pending).toBe(1);
    const after = await afterPowerCut();
    expect(await leftOf(after)).toEqual([better]);
    after.done("event-0");
    expect(after.pending).toBe(0);
  });

  test("is refused when bytesMax is reached, and works again once records are done", async () => {
    const log = await open({ bytesMax: 50_000 });
    let count = 0;
    while (!log.full) await log.put(testRecord(`event-${count++}`));
    expect(count).toBeGreaterThan(100);
    await expect(log.put(testRecord("one more"))).rejects.toThrow("put one more: 50000 bytes wait already");
    expect(await idsLeft(log)).toEqual(eventIDs(0, count));
    for (const id of eventIDs(0, count - 1)) log.done(id);
    await vi.waitFor(() => expect(log.full).toBe(false));
    await log.put(testRecord("one more"));
    expect(await idsLeft(await afterPowerCut())).toEqual([`event-${count - 1}`, "one more"]);
  });

  test("is refused after close()", async () => {
    const log = await open();
    await log.close();
    await expect(log.put(testRecord("late"))).rejects.toThrow("put late: the pending log is closed");
  });

  const why = whyNoMount();
  test.skipIf(why !== undefined)(
    `is refused on a full disk, loses nothing, and works again by itself once there is room (${why ?? "root"})`,
    async () => {
      const disk = mountMemory(3);
      try {
        const log = await open({}, disk.directory);
        const acknowledged: string[] = [];
        await log.put(testRecord("event-0"));
        disk.fill();
        const put = async (number: number): Promise<void> => {
          await log.put({ eventID: `event-${number}`, bytes: Buffer.alloc(40_000, number) });
          acknowledged.push(`event-${number}`);
        };
        const all = await Promise.allSettled(range(1, 100).map((number) => put(number)));
        expect(all.some(({ status }) => status === "rejected")).toBe(true);
        expect(log.problem).toContain("no space left");
        await expect(put(101)).rejects.toThrow("no space left");
        disk.free();
        await vi.waitFor(() => expect(log.problem).toBeUndefined(), { timeout: 5000 });
        await put(102);
        const after = await afterPowerCut(undefined, disk.directory);
        const ids = await idsLeft(after);
        expect(["event-0", ...acknowledged].filter((id) => !ids.includes(id))).toEqual([]);
        expect(after.damages).toEqual([]);
        await log.close();
      } finally {
        disk.unmount();
      }
    },
  );
});

describe("done()", () => {
  test("reaches the disk by itself", async () => {
    const log = await open();
    await putAll(log, testRecords(0, 3));
    log.done("event-1");
    await vi.waitFor(async () => expect(await idsLeft(await afterPowerCut())).toEqual(["event-0", "event-2"]));
  });

  test("ends what left() would still have told", async () => {
    const log = await open();
    await putAll(log, testRecords(0, 5));
    const seen: string[] = [];
    for await (const { eventID } of log.left()) {
      seen.push(eventID);
      log.done("event-3");
      await log.put(testRecord(`more-${seen.length}`));
    }
    expect(seen.slice(0, 4)).toEqual(["event-0", "event-1", "event-2", "event-4"]);
  });
});

test("left() is what was put and not done, in order, whatever happens between", async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("put" as const), count: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("done" as const), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
  );
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const place = join(directory, `run-${runs++}`);
      let log = await open({ fileBytes: 1500 }, place);
      const model = new Set<string>();
      let next = 0;
      for (const each of steps) {
        if (each.kind === "put") {
          const records = testRecords(next, each.count);
          next += each.count;
          await putAll(log, records);
          for (const { eventID } of records) model.add(eventID);
        } else if (each.kind === "done") {
          const id = [...model][each.at % Math.max(1, model.size)] ?? "none";
          log.done(id);
          model.delete(id);
        } else {
          await log.close();
          log = await open({ fileBytes: 1500 }, place);
        }
        expect((await idsLeft(log)).toSorted()).toEqual([...model].toSorted());
      }
      expect([log.pending, log.damages]).toEqual([model.size, []]);
      await log.close();
    }),
    { numRuns: 40 },
  );
});
