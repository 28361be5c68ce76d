/**
 * How many events a second the rules of a bus can be asked about.
 *
 *   node bench/rules.ts [--json]
 *
 * Events are the real records of ../shared/data/records in EventBridge's envelope; patterns are made of their values.
 * Every row is checked: the index must find the same rules for the same events as asking one pattern after the other
 * does, which is measured beside it (of more than 1,000 patterns on a part of the events, for it takes long).
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { assert } from "../src/core/index.ts";
import {
  type EventPattern,
  type JsonObject,
  matchesPattern,
  parseEventPattern,
  PatternIndex,
} from "../src/patterns/index.ts";
import type { AuditRecord } from "../src/record/index.ts";
import { hostilePatterns, realisticPatterns, sourceOf } from "./rule-patterns.ts";

const { values: flags } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const RECORDS = join(import.meta.dirname, "../../shared/data/records");
/** How long a number is measured for. */
const MEASURE_MS = 2_000;
/** Patterns times events that are asked one by one for the known answer. */
const NAIVE_PAIRS_MAX = 2_000_000;

interface Row {
  readonly patterns: string;
  /** Rules that matched, over all events once. */
  readonly matches: number;
  readonly eventsPerSecond: number;
  readonly parsedEventsPerSecond: number;
  readonly naiveEventsPerSecond: number;
  readonly setMicroseconds: number;
  readonly replaceMicroseconds: number;
}

if (!existsSync(RECORDS)) {
  process.stdout.write("skipped: ../shared/data/records is not there\n");
} else {
  run();
}

function run(): void {
  const records = readRecords();
  const texts = records.map((record, number) => JSON.stringify(envelope(record, number)));
  const rows = [
    ...[1, 100, 1_000, 10_000].map((count) => measure(`${count}`, realisticPatterns(records, count), texts)),
    ...[1_000, 10_000].map((count) => measure(`${count} hostile`, hostilePatterns(count), texts)),
  ];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const machine = `${cpus().length} × ${cpus()[0]?.model}`;
  if (flags.json)
    process.stdout.write(`${JSON.stringify({ machine, events: texts.length, bytes, rows }, undefined, 2)}\n`);
  else print(machine, texts.length, bytes, rows);
}

function readRecords(): readonly AuditRecord[] {
  const read = (file: string): string => gunzipSync(readFileSync(join(RECORDS, file))).toString("utf8");
  const delivered = globSync("invictus/**/*.json.gz", { cwd: RECORDS })
    .sort()
    .flatMap((file) => (JSON.parse(read(file)) as { Records: AuditRecord[] }).Records);
  const published = globSync("{awsdocs,stratus}/*.jsonl.gz", { cwd: RECORDS })
    .sort()
    .flatMap((file) => read(file).trim().split("\n"))
    .map((line) => (JSON.parse(line) as { record: AuditRecord }).record);
  // A few published samples are cut.
  return [...delivered, ...published].filter((record) => record.eventSource && record.eventName && record.userIdentity);
}

function envelope(record: AuditRecord, number: number): object {
  return {
    version: "0",
    id: `${number}`.padStart(36, "0"),
    "detail-type": "AWS API Call via CloudTrail",
    source: sourceOf(record),
    account: record.recipientAccountId ?? "000000000000",
    time: record.eventTime,
    region: record.awsRegion,
    resources: [],
    detail: record,
  };
}

function measure(name: string, texts: readonly string[], eventTexts: readonly string[]): Row {
  const patterns = texts.map(parseEventPattern);
  const events = eventTexts.map((text) => JSON.parse(text) as JsonObject);
  const index = new PatternIndex<number>();
  const setMs = timeOf(() => patterns.forEach((pattern, key) => index.set(key, pattern)));
  const replaceMs = timeOf(() => patterns.forEach((pattern, key) => index.set(key, pattern)));
  const naiveEventsPerSecond = check(index, patterns, events);
  const matches = events.reduce((sum, event) => sum + index.match(event).length, 0);
  return {
    patterns: name,
    matches,
    eventsPerSecond: perSecond(events, (event) => index.match(event).length, matches),
    parsedEventsPerSecond: perSecond(eventTexts, (text) => index.match(JSON.parse(text) as JsonObject).length, matches),
    naiveEventsPerSecond,
    setMicroseconds: (setMs * 1000) / patterns.length,
    replaceMicroseconds: (replaceMs * 1000) / patterns.length,
  };
}

/** The known answer, and how many events a second it takes to find it one by one. */
function check(index: PatternIndex<number>, patterns: readonly EventPattern[], events: readonly JsonObject[]): number {
  const every = Math.ceil((patterns.length * events.length) / NAIVE_PAIRS_MAX);
  const asked = events.filter((_, number) => number % every === 0);
  const answers: number[][] = [];
  const ms = timeOf(() => {
    for (const event of asked) answers.push([...patterns.keys()].filter((key) => matches(patterns, key, event)));
  });
  for (const [number, event] of asked.entries()) {
    const found = index.match(event).sort((a, b) => a - b);
    assert(
      found.join() === answers[number]?.join(),
      `event ${number * every} matches the rules that match it one by one`,
    );
  }
  return (asked.length * 1000) / ms;
}

function matches(patterns: readonly EventPattern[], key: number, event: JsonObject): boolean {
  const pattern = patterns[key];
  return pattern !== undefined && matchesPattern(pattern, event);
}

/**
 * Rounds over all items until the time is over, by the thread's own processor time; the matches of every round must be as
 * many as they were.
 */
function perSecond<Item>(items: readonly Item[], match: (item: Item) => number, expected: number): number {
  let rounds = 0;
  let elapsedMs = 0;
  while (elapsedMs < MEASURE_MS) {
    let found = 0;
    elapsedMs += timeOf(() => {
      for (const item of items) found += match(item);
    });
    assert(found === expected, `${found} matches are ${expected}`);
    rounds += 1;
  }
  return (rounds * items.length * 1000) / elapsedMs;
}

/** Milliseconds of this thread's processor time, which other programs on the machine do not lengthen. */
function timeOf(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

function print(machine: string, events: number, bytes: number, rows: readonly Row[]): void {
  const number = (value: number, digits: number = 0): string =>
    value.toLocaleString("en", { maximumFractionDigits: digits });
  process.stdout.write(
    `${machine}; ${number(events)} events of ${number(bytes / events)} bytes on average; one thread\n`,
  );
  const lines = [
    ["patterns", "matches", "events/s", "with JSON.parse", "one by one", "µs per set", "µs per replacement"],
    ...rows.map((row) => [
      row.patterns,
      number(row.matches),
      number(row.eventsPerSecond),
      number(row.parsedEventsPerSecond),
      number(row.naiveEventsPerSecond),
      number(row.setMicroseconds, 1),
      number(row.replaceMicroseconds, 1),
    ]),
  ];
  for (const line of lines) process.stdout.write(`${line.map((cell) => cell.padStart(18)).join("")}\n`);
}
