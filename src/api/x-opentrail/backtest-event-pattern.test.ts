import { describe, expect, test } from "vitest";
import type { XOpentrailOperations } from "../../aws/index.ts";
import { PageTokens, type Refusal } from "../../core/index.ts";
import { backtestOperations } from "./backtest-event-pattern.ts";

type Input = XOpentrailOperations["BacktestEventPattern"]["input"];

const ACCOUNT = "123456789012";
const NOW = Date.UTC(2026, 10, 20, 12);
const EventPattern = '{"detail":{"eventName":["DeleteTable"]}}';

/** `count` calls, a second apart, that end now. */
function open(count: number) {
  const entries = Array.from({ length: count }, (_, sequence) => {
    const record = {
      eventTime: new Date(NOW - (count - sequence) * 1000).toISOString(),
      eventSource: "dynamodb.amazonaws.com",
      eventName: sequence % 2 === 0 ? "DeleteTable" : "PutItem",
      awsRegion: sequence % 4 === 0 ? "us-east-1" : "eu-central-1",
      eventID: `event ${sequence}`,
      recipientAccountId: ACCOUNT,
    };
    return { sequence, bytes: Buffer.from(JSON.stringify(record)) };
  });
  const journal = {
    head: count,
    segments: [],
    read: async (from: number, limit = 1000) => entries.slice(from, from + limit),
  };
  const { BacktestEventPattern } = backtestOperations({ journal, tokens: new PageTokens(new Uint8Array(32)) });
  return (input: Partial<Input> = {}, account = ACCOUNT) =>
    BacktestEventPattern.run({ EventPattern, ...input }, {
      caller: { account },
      region: "eu-central-1",
      now: NOW,
    } as never);
}

describe("BacktestEventPattern", () => {
  test("tells how often, when and on what a rule would have fired", async () => {
    const backtest = open(8);
    const { Samples, ...rest } = await backtest({ MaxSamples: 1 });
    expect(rest).toEqual({
      ScannedEvents: 6,
      MatchedEvents: 2,
      Days: [{ Date: "2026-11-20", Count: 2 }],
      FractionDone: 1,
    });
    expect(Samples?.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { id: "event 2", region: "eu-central-1" },
    ]);
    expect(await backtest({ AllRegions: true })).toMatchObject({ ScannedEvents: 8, MatchedEvents: 4 });
    expect(await backtest({ StartTime: new Date(NOW - 2500) })).toMatchObject({ ScannedEvents: 2, MatchedEvents: 1 });
    expect(await backtest({ EndTime: new Date(NOW - 2500) })).toMatchObject({ ScannedEvents: 4 });
    expect(await backtest({}, "210987654321")).toMatchObject({ ScannedEvents: 0 });
  });

  test("reads a bounded part a call, and goes on by its token", async () => {
    const backtest = open(50_000);
    let matched = 0;
    const fractions: number[] = [];
    let samples = 0;
    let NextToken: string | undefined;
    do {
      const page = await backtest({ AllRegions: true, MaxSamples: 3, NextToken });
      matched += Number(page.MatchedEvents);
      samples += page.Samples?.length ?? 0;
      fractions.push(page.FractionDone ?? 0);
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect({ matched, samples, fractions }).toEqual({ matched: 25_000, samples: 3, fractions: [0.4, 0.8, 1] });
  });

  test.each([
    [{ EventPattern: "[]" }, "InvalidEventPatternException"],
    [{ NextToken: "x.y" }, "InvalidNextTokenException"],
    [{ StartTime: new Date(NOW), EndTime: new Date(0) }, "ValidationException"],
  ])("refuses %j", async (input, code) => {
    await expect(open(1)(input)).rejects.toMatchObject({ code } satisfies Partial<Refusal>);
  });

  test("refuses a token that came from another query", async () => {
    const backtest = open(20_001);
    const { NextToken } = await backtest();
    expect(NextToken).toBeDefined();
    await expect(backtest({ NextToken, AllRegions: true })).rejects.toMatchObject({
      code: "InvalidNextTokenException",
    });
    expect(await backtest({ NextToken })).toMatchObject({ FractionDone: 1 });
  });
});
