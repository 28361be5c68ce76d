import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runCommandLine } from "./command-line.fixture.ts";
import { serveAnswers } from "./opentrail-server.fixture.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const SAMPLE = JSON.stringify({
  "detail-type": "AWS API Call via CloudTrail",
  time: "2026-11-19T08:30:00Z",
  detail: {
    eventName: "DeleteTable",
    eventID: "e-1",
    errorCode: "AccessDenied",
    userIdentity: { arn: "arn:aws:iam::123456789012:user/Jun\u001b[31mior" },
  },
});
const PAGES = [
  { ScannedEvents: 90, MatchedEvents: 2, Days: [{ Date: "2026-11-18", Count: 2 }], FractionDone: 0.5, NextToken: "t" },
  {
    ScannedEvents: 10,
    MatchedEvents: 1,
    Days: [
      { Date: "2026-11-18", Count: 0 },
      { Date: "2026-11-19", Count: 1 },
    ],
    Samples: [SAMPLE],
    FractionDone: 1,
  },
];

function folderWith(pattern: string): string {
  const cwd = mkdtempSync(join(tmpdir(), "opentrail-cli-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  writeFileSync(join(cwd, "pattern.json"), pattern);
  return cwd;
}

const PATTERN = '{"detail":{"eventName":["DeleteTable"]}}';

describe("opentrail rules test", () => {
  test("asks page after page and tells how often, when and on which events", async () => {
    const { endpoint, calls } = await serveAnswers({ BacktestEventPattern: PAGES });
    const run = await runCommandLine("rules test --pattern pattern.json --since 2d --utc", {
      cwd: folderWith(PATTERN),
      env: { AWS_ENDPOINT_URL: endpoint },
      now: NOW,
    });
    expect(run.err).toBe("");
    expect(run.out).toMatchInlineSnapshot(`
      "would have fired 3 times on 100 events
        2026-11-18  2  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
        2026-11-19  1  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇

      the latest of them
        2026-11-19 08:30:00  DeleteTable  AccessDenied  arn:aws:iam::123456789012:user/Jun\\u001b[31mior  e-1
      "
    `);
    expect(calls.map(({ input }) => input)).toEqual([
      { EventPattern: PATTERN, StartTime: NOW / 1000 - 2 * 86_400, MaxSamples: 5 },
      { EventPattern: PATTERN, StartTime: NOW / 1000 - 2 * 86_400, MaxSamples: 5, NextToken: "t" },
    ]);
  });

  test("answers one object with --json", async () => {
    const { endpoint } = await serveAnswers({ BacktestEventPattern: PAGES });
    const run = await runCommandLine("rules test --pattern pattern.json --json --all-reads --all-regions", {
      cwd: folderWith(PATTERN),
      env: { AWS_ENDPOINT_URL: endpoint },
      now: NOW,
    });
    expect(JSON.parse(run.out)).toEqual({
      ScannedEvents: 100,
      MatchedEvents: 3,
      Days: { "2026-11-18": 2, "2026-11-19": 1 },
      Samples: [JSON.parse(SAMPLE)],
    });
  });

  test("shows how far it is on a terminal, and what to try when nothing matched", async () => {
    const pages = [
      { ScannedEvents: 5, FractionDone: 0.5, NextToken: "t" },
      { ScannedEvents: 5, FractionDone: 1 },
    ];
    const { endpoint } = await serveAnswers({ BacktestEventPattern: pages });
    const run = await runCommandLine("rules test --pattern pattern.json --no-color", {
      cwd: folderWith(PATTERN),
      env: { AWS_ENDPOINT_URL: endpoint },
      now: NOW,
      terminal: true,
    });
    expect(run.err).toContain("50 %  0 so far");
    expect(run.err).toContain("Nothing matched. Calls that only read need --all-reads, other Regions --all-regions.");
    expect(run.out).toBe("would have fired 0 times on 10 events\n");
  });

  test.each([
    ["rules test --pattern pattern.json --since yesterday", 2, "--since yesterday is no time such as 2h"],
    ["rules test --pattern pattern.json --samples many", 2, "--samples many is no whole number from 0 to 100"],
    ["rules test --pattern missing.json", 1, "read the pattern in missing.json: ENOENT"],
    ["rules test", 2, "required option '--pattern <file>' not specified"],
  ])("%s ends with %i", async (words, code, said) => {
    const run = await runCommandLine(words, { cwd: folderWith(PATTERN), now: NOW });
    expect(run.code).toBe(code);
    expect(run.err).toContain(said);
  });
});

describe("opentrail rules template", () => {
  test.each(["slack", "teams", "pagerduty"])("prints a target for %s as put-targets takes it", async (receiver) => {
    const arn = "arn:aws:events:us-east-1:123456789012:api-destination/hook/1";
    const run = await runCommandLine(`rules template ${receiver} --arn ${arn}`);
    expect(run.err).toBe("");
    const [target] = JSON.parse(run.out) as [Record<string, { InputPathsMap?: object; InputTemplate?: string }>];
    expect(target).toMatchObject({ Id: "notify", Arn: arn });
    expect(target["InputTransformer"]?.InputTemplate).toContain("<name>");
  });

  test("says which there are", async () => {
    const run = await runCommandLine("rules template irc --arn x");
    expect(run.code).toBe(2);
    expect(run.err).toContain("irc is none of slack, teams, pagerduty");
  });
});
