import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openTestJournal, range, readIds, temporaryDirectory, testRecords } from "./testing.ts";

const KEY = "segments/00000000000000000008.seg";
/** A journal of 30 records, three of its ranges sealed. */
let original: string;
let directory: string;
let path: string;

beforeAll(async () => {
  original = await temporaryDirectory();
  const journal = await openTestJournal(original);
  const sealed = new Promise<void>((resolve) => {
    journal.onSeal(({ first }) => void (first === 16 && resolve()));
  });
  await journal.append(testRecords(0, 30));
  await sealed;
  await journal.close();
});

beforeEach(async () => {
  directory = await temporaryDirectory();
  cpSync(original, directory, { recursive: true });
  path = join(directory, "objects", KEY);
});

afterEach(() => rmSync(directory, { recursive: true }));
afterAll(() => rmSync(original, { recursive: true }));

test("openJournal() names a segment that is missing", async () => {
  rmSync(path);
  await expect(openTestJournal(directory)).rejects.toThrow(`segment ${KEY} (sequences 8 to 15)`);
});

test("openJournal() names every segment that was cut, by its sequences", async () => {
  truncateSync(path, readFileSync(path).length - 1);
  truncateSync(path.replace("08.seg", "16.seg"), 0);
  await expect(openTestJournal(directory)).rejects.toThrow(`segment ${KEY} (sequences 8 to 15)`);
  await expect(openTestJournal(directory)).rejects.toThrow("(sequences 16 to 23)");
});

test("openJournal() names a segment with any flipped bit", async () => {
  const whole = readFileSync(path);
  for (const at of [0, 100, whole.length >> 1, whole.length - 100, whole.length - 1]) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] as number) ^ 4;
    writeFileSync(path, damaged);
    await expect(openTestJournal(directory), `byte ${at}`).rejects.toThrow(`segment ${KEY} (sequences 8 to 15)`);
  }
  writeFileSync(path, whole);
  const journal = await openTestJournal(directory);
  expect(await readIds(journal)).toEqual(range(0, 30).map((number) => `event-${number}`));
  await journal.close();
});

test("verify() names a segment that was damaged while the journal was open", async () => {
  const journal = await openTestJournal(directory);
  await journal.verify();
  const damaged = readFileSync(path);
  damaged[10] = (damaged[10] as number) ^ 1;
  writeFileSync(path, damaged);
  await expect(journal.verify()).rejects.toThrow(`segment ${KEY} (sequences 8 to 15)`);
  await journal.close();
});

test("openJournal() refuses a tail that does not know the segments: it is not this journal's", async () => {
  for (const name of ["tail.db", "tail.db-wal", "tail.db-shm"]) {
    rmSync(join(directory, "journal", name), { force: true });
  }
  await expect(openTestJournal(directory)).rejects.toThrow(`the tail knows nothing of ${KEY}`);
});
