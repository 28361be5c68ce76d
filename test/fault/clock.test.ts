import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { type Answered, allRecords, type Caller, callerOf, newestRecords, recordsNamed } from "../calls.ts";
import { readJournal } from "../read-journal.ts";
import { startServer } from "../server.ts";

const HOUR_MS = 3_600_000;

const directory = mkdtempSync(join(tmpdir(), "opentrail-clock-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Started with a clock that the test sets. */
const clockFile = join(directory, "offset");
const environment = {
  NODE_OPTIONS: `--import=${pathToFileURL("test/fault/set-clock.js").href}`,
  OPENTRAIL_TEST_CLOCK: clockFile,
};
let offsetMs = 0;

function setClock(ms: number): void {
  offsetMs = ms;
  writeFileSync(clockFile, String(ms));
}

/** Creates users by these names; their requests are signed with the server's time. */
async function create(call: Caller, ...names: readonly string[]): Promise<readonly Answered[]> {
  const told: Answered[] = [];
  for (const UserName of names) told.push(await call("iam", "CreateUser", { UserName }));
  expect(told.every(({ status }) => status === 200)).toBe(true);
  return told;
}

function userOf(record: { readonly requestParameters?: Readonly<Record<string, unknown>> | null }): unknown {
  return record.requestParameters?.["userName"];
}

test("a clock that is set back an hour, and forth again, disorders and loses nothing", async () => {
  setClock(0);
  const dataDirectory = join(directory, "data");
  const server = await startServer({ dataDirectory, environment, flags: ["--limits-calls-per-second", "200"] });
  const call = callerOf(server, server.root, () => Date.now() + offsetMs);
  await create(call, "a", "b", "c");
  setClock(-HOUR_MS);
  const back = Math.floor((Date.now() - HOUR_MS) / 1000) * 1000;
  await create(call, "d", "e", "f");
  // Seen at once, though an hour of later events comes before them.
  expect((await recordsNamed(call, "CreateUser")).map(userOf)).toEqual(["c", "b", "a", "f", "e", "d"]);
  // A time range finds what the clock said, not what came when.
  const range = { StartTime: new Date(back - 1000), EndTime: new Date(back + 60_000) };
  const attribute = { AttributeKey: "EventName", AttributeValue: "CreateUser" };
  const inRange = await allRecords(call, { ...range, LookupAttributes: [attribute] });
  expect(inRange.map(userOf)).toEqual(["f", "e", "d"]);
  setClock(0);
  await create(call, "g");
  expect((await recordsNamed(call, "CreateUser")).map(userOf)).toEqual(["g", "c", "b", "a", "f", "e", "d"]);
  expect((await newestRecords(call)).length).toBeGreaterThan(7);
  await server.stop();
  const { texts } = await readJournal(dataDirectory);
  const arrived = texts.map((text) => JSON.parse(text) as { requestParameters: { userName?: string } | null });
  expect(arrived.map(userOf).filter((name) => name !== undefined)).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
});

test("a page token outlives a clock that is set back, and so does a restart", async () => {
  setClock(0);
  const dataDirectory = join(directory, "pages");
  const first = await startServer({ dataDirectory, environment });
  const before = callerOf(first, first.root, () => Date.now() + offsetMs);
  await create(before, "a", "b", "c");
  const query = { LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "CreateUser" }], MaxResults: 2 };
  const page = await before("cloudtrail", "LookupEvents", query);
  setClock(-HOUR_MS);
  await create(before, "d");
  const next = await before("cloudtrail", "LookupEvents", { ...query, NextToken: page.output["NextToken"] });
  expect(next.code).toBe("");
  const shown = (next.output["Events"] as readonly { readonly CloudTrailEvent: string }[]).map((event) =>
    userOf(JSON.parse(event.CloudTrailEvent) as { requestParameters: Record<string, unknown> }),
  );
  expect(shown).toEqual(["a"]);
  await first.kill();
  const second = await startServer({ dataDirectory, environment });
  const after = callerOf(second, second.root, () => Date.now() + offsetMs);
  await create(after, "e");
  expect((await recordsNamed(after, "CreateUser")).map(userOf)).toEqual(["c", "b", "a", "e", "d"]);
  await second.stop();
});
