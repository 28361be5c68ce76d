import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, type Random, systemRandom } from "../core/index.ts";
import { DirectoryObjectStore } from "../store/index.ts";
import type { Journal, JournalEntry, JournalRecord } from "./journal.ts";
import { type JournalOptions, openJournal } from "./open-journal.ts";

/** How long to wait for a range to be sealed: it begins with the start of a process, seconds on a busy machine. */
export const SEALED: { readonly timeout: number } = { timeout: 20_000 };

export async function temporaryDirectory(): Promise<string> {
  return await mkdtemp(join(tmpdir(), "opentrail-journal-"));
}

/** A journal below `directory`, its objects beside it, in ranges of 8 records unless told. */
export async function openTestJournal(
  directory: string,
  options: JournalOptions & {
    readonly clock?: Clock;
    readonly random?: Random;
    readonly onInfo?: (message: string) => void;
    readonly onError?: (message: string) => void;
  } = {},
): Promise<Journal> {
  const {
    clock = new TestClock(),
    random = countingRandom(),
    onInfo = () => undefined,
    onError = () => undefined,
    ...rest
  } = options;
  return await openJournal(
    {
      directory: join(directory, "journal"),
      objects: testObjects(directory),
      clock,
      random,
      log: { info: (_, message) => onInfo(message), error: (_, message) => onError(message) },
    },
    { segmentRecords: 8, ...rest },
  );
}

export function testObjects(directory: string): DirectoryObjectStore {
  return new DirectoryObjectStore(join(directory, "objects"));
}

/** Knows no time of day: the journal must not ask. `elapsed` stands still until it is moved. */
export class TestClock implements Clock {
  elapsedMs = 0;

  now(): number {
    throw new Error("the journal asked for the time of day");
  }

  elapsed(): number {
    return this.elapsedMs;
  }
}

/** Salts that are the same each time. */
export function countingRandom(): Random {
  let count = 0;
  return { bytes: (length) => new Uint8Array(length).fill(++count), uuid: () => systemRandom.uuid() };
}

/** `count` records from number `from` on; the same number gives the same record. */
export function testRecords(from: number, count: number): readonly JournalRecord[] {
  return Array.from({ length: count }, (_, index) => testRecord(`event-${from + index}`));
}

export function testRecord(eventID: string): JournalRecord {
  const record = {
    eventVersion: "1.11",
    userIdentity: { type: "Root", accountId: "123456789012" },
    eventTime: "2026-11-20T11:00:00Z",
    eventSource: "iam.amazonaws.com",
    eventName: "CreateUser",
    awsRegion: "us-east-1",
    eventID,
    recipientAccountId: "123456789012",
  };
  return { eventID, bytes: Buffer.from(JSON.stringify(record)) };
}

export async function readAll(journal: Journal): Promise<readonly JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (let from = 0; from < journal.head; from = entries.length) entries.push(...(await journal.read(from)));
  return entries;
}

/** The eventIDs by sequence. */
export async function readIds(journal: Journal): Promise<readonly string[]> {
  return (await readAll(journal)).map(({ bytes }) => {
    const { eventID } = JSON.parse(Buffer.from(bytes).toString()) as { eventID: string };
    return eventID;
  });
}

/** `count` numbers from `from` on. */
export function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
