import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { systemClock, systemRandom } from "../../src/core/index.ts";
import { openJournal } from "../../src/journal/index.ts";
import type { AuditRecord } from "../../src/record/index.ts";
import { DirectoryObjectStore } from "../../src/store/index.ts";

const ROUNDS = Number(process.env["OPENTRAIL_TEST_KILLS"] ?? 4);
const CALLER = fileURLToPath(new URL("./audit-caller.ts", import.meta.url));

test(
  `begin() and finish() answered before kill -9 are told once, after ${ROUNDS} kills under load`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "opentrail-audit-kill-"));
    try {
      for (let round = 0; round < ROUNDS; round++) await callUntilKilled(directory, round);
      await expectQuietEnd(directory);
      const told = await toldIn(directory);
      const { begun, finished } = await ledgerOf(directory);
      expect(told.map(({ eventID }) => eventID).length).toBe(new Set(told.map(({ eventID }) => eventID)).size);
      const outcomes = new Map(told.map((record) => [record.eventID, outcomeOf(record)]));
      expect([...finished].filter((id) => outcomes.get(id) !== "known")).toEqual([]);
      const unfinished = [...begun].filter((id) => id.startsWith("required") && !finished.has(id));
      // One whose finish() was under way may be told with its outcome, but it is told.
      expect(unfinished.filter((id) => !outcomes.has(id))).toEqual([]);
      const never = unfinished.filter((id) => Number(id.split("-").at(-1)) % 3 === 0);
      expect(never.filter((id) => outcomes.get(id) !== "unknown")).toEqual([]);
      expect(finished.size).toBeGreaterThan(ROUNDS * 16);
      expect(never.length).toBeGreaterThan(ROUNDS);
    } finally {
      await rm(directory, { recursive: true });
    }
  },
  ROUNDS * 5000,
);

async function callUntilKilled(directory: string, round: number): Promise<void> {
  const caller = spawnCaller(directory, String(round));
  await Promise.race([once(caller.process.stdout, "data"), caller.closed]);
  await sleep(Math.random() * 150);
  caller.process.kill("SIGKILL");
  await caller.closed;
  expect(caller.said()).toEqual({ output: "open\n", errors: "" });
}

async function expectQuietEnd(directory: string): Promise<void> {
  const caller = spawnCaller(directory);
  await caller.closed;
  expect(caller.said()).toEqual({ output: "", errors: "" });
}

function spawnCaller(...parameters: readonly string[]): {
  readonly process: ChildProcessWithoutNullStreams;
  readonly closed: Promise<unknown>;
  readonly said: () => { output: string; errors: string };
} {
  const caller = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", CALLER, ...parameters]);
  const said = { output: "", errors: "" };
  caller.stdout.on("data", (bytes: Buffer) => (said.output += bytes.toString()));
  caller.stderr.on("data", (bytes: Buffer) => (said.errors += bytes.toString()));
  return { process: caller, closed: once(caller, "close"), said: () => said };
}

async function ledgerOf(directory: string): Promise<{ begun: Set<string>; finished: Set<string> }> {
  const lines = (await readFile(join(directory, "ledger"), "latin1")).split("\n").slice(0, -1);
  const of = (word: string): Set<string> =>
    new Set(lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length + 1)));
  return { begun: of("begun"), finished: of("finished") };
}

function outcomeOf({ additionalEventData }: AuditRecord): string {
  return (additionalEventData as { outcome: string }).outcome;
}

async function toldIn(directory: string): Promise<readonly AuditRecord[]> {
  const journal = await openJournal(
    {
      directory: join(directory, "journal"),
      objects: new DirectoryObjectStore(join(directory, "objects")),
      clock: systemClock,
      random: systemRandom,
      log: { info: () => undefined, error: () => undefined },
    },
    { segmentRecords: 512 },
  );
  const records: AuditRecord[] = [];
  while (records.length < journal.head) {
    for (const { bytes } of await journal.read(records.length)) {
      records.push(JSON.parse(Buffer.from(bytes).toString()) as AuditRecord);
    }
  }
  await journal.close();
  return records;
}
