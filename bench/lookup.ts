/**
 * How fast event history finds events, and what finding costs in bytes.
 *
 *   node bench/lookup.ts [--events 1000000] [--alone] [--json]
 *
 * `--alone` leaves out the comparison with SQLite, which takes most of the time; above a million events it is left out
 * anyway. Segments are built directly from synthetic records, without the journal's commits. Every answer is checked: each
 * event against the question, and for the probes the count and the first ten pages against what the generator counted.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { assert, PageTokens } from "../src/core/index.ts";
import { type History, type HistoryEvent, type LookupQuery, openHistory } from "../src/history/index.ts";
import { type AuditRecord, LOOKUP_ATTRIBUTE_NAMES, lookupEntry } from "../src/record/index.ts";
import { DirectoryObjectStore } from "../src/store/index.ts";
import { buildEvents, type BuiltEvents, type Probe, prune, START_MS } from "./lookup-events.ts";
import { ScanRival, SqliteRival } from "./lookup-rivals.ts";
import { SYNTHETIC_ACCOUNT, SYNTHETIC_REGION } from "./synthetic-records.ts";

type Attributes = LookupQuery["attributes"];

const { values: flags } = parseArgs({
  options: {
    events: { type: "string", default: "1000000" },
    alone: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const count = Number(flags.events);
/** Above this the rivals take longer than anybody waits. */
const RIVAL_EVENTS_MAX = 1_000_000;
const SCAN_EVENTS = 20_000;

const PROBES: readonly (readonly [attributes: Attributes, holds: Probe["holds"]])[] = [
  [[], () => true],
  [[{ key: "EventName", value: "Decrypt" }], ({ eventName }) => eventName === "Decrypt"],
  [[{ key: "EventName", value: "CreateUser" }], ({ eventName }) => eventName === "CreateUser"],
  [[{ key: "ReadOnly", value: "true" }], ({ readOnly }) => readOnly === true],
  [[{ key: "ReadOnly", value: "false" }], ({ readOnly }) => readOnly === false],
  [[{ key: "Username", value: "user-0" }], ({ userIdentity }) => userIdentity.userName === "user-0"],
  [[{ key: "Username", value: "user-399" }], ({ userIdentity }) => userIdentity.userName === "user-399"],
  [[{ key: "EventSource", value: "dynamodb.amazonaws.com" }], ({ eventSource }) => eventSource.startsWith("dynamodb.")],
  [[{ key: "ResourceType", value: "AWS::KMS::Key" }], ({ eventSource }) => eventSource.startsWith("kms.")],
  [
    [{ key: "ResourceName", value: "arn:aws:s3:::data-77-123456789012" }],
    ({ resources }) => resources?.[0]?.ARN === "arn:aws:s3:::data-77-123456789012",
  ],
  [
    [
      { key: "Username", value: "user-7" },
      { key: "EventName", value: "CreateUser" },
    ],
    ({ userIdentity, eventName }) => userIdentity.userName === "user-7" && eventName === "CreateUser",
  ],
  [[{ key: "EventId", value: "no such event" }], () => false],
];

interface Row {
  readonly question: string;
  readonly requests: number;
  readonly firstP50: number;
  readonly firstP99: number;
  readonly tenthP50: number | undefined;
  readonly tenthP99: number | undefined;
  /** First pages, one after the other. */
  readonly perSecond: number;
  /** Processor milliseconds per page, all threads: what a busy machine does not distort. */
  readonly cpuMs: number;
  readonly sqliteP50: number | undefined;
  readonly sqliteP99: number | undefined;
}

const directory = mkdtempSync(join(tmpdir(), "opentrail-bench-"));
try {
  await run();
} finally {
  rmSync(directory, { recursive: true });
}

async function run(): Promise<void> {
  const objects = new DirectoryObjectStore(directory);
  const sqlite =
    count <= RIVAL_EVENTS_MAX && !flags.alone ? new SqliteRival(join(directory, "rival.sqlite")) : undefined;
  const scan = new ScanRival();
  const probes = PROBES.map(([attributes, holds]) => ({
    name: nameOf(attributes),
    attributes,
    holds,
    count: 0,
    newest: [],
  }));
  const built = await buildEvents(objects, count, probes, (sequence, made) => {
    sqlite?.add(sequence, made);
    if (sequence < SCAN_EVENTS) scan.add(made);
  });
  const sqliteS = sqlite?.finish();
  const endMs = START_MS + 30 * 86_400_000;
  const clock = { now: () => endMs, elapsed: () => performance.now() };
  const tokens = new PageTokens(new Uint8Array(32));
  const opened = performance.now();
  const history = await openHistory({ journal: built.journal, clock, tokens });
  const openMs = performance.now() - opened;
  for (const probe of probes) await checkProbe(history, probe);
  const rows: Row[] = [];
  for (const [question, asked] of questions(built.sample)) rows.push(await measure(history, question, asked, sqlite));
  const scanMs = scan.msPerMillion(({ userIdentity }) => userIdentity.userName === "user-7");
  const report = {
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
    ...sizes(built),
    openMs,
    rows,
    probes: probes.map(({ name, count }) => ({ name, count })),
  };
  const rivals = { sqliteS, sqliteBytesPerEvent: sqlite && sqlite.fileBytes / count, scanMsPerMillion: scanMs };
  sqlite?.close();
  objects.close();
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...report, rivals }, undefined, 2)}\n`);
  else print(report, rivals);
}

function nameOf(attributes: Attributes): string {
  return attributes.map(({ key, value }) => `${key}=${value}`).join(" and ") || "everything";
}

function queryOf(attributes: Attributes, nextToken?: string): LookupQuery {
  const base = {
    account: SYNTHETIC_ACCOUNT,
    region: SYNTHETIC_REGION,
    category: "management",
    maxResults: 50,
  } as const;
  return { ...base, attributes, ...(nextToken !== undefined && { nextToken }) };
}

/** The first ten pages are those of the generator, and a question with few answers gets exactly so many. */
async function checkProbe(history: History, probe: Probe & { readonly attributes: Attributes }): Promise<void> {
  prune(probe);
  const found: (string | undefined)[] = [];
  let token: string | undefined;
  do {
    const page = await history.lookup(queryOf(probe.attributes, token));
    found.push(...page.events.map(({ EventId }) => EventId));
    token = page.nextToken;
  } while (token !== undefined && found.length < 500);
  const expected = probe.newest.slice(0, 500).map(({ eventID }) => eventID);
  assert(found.length === Math.min(500, probe.count), `${probe.name}: ${found.length} events, not ${probe.count}`);
  assert(
    found.every((id, index) => id === expected[index]),
    `${probe.name}: the first ${found.length} events are the newest`,
  );
}

/** What is asked: per attribute the values of the sampled records, as often as they stand there. */
function* questions(sample: readonly AuditRecord[]): Generator<readonly [string, readonly Attributes[]]> {
  const entries = sample.map((record) => lookupEntry(record)?.attributes ?? []);
  yield ["everything", sample.map(() => [])];
  for (const name of LOOKUP_ATTRIBUTE_NAMES) {
    const asked = entries.flatMap((attributes) => {
      const [, value] = attributes.find(([found]) => found === name) ?? [];
      return value === undefined ? [] : [[{ key: name, value }]];
    });
    yield [name, asked];
  }
  const pairs = sample.map((record): Attributes => {
    const attributes = lookupEntry(record)?.attributes ?? [];
    const [, Username = ""] = attributes.find(([name]) => name === "Username") ?? [];
    return [
      { key: "Username", value: Username },
      { key: "EventName", value: record.eventName },
    ];
  });
  yield ["Username and EventName", pairs];
}

async function measure(
  history: History,
  question: string,
  asked: readonly Attributes[],
  sqlite: SqliteRival | undefined,
): Promise<Row> {
  const first: number[] = [];
  const tenth: number[] = [];
  const rival: number[] = [];
  let cpuMs = 0;
  for (const attributes of asked) {
    const before = process.cpuUsage();
    let started = performance.now();
    let page = await history.lookup(queryOf(attributes));
    first.push(performance.now() - started);
    const { user, system } = process.cpuUsage(before);
    cpuMs += (user + system) / 1000;
    checkPage(page.events, attributes);
    for (let number = 2; number <= 10 && page.nextToken !== undefined; number++) {
      started = performance.now();
      page = await history.lookup(queryOf(attributes, page.nextToken));
      if (number === 10) tenth.push(performance.now() - started);
      checkPage(page.events, attributes);
    }
    if (sqlite !== undefined && attributes.length < 2) {
      rival.push(sqlite.firstPageMs(attributes[0]?.key, attributes[0]?.value ?? ""));
    }
  }
  return {
    question,
    requests: first.length,
    firstP50: quantile(first, 0.5) ?? Number.NaN,
    firstP99: quantile(first, 0.99) ?? Number.NaN,
    tenthP50: quantile(tenth, 0.5),
    tenthP99: quantile(tenth, 0.99),
    perSecond: first.length / (first.reduce((sum, ms) => sum + ms, 0) / 1000),
    cpuMs: cpuMs / first.length,
    sqliteP50: quantile(rival, 0.5),
    sqliteP99: quantile(rival, 0.99),
  };
}

/** Every value was taken from an event that is there, so no page is empty; each of its events matches, newest first. */
function checkPage(events: readonly HistoryEvent[], attributes: Attributes): void {
  assert(events.length > 0, `${nameOf(attributes)}: at least the sampled event`);
  for (const [index, event] of events.entries()) {
    const found = lookupEntry(JSON.parse(event.CloudTrailEvent) as AuditRecord)?.attributes ?? [];
    const matches = attributes.every(({ key, value }) => found.some(([name, text]) => name === key && text === value));
    const ordered = event.EventTime <= (events[index - 1]?.EventTime ?? event.EventTime);
    assert(matches && ordered, `${nameOf(attributes)}: event ${index} of the page`);
  }
}

function quantile(values: readonly number[], share: number): number | undefined {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length * share)];
}

function sizes({ journal, rawBytes, fileBytes, buildS }: BuiltEvents): Readonly<Record<string, number>> {
  const sealed = journal.segments.reduce((sum, segment) => sum + segment.count, 0);
  const bytes: Record<string, number> = {};
  for (const segment of journal.segments) {
    for (const [part, length] of Object.entries(segment.sectionBytes)) bytes[part] = (bytes[part] ?? 0) + length;
  }
  const per = (...parts: readonly string[]): number =>
    parts.reduce((sum, part) => sum + (bytes[part] ?? 0), 0) / sealed;
  return {
    events: journal.head,
    segments: journal.segments.length,
    rawBytesPerEvent: rawBytes / journal.head,
    blockBytesPerEvent: per("dictionary", "blocks", "block table"),
    indexBytesPerEvent: per("order", "order table", "terms", "term fences", "term filter", "postings"),
    leafBytesPerEvent: per("leaves"),
    fileBytesPerEvent: fileBytes / sealed,
    builtPerSecond: sealed / buildS,
    rssMiB: process.memoryUsage.rss() / 1024 / 1024,
  };
}

function print(report: Readonly<Record<string, unknown>> & { readonly rows: readonly Row[] }, rivals: object): void {
  const tidy = (value: unknown): unknown => (typeof value === "number" ? Math.round(value * 100) / 100 : value);
  const { rows, probes, ...facts } = report;
  for (const [name, value] of Object.entries({ ...facts, ...rivals })) {
    if (value !== undefined) process.stdout.write(`${name.padEnd(22)} ${String(tidy(value))}\n`);
  }
  console.table(rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, tidy(value)]))));
  console.table(probes);
}
