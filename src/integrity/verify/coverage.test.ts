import { expect, test } from "vitest";
import { Coverage } from "./coverage.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.parse("2026-03-01T10:00:30Z");

function logKey(stamp: string): string {
  const name = `123456789012_CloudTrail_us-east-1_20260301T${stamp}Z_0000000000000000.json.gz`;
  return `AWSLogs/123456789012/CloudTrail/us-east-1/2026/03/01/${name}`;
}

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
  expect(coverage.judge(logKey(stamp))).toBe(verdict);
});
