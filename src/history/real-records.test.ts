import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { PageTokens, systemClock, systemRandom } from "../core/index.ts";
import { openJournal } from "../journal/index.ts";
import { type AuditRecord, type LookupAttributeName, lookupResources, lookupUsername } from "../record/index.ts";
import { DirectoryObjectStore } from "../store/index.ts";
import { type History, type LookupQuery, openHistory } from "./index.ts";

const tokens = new PageTokens(new Uint8Array(32));

/** The values that a record can be found by. */
const VALUES: Readonly<Record<LookupAttributeName, (record: AuditRecord) => readonly unknown[]>> = {
  EventId: ({ eventID }) => [eventID],
  EventName: ({ eventName }) => [eventName],
  ReadOnly: ({ readOnly }) => [String(readOnly)],
  Username: (record) => [lookupUsername(record)],
  ResourceType: (record) => lookupResources(record).map(({ ResourceType }) => ResourceType),
  ResourceName: (record) => lookupResources(record).map(({ ResourceName }) => ResourceName),
  EventSource: ({ eventSource }) => [eventSource],
  AccessKeyId: ({ userIdentity }) => [userIdentity.accessKeyId],
};

async function allPages(history: History, query: LookupQuery): Promise<string[]> {
  const ids: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await history.lookup(nextToken === undefined ? query : { ...query, nextToken });
    ids.push(...page.events.map(({ EventId }) => EventId ?? ""));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return ids;
}

async function checkAgainstScan(records: readonly AuditRecord[], segmentRecords: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "history-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const objects = new DirectoryObjectStore(join(directory, "objects"));
  const log = { info: () => {}, error: () => {} };
  const needs = { directory: join(directory, "journal"), objects, clock: systemClock, random: systemRandom, log };
  const journal = await openJournal(needs, { segmentRecords });
  const ranges = Math.floor(records.length / segmentRecords);
  const sealed = new Promise<void>((resolve) => journal.onSeal(() => journal.segments.length === ranges && resolve()));
  const newest = Math.max(...records.map(({ eventTime }) => Date.parse(eventTime)));
  const history = await openHistory({ journal, clock: { now: () => newest, elapsed: () => 0 }, tokens });
  for (let from = 0; from < records.length; from += 100) {
    const batch = records.slice(from, from + 100);
    await journal.append(
      batch.map((record) => ({ eventID: record.eventID, bytes: Buffer.from(JSON.stringify(record)) })),
    );
    expect(history.visible).toBe(from + batch.length);
  }
  await sealed;
  const places = records
    .map((record, sequence) => ({ record, sequence, timeMs: Date.parse(record.eventTime) }))
    .sort((left, right) => right.timeMs - left.timeMs || right.sequence - left.sequence);
  const { recipientAccountId: account = "", awsRegion: region = "" } = records[0] ?? {};
  for (const [key, valuesOf] of Object.entries(VALUES) as [LookupAttributeName, (typeof VALUES)["EventId"]][]) {
    const values = new Set(records.flatMap(valuesOf).filter((value) => typeof value === "string" && value !== ""));
    for (const value of [...values].slice(0, 40) as string[]) {
      const expected = places.filter(
        ({ record }) =>
          record.recipientAccountId === account &&
          record.awsRegion === region &&
          record.eventCategory === "Management" &&
          valuesOf(record).includes(value),
      );
      const query: LookupQuery = {
        account,
        region,
        category: "management",
        attributes: [{ key, value }],
        maxResults: 50,
      };
      expect(await allPages(history, query)).toEqual(expected.map(({ record }) => record.eventID));
    }
  }
  history.close();
  await journal.close();
}

const invictus = new URL("../../../shared/data/records/invictus/", import.meta.url).pathname;

describe("lookup()", () => {
  test.skipIf(!existsSync(invictus))(
    "lookup() finds the records of ../shared/data/records/invictus in a real journal (skipped where that is absent)",
    async () => {
      const records = globSync(`${invictus}**/*.json.gz`).flatMap(
        (path) => (JSON.parse(gunzipSync(readFileSync(path)).toString()) as { Records: AuditRecord[] }).Records,
      );
      expect(records.length).toBeGreaterThan(1000);
      await checkAgainstScan(records, 256);
    },
  );
});
