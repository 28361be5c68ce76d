import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { assert, systemClock, systemRandom } from "../src/core/index.ts";
import { type JournalRecord, openJournal } from "../src/journal/index.ts";
import { DirectoryObjectStore } from "../src/store/index.ts";

/**
 * Durable records per second and the wait for each append, beside what one would write without a journal: an insert and
 * commit per record into SQLite, and a line and fsync per record into a file. Every cell counts afterwards what it
 * stored: a number only stands when nothing is missing.
 *
 *     node bench/journal.ts [--seconds 3] [--directory DIR] [--json]
 */
const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    directory: { type: "string", default: tmpdir() },
    json: { type: "boolean", default: false },
  },
});
const CELL_MS = Math.min(10, Number(options.seconds)) * 1000;
const SHAPES = [
  { producers: 1, batch: 1 },
  { producers: 16, batch: 1 },
  { producers: 256, batch: 1 },
  { producers: 16, batch: 100 },
] as const;

interface Target {
  append(records: readonly JournalRecord[]): Promise<unknown>;
  /** Closes, and answers how many records are stored. */
  count(): Promise<number>;
}

const TARGETS: Readonly<Record<string, (directory: string) => Promise<Target>>> = {
  journal: openJournalTarget,
  "SQLite, a commit per record": openSqliteTarget,
  "file, an fsync per record": openFileTarget,
};

interface Result {
  readonly target: string;
  readonly producers: number;
  readonly batch: number;
  readonly records: number;
  readonly recordsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const makeRecord = recordMaker();
const results: Result[] = [];
for (const shape of SHAPES) {
  for (const [name, openTarget] of Object.entries(TARGETS)) {
    const directory = await mkdtemp(join(options.directory, "opentrail-bench-"));
    try {
      results.push({ target: name, ...shape, ...(await measure(await openTarget(directory), shape)) });
    } finally {
      await rm(directory, { recursive: true });
    }
  }
}
process.stdout.write(options.json ? `${JSON.stringify(results, undefined, 2)}\n` : table(results));

async function measure(
  target: Target,
  { producers, batch }: { readonly producers: number; readonly batch: number },
): Promise<Pick<Result, "records" | "recordsPerSecond" | "p50Ms" | "p99Ms">> {
  const waitsMs: number[] = [];
  let records = 0;
  const start = performance.now();
  const produce = async (): Promise<void> => {
    while (performance.now() - start < CELL_MS) {
      const made = Array.from({ length: batch }, makeRecord);
      const asked = performance.now();
      await target.append(made);
      waitsMs.push(performance.now() - asked);
      records += batch;
    }
  };
  await Promise.all(Array.from({ length: producers }, produce));
  const elapsedMs = performance.now() - start;
  const stored = await target.count();
  assert(stored === records, `${records} records were acknowledged, ${stored} are stored`);
  waitsMs.sort((a, b) => a - b);
  const quantile = (share: number): number => waitsMs[Math.floor(share * (waitsMs.length - 1))] ?? 0;
  return { records, recordsPerSecond: (records * 1000) / elapsedMs, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

async function openJournalTarget(directory: string): Promise<Target> {
  const journal = await openJournal({
    directory: join(directory, "journal"),
    objects: new DirectoryObjectStore(join(directory, "objects")),
    clock: systemClock,
    random: systemRandom,
    log: {
      info: () => undefined,
      error: (facts, message) => process.stderr.write(`${message}: ${String(facts.err)}\n`),
    },
  });
  return {
    append: (records) => journal.append(records),
    count: async () => {
      let count = 0;
      while (count < journal.head) count += (await journal.read(count, 10_000)).length;
      await journal.close();
      return count;
    },
  };
}

async function openSqliteTarget(directory: string): Promise<Target> {
  const database = new DatabaseSync(join(directory, "records.db"));
  database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
  database.exec("create table records (sequence integer primary key, event_id text unique, record blob)");
  const insert = database.prepare("insert into records (event_id, record) values (?, ?)");
  return {
    append: async (records) => {
      for (const { eventID, bytes } of records) insert.run(eventID, bytes);
      // Others must get their turn, or one producer would have the whole time.
      await new Promise((resolve) => setImmediate(resolve));
    },
    count: async () => {
      const count = Number(database.prepare("select count(*) as count from records").get()?.count);
      database.close();
      return count;
    },
  };
}

async function openFileTarget(directory: string): Promise<Target> {
  const path = join(directory, "records.jsonl");
  const file = await open(path, "a");
  const newline = Buffer.from("\n");
  return {
    append: async (records) => {
      for (const { bytes } of records) {
        await file.write(Buffer.concat([bytes, newline]));
        await file.datasync();
      }
    },
    count: async () => {
      await file.close();
      let count = 0;
      for await (const piece of createReadStream(path)) {
        for (const byte of piece as Buffer) if (byte === 10) count += 1;
      }
      return count;
    },
  };
}

/** Makes records of about 1.5 kB that differ as real ones do: names, addresses, ids and times, not their structure. */
function recordMaker(): () => JournalRecord {
  const placeholder = "00000000-0000-4000-8000-000000000000";
  const templates = Array.from({ length: 4096 }, (_, number) => {
    const bytes = Buffer.from(JSON.stringify(exampleRecord(number, placeholder)));
    return { bytes, idAt: bytes.indexOf(placeholder) };
  });
  let made = 0;
  return () => {
    const template = templates[made++ % templates.length];
    assert(template !== undefined, "there are templates");
    const eventID = randomUUID();
    const bytes = Buffer.from(template.bytes);
    bytes.write(eventID, template.idAt, "latin1");
    return { eventID, bytes };
  };
}

function exampleRecord(number: number, eventID: string): unknown {
  const user = `user-${number % 97}`;
  const [eventSource, eventName] = [
    ["iam", "CreateUser"],
    ["s3", "PutBucketPolicy"],
    ["ec2", "DescribeInstances"],
    ["sts", "AssumeRole"],
    ["dynamodb", "DescribeTable"],
  ][number % 5] as [string, string];
  const principal = `AROA${(number * 2_654_435_761).toString(36).toUpperCase().padStart(17, "X").slice(0, 17)}`;
  return {
    eventVersion: "1.11",
    userIdentity: {
      type: "AssumedRole",
      principalId: `${principal}:${user}`,
      arn: `arn:aws:sts::123456789012:assumed-role/Operations/${user}`,
      accountId: "123456789012",
      accessKeyId: `ASIA${principal.slice(4, 20)}`,
      sessionContext: {
        sessionIssuer: {
          type: "Role",
          principalId: principal,
          arn: "arn:aws:iam::123456789012:role/Operations",
          accountId: "123456789012",
          userName: "Operations",
        },
        attributes: { creationDate: "2026-11-20T08:00:00Z", mfaAuthenticated: "false" },
      },
    },
    eventTime: new Date(1_763_625_600_000 + number * 250).toISOString().replace(/\.\d+/, ""),
    eventSource: `${eventSource}.amazonaws.com`,
    eventName,
    awsRegion: "eu-central-1",
    sourceIPAddress: `198.51.100.${number % 251}`,
    userAgent:
      "aws-cli/2.31.2 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.7 cfg/retry-mode#standard",
    requestParameters: { name: `resource-${number % 1009}`, tags: [{ key: "team", value: `team-${number % 13}` }] },
    responseElements: { id: randomUUID(), createDate: "Nov 20, 2026, 8:00:00 AM" },
    requestID: randomUUID(),
    eventID,
    readOnly: number % 5 > 1,
    resources: [{ accountId: "123456789012", type: "AWS::IAM::User", ARN: `arn:aws:iam::123456789012:user/${user}` }],
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: "123456789012",
    eventCategory: "Management",
    tlsDetails: {
      tlsVersion: "TLSv1.3",
      cipherSuite: "TLS_AES_128_GCM_SHA256",
      clientProvidedHostHeader: `${eventSource}.eu-central-1.amazonaws.com`,
    },
  };
}

function table(rows: readonly Result[]): string {
  const lines = [["producers × records", "target", "records/s", "p50 ms", "p99 ms", "stored"]];
  for (const { producers, batch, target, recordsPerSecond, p50Ms, p99Ms, records } of rows) {
    const shape = `${producers} × ${batch}`;
    lines.push([
      shape,
      target,
      Math.round(recordsPerSecond).toString(),
      p50Ms.toFixed(2),
      p99Ms.toFixed(2),
      `${records}`,
    ]);
  }
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string =>
    column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return lines.map((line) => `${line.map(pad).join("  ")}\n`).join("");
}
