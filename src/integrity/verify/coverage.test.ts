import { expect, test } from "vitest";
import { Coverage } from "./coverage.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.parse("2026-03-01T10:00:30Z");

function logKey(stamp: string): string {
  const name = `123456789012_CloudTrail_us-east-1_20260301T${stamp}Z_0000000000000000.json.gz`;
  return `AWSLogs/123456789012/CloudTrail/us-east-1/2026/03/01/${name}`;
}

const END_MS = START_MS + 120 * MINUTE_MS;

/** Digest files of so many milliseconds, one after the other, up to `END`. */
function covered(intervalMs: number, endMs: number): Coverage {
  const coverage = new Coverage();
  for (let fromMs = START_MS; fromMs < endMs; fromMs += intervalMs) {
    coverage.add({ fromMs, toMs: fromMs + intervalMs }, []);
  }
  return coverage;
}

test.each([
  ["open", "in the last hour's quarter that is left to its delivery", 60 * MINUTE_MS, "1145"],
  ["foreign", "that its digest file should know", 60 * MINUTE_MS, "1144"],
  ["open", "of the minute in which digest files of seconds end", 2_000, "1200"],
  ["foreign", "of the minute before", 2_000, "1159"],
  ["open", "from before the first digest file", 2_000, "1000"],
] as const)("Coverage.judge() takes as %s an unlisted log file %s", (verdict, _, intervalMs, stamp) => {
  const coverage = covered(intervalMs, START_MS + 120 * MINUTE_MS);
  expect(coverage.judge({ key: logKey(stamp) }, coverage.intervalMs() + END_MS)).toBe(verdict);
});

test.each([
  ["open", "put after the newest digest file, while the next one is not overdue", END_MS, END_MS + 90 * MINUTE_MS],
  ["foreign", "put before it", END_MS - 1_000, END_MS + 90 * MINUTE_MS],
  ["foreign", "put after the newest digest file, when the next one is overdue", END_MS, END_MS + 121 * MINUTE_MS],
] as const)("Coverage.judge() takes as %s an unlisted log file of an earlier hour %s", (verdict, _, putMs, now) => {
  const coverage = covered(60 * MINUTE_MS, END_MS);
  expect(coverage.judge({ key: logKey("1030"), putMs }, now)).toBe(verdict);
});
