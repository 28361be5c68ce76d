import type { Kysely } from "kysely";
import { describe, expect, test } from "vitest";
import { systemRandom } from "../core/index.ts";
import type { RulesTables } from "./events.ts";
import type { BusEvent, Rule } from "./rule.ts";
import { putRule } from "./rules.ts";
import { readSchedules } from "./schedule-tables.ts";
import { fireDue } from "./schedules.ts";
import { ACCOUNT, BUS, NOW, openRulesTables, REGION, SetClock, silent } from "./tables.fixture.ts";

const MINUTE = 60_000;

function scheduled(name: string, scheduleExpression: string, state: Rule["state"] = "ENABLED"): Rule {
  const arn = `arn:aws:events:${REGION}:${ACCOUNT}:rule/${name}`;
  const place = { account: ACCOUNT, region: REGION, busArn: BUS, createdBy: ACCOUNT, everywhere: false };
  return { arn, name, scheduleExpression, state, ...place };
}

async function open(...rules: Rule[]) {
  const opened = await openRulesTables();
  const clock = new SetClock();
  const fired: [arn: string, event: BusEvent][] = [];
  const needs = {
    get tables() {
      return opened.tables;
    },
    fire: async (_: unknown, arn: string, event: BusEvent) => fired.push([arn, event]),
    onDeliveries: () => undefined,
    clock,
    random: systemRandom,
    log: silent,
  };
  const put = async (...changed: Rule[]) => {
    await opened.tables.transaction().execute(async (transaction: Kysely<RulesTables>) => {
      for (const rule of changed) await putRule(transaction, rule);
    });
    await readSchedules(opened.tables, clock.now());
  };
  await put(...rules);
  /** The times of what fired until so many minutes from NOW, asked for every `stepMs`. */
  const until = async (minutes: number, stepMs = 10_000): Promise<readonly string[]> => {
    fired.length = 0;
    while (clock.ms < NOW + minutes * MINUTE) {
      clock.ms += stepMs;
      while (await fireDue(needs)) continue;
    }
    return fired.map(([arn, { envelope }]) => `${arn.split("/")[1]} ${envelope.time.slice(11, 16)}`);
  };
  return { ...opened, opened, needs, clock, fired, put, until };
}

describe("startSchedules()", () => {
  test("fires rates and crons, each when it is due", async () => {
    const { until } = await open(scheduled("beat", "rate(5 minutes)"), scheduled("ten", "cron(10 * * * ? *)"));
    expect(await until(16)).toEqual(["beat 20:05", "beat 20:10", "ten 20:10", "beat 20:15"]);
  });

  test("sends the envelope of a scheduled event", async () => {
    const { until, fired } = await open(scheduled("beat", "rate(1 minute)"));
    await until(1);
    expect(fired[0]?.[1]).toMatchObject({
      envelope: {
        version: "0",
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        "detail-type": "Scheduled Event",
        source: "aws.events",
        account: ACCOUNT,
        time: "2026-11-20T20:01:00Z",
        region: REGION,
        resources: [`arn:aws:events:${REGION}:${ACCOUNT}:rule/beat`],
        detail: {},
      },
      hops: 0,
    });
    expect(JSON.parse(fired[0]?.[1].text ?? "")).toEqual(fired[0]?.[1].envelope);
  });

  test("never fires twice for one time, whatever is restarted", async () => {
    const { until, opened, needs, clock, fired } = await open(scheduled("beat", "rate(5 minutes)"));
    expect(await until(5)).toEqual(["beat 20:05"]);
    await opened.reopen();
    await readSchedules(opened.tables, clock.now());
    await fireDue(needs);
    expect(fired).toHaveLength(1);
    expect(await until(10)).toEqual(["beat 20:10"]);
  });

  test("fires once more what did not commit", async () => {
    const { until, needs, clock, fired } = await open(scheduled("beat", "rate(5 minutes)"));
    clock.ms += 5 * MINUTE;
    const failing = { ...needs, tables: needs.tables, fire: () => Promise.reject(new Error("disk full")) };
    await expect(fireDue(failing)).rejects.toThrow("disk full");
    expect(fired).toEqual([]);
    expect(await until(6)).toEqual(["beat 20:05"]);
  });

  test("leaves out what was missed, and is right again with the next time", async () => {
    const { until, clock } = await open(
      scheduled("beat", "rate(5 minutes)"),
      scheduled("daily", "cron(30 20 * * ? *)"),
    );
    clock.ms += 47 * MINUTE;
    expect(await until(56)).toEqual(["beat 20:50", "beat 20:55"]);
  });

  test("makes up for what is late by less than a minute", async () => {
    const { until, clock } = await open(scheduled("beat", "rate(5 minutes)"));
    clock.ms += 5 * MINUTE + 45_000;
    expect(await until(6)).toEqual(["beat 20:05"]);
  });

  test("follows rules that are disabled, enabled and changed", async () => {
    const { until, put, tables } = await open(scheduled("beat", "rate(5 minutes)"));
    await put(scheduled("beat", "rate(5 minutes)", "DISABLED"));
    expect(await until(7)).toEqual([]);
    await put(scheduled("beat", "rate(5 minutes)"));
    expect(await until(13)).toEqual(["beat 20:12"]);
    await put(scheduled("beat", "rate(2 minutes)"));
    expect(await until(16)).toEqual(["beat 20:15"]);
    await put({ ...scheduled("beat", "rate(2 minutes)"), description: "slower now?" });
    expect(await until(18)).toEqual(["beat 20:17"]);
    await tables.deleteFrom("event_rules").execute();
    await put();
    expect(await until(30)).toEqual([]);
  });

  test("keeps up with a thousand rules that are due at once", async () => {
    const { until, fired } = await open(
      ...Array.from({ length: 1000 }, (_, index) => scheduled(`rule-${index}`, "cron(1 * * * ? *)")),
    );
    await until(1, MINUTE);
    expect(fired).toHaveLength(1000);
    expect(new Set(fired.map(([arn]) => arn)).size).toBe(1000);
  });
});
