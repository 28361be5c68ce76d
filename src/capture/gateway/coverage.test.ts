import { describe, expect, test } from "vitest";
import { Coverage, type MetricsPort } from "./coverage.ts";
import { SilenceWatch } from "./coverage-silence.ts";

/** What Prometheus would read, `name{labels}` to value. */
async function read(use: (coverage: Coverage) => void): Promise<Readonly<Record<string, number>>> {
  const clock = { now: () => 60_000, elapsed: () => 0 };
  const silence = await SilenceWatch.open({
    clock,
    random: { bytes: (count) => new Uint8Array(count), uuid: () => "0" },
    state: { load: async () => undefined, save: async () => undefined },
    record: async () => undefined,
    account: "123456789012",
    region: "us-east-1",
  });
  const coverage = new Coverage({
    clock,
    silence,
    routes: ["s3", "idle"],
    sources: () => ({
      store: { seen: 3, recorded: 1, skipped: 2, skippedBy: { "no time": 2 }, lastSeenMs: 30_000, problem: "append" },
    }),
    intentsOpen: () => 4,
  });
  use(coverage);
  const found: Record<string, number> = {};
  const metrics: MetricsPort = {
    samples: ({ name, labels }, samples) => {
      for (const [values, value] of samples()) {
        expect(Object.keys(values).every((label) => labels.includes(label))).toBe(true);
        found[`${name.replace("opentrail_capture_", "")} ${Object.values(values).join(" ")}`.trim()] = value;
      }
    },
  };
  coverage.export(metrics);
  return found;
}

describe("Coverage", () => {
  test("tells of every route what came, how it ended, and what was lost", async () => {
    const found = await read((coverage) => {
      for (let call = 0; call < 4; call++) coverage.seen("s3");
      coverage.ended("s3", "ok");
      coverage.ended("s3", "denied");
      coverage.ended("s3", "unrecorded");
      coverage.excluded("s3");
      coverage.dropped("s3", 2);
    });
    expect(found).toMatchObject({
      "seen_total route s3": 4,
      "recorded_total route s3": 2,
      "outcomes_total route s3 ok": 1,
      "outcomes_total route s3 denied": 1,
      "outcomes_total route s3 client error": 0,
      "lost_total route s3": 3,
      "excluded_total route s3": 1,
      "under_way route s3": 1,
      "last_seen_seconds route s3": 60,
      "silent route s3": 0,
      intents_open: 4,
    });
  });

  test("tells of routes that nobody calls, and of sources", async () => {
    expect(await read(() => undefined)).toMatchObject({
      "seen_total route idle": 0,
      "last_seen_seconds route idle": 0,
      "seen_total source store": 3,
      "recorded_total source store": 1,
      "skipped_total source store no time": 2,
      "problem source store": 1,
      "last_seen_seconds source store": 30,
    });
  });
});
