import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JournalRecord } from "./journal.ts";
import { openPendingLog, type PendingLog, type PendingLogOptions } from "./pending-log.ts";
import { temporaryDirectory, testRecord, testRecords } from "./testing.ts";

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
async function afterPowerCut(edit: (paths: readonly string[]) => void = () => undefined): Promise<PendingLog> {
  const copy = join(directory, `copy-${copies++}`);
  cpSync(join(directory, "pending"), join(copy, "pending"), { recursive: true });
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
