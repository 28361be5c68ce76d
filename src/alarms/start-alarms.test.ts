import { describe, expect, test } from "vitest";
import type { AlarmSettings } from "./alarm.ts";
import { findAlarm, listHistory, putAlarm, setActionsEnabled } from "./alarms.ts";
import { datum, NOW, openWorld, PLACE, rootLogin, TOPIC, type World } from "./open-alarms.fixture.ts";

const MINUTE = 60_000;
const SECOND = 1_000;

async function alarmed(world: World, settings: Partial<AlarmSettings> = {}, name = "root-login"): Promise<void> {
  await putAlarm(world.tables, PLACE, name, rootLogin(settings), world.clock.time);
  world.alarms.changed();
  await world.alarms.tick();
}

async function at(world: World, time: number): Promise<string | undefined> {
  world.clock.time = time;
  await world.alarms.tick();
  return stateOf(world);
}

async function stateOf({ tables }: World, name = "root-login"): Promise<string | undefined> {
  return (await findAlarm(tables, PLACE, name))?.state.value;
}

async function deliveries({ tables }: World) {
  return tables.selectFrom("deliveries").selectAll().orderBy("delivery_id").execute();
}

/** Records, and waits until the alarms have been judged for it. */
async function record(world: World, ...data: Parameters<World["metrics"]["record"]>[0]): Promise<void> {
  world.metrics.record(data);
  await world.metrics.flush();
  await world.alarms.tick();
}

describe("an alarm of the CIS benchmark", () => {
  test("fires at its first datum, tells the topic, and goes back when data are missing", async () => {
    const world = await openWorld();
    await alarmed(world, { AlarmDescription: "root was used", OKActions: [TOPIC] });
    expect(await stateOf(world)).toBe("INSUFFICIENT_DATA");
    expect(await deliveries(world)).toEqual([]);

    world.clock.time = NOW + 10 * SECOND;
    await record(world, datum({ timestamp: NOW + 9 * SECOND }));
    expect(await stateOf(world)).toBe("ALARM");
    expect(world.wakes()).toBe(1);
    const [delivery, ...others] = await deliveries(world);
    expect(others).toEqual([]);
    expect(delivery).toMatchObject({
      owner: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:root-login",
      kind: "topic",
      endpoint: TOPIC,
      parameters: JSON.stringify({ subject: 'ALARM: "root-login" in US East (N. Virginia)' }),
      hops: 1,
    });
    expect(JSON.parse(delivery?.body ?? "")).toEqual({
      AlarmName: "root-login",
      AlarmDescription: "root was used",
      AWSAccountId: "123456789012",
      AlarmConfigurationUpdatedTimestamp: "2026-11-20T20:00:00.000+0000",
      NewStateValue: "ALARM",
      NewStateReason:
        "Threshold Crossed: 1 datapoint [1.0 (20/11/26 19:56:00)] was greater than or equal to the threshold (1.0).",
      StateChangeTime: "2026-11-20T20:00:10.000+0000",
      Region: "US East (N. Virginia)",
      AlarmArn: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:root-login",
      OldStateValue: "INSUFFICIENT_DATA",
      OKActions: [TOPIC],
      AlarmActions: [TOPIC],
      InsufficientDataActions: [],
      Trigger: {
        MetricName: "RootAccountUsage",
        Namespace: "LogMetrics",
        StatisticType: "Statistic",
        Statistic: "SUM",
        Unit: null,
        Dimensions: [],
        Period: 300,
        EvaluationPeriods: 1,
        ComparisonOperator: "GreaterThanOrEqualToThreshold",
        Threshold: 1,
        TreatMissingData: "",
        EvaluateLowSampleCountPercentile: "",
      },
    });

    const states = [];
    for (let minute = 1; minute <= 17; minute += 1) states.push(await at(world, NOW + minute * MINUTE + 3 * SECOND));
    expect(states).toEqual([...Array(15).fill("ALARM"), "INSUFFICIENT_DATA", "INSUFFICIENT_DATA"]);
    expect(world.events.map(({ detail }) => (detail["state"] as { value: string }).value)).toEqual([
      "ALARM",
      "INSUFFICIENT_DATA",
    ]);
    expect(await deliveries(world)).toHaveLength(1);
  });

  test("goes back to OK when missing data do not breach, and says so", async () => {
    const world = await openWorld();
    await alarmed(world, { OKActions: [TOPIC], TreatMissingData: "notBreaching" });
    expect(await stateOf(world)).toBe("OK");
    await record(world, datum());
    expect(await stateOf(world)).toBe("ALARM");
    expect(await at(world, NOW + 20 * MINUTE)).toBe("OK");
    const bodies = (await deliveries(world)).map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(bodies.map(({ NewStateReason }) => NewStateReason)).toEqual([
      "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
      "Threshold Crossed: 1 datapoint [1.0 (20/11/26 19:56:00)] was greater than or equal to the threshold (1.0).",
      "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
    ]);
  });

  test("does not fire again for what it knows when the server starts anew", async () => {
    const world = await openWorld();
    await alarmed(world);
    await record(world, datum());
    const again = await world.restart();
    await again.alarms.tick();
    expect(await stateOf(again)).toBe("ALARM");
    again.clock.time += MINUTE;
    await record(again, datum({ timestamp: again.clock.time }));
    expect(await deliveries(again)).toHaveLength(1);
    expect(again.events).toHaveLength(1);
  });

  test("stays in alarm from its first minute to the complete one, however late it is judged", async () => {
    const world = await openWorld();
    await alarmed(world, { Period: 60, TreatMissingData: "notBreaching" });
    await record(world, datum({ timestamp: NOW + 30 * SECOND }));
    for (const seconds of [30, 59, 60, 61, 62, 63, 90, 119, 120, 121]) {
      expect([seconds, await at(world, NOW + seconds * SECOND)]).toEqual([seconds, "ALARM"]);
    }
  });
});

describe("startAlarms()", () => {
  test("lets an alarm on too little wait for the minute's end", async () => {
    const world = await openWorld();
    await alarmed(world, { Period: 60, ComparisonOperator: "LessThanThreshold", Threshold: 2 });
    world.clock.time = NOW + 10 * SECOND;
    await record(world, datum({ timestamp: world.clock.time }));
    expect(await stateOf(world)).toBe("INSUFFICIENT_DATA");
    await record(world, datum({ timestamp: world.clock.time }));
    expect(await at(world, NOW + 63 * SECOND)).toBe("OK");
    await record(world, datum({ timestamp: world.clock.time }));
    expect(await at(world, NOW + 123 * SECOND)).toBe("ALARM");
  });

  test("tells EventBridge in its words", async () => {
    const world = await openWorld();
    await alarmed(world, { AlarmDescription: "watch", Dimensions: [{ Name: "Host", Value: "a" }] });
    await record(world, datum({ dimensions: { Host: "a" } }));
    const [event] = world.events;
    expect(event).toEqual({
      ...PLACE,
      alarmArn: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:root-login",
      time: NOW,
      eventId: (await deliveries(world))[0]?.event_id,
      detail: {
        alarmName: "root-login",
        configuration: {
          description: "watch",
          metrics: [
            {
              id: "m1",
              metricStat: {
                metric: { dimensions: { Host: "a" }, name: "RootAccountUsage", namespace: "LogMetrics" },
                period: 300,
                stat: "Sum",
              },
              returnData: true,
            },
          ],
        },
        previousState: {
          reason: "Unchecked: Initial alarm creation",
          timestamp: "2026-11-20T20:00:00.000+0000",
          value: "INSUFFICIENT_DATA",
        },
        state: {
          reason: expect.stringContaining("Threshold Crossed: 1 datapoint"),
          reasonData: expect.stringContaining('"version":"1.0"'),
          timestamp: "2026-11-20T20:00:00.000+0000",
          value: "ALARM",
        },
      },
    });
  });

  test("invokes functions with what they expect", async () => {
    const world = await openWorld();
    const action = "arn:aws:lambda:us-east-1:123456789012:function:page";
    await alarmed(world, { AlarmActions: [action] });
    await record(world, datum());
    const [delivery] = await deliveries(world);
    expect(delivery).toMatchObject({ kind: "function", endpoint: action, parameters: "{}" });
    expect(JSON.parse(delivery?.body ?? "")).toMatchObject({
      source: "aws.cloudwatch",
      accountId: "123456789012",
      alarmData: { alarmName: "root-login", state: { value: "ALARM" } },
    });
  });

  test("acts only while actions are enabled, and keeps a history of everything", async () => {
    const world = await openWorld();
    await alarmed(world, { TreatMissingData: "notBreaching" });
    const alarm = await findAlarm(world.tables, PLACE, "root-login");
    if (alarm !== undefined) await setActionsEnabled(world.tables, alarm, false, NOW);
    world.alarms.changed();
    await record(world, datum());
    expect(await stateOf(world)).toBe("ALARM");
    expect(await deliveries(world)).toEqual([]);
    const history = await listHistory(world.tables, { place: PLACE, ascending: true }, 100);
    expect(history.map(({ summary }) => summary)).toEqual([
      'Alarm "root-login" created',
      "Alarm updated from INSUFFICIENT_DATA to OK",
      'Alarm "root-login" updated',
      "Alarm updated from OK to ALARM",
    ]);
  });

  test("keeps state, history and deliveries together when telling the bus fails", async () => {
    const world = await openWorld();
    await alarmed(world);
    const alarm = await findAlarm(world.tables, PLACE, "root-login");
    const { push } = world.events;
    world.events.push = () => {
      throw new Error("the bus is gone");
    };
    await record(world, datum());
    expect(await findAlarm(world.tables, PLACE, "root-login")).toEqual(alarm);
    expect(await deliveries(world)).toEqual([]);
    expect(world.alarms.stats().failures).toBeGreaterThan(0);
    world.events.push = push;
    await world.alarms.tick();
    expect(await stateOf(world)).toBe("ALARM");
    expect(await deliveries(world)).toHaveLength(1);
  });

  test("judges each alarm once a minute and when its metric has data", async () => {
    const world = await openWorld();
    for (let index = 0; index < 50; index += 1) {
      await putAlarm(world.tables, PLACE, `alarm ${index}`, rootLogin({ MetricName: `metric ${index}` }), NOW);
    }
    world.alarms.changed();
    await world.alarms.tick();
    expect(world.alarms.stats()).toMatchObject({ alarms: 50, judged: 50 });
    await world.alarms.tick();
    await record(world, datum({ name: "metric 7" }), datum({ name: "metric of nobody" }));
    expect(world.alarms.stats()).toMatchObject({ judged: 51, inAlarm: 1 });
    await at(world, NOW + MINUTE + 3 * SECOND);
    expect(world.alarms.stats().judged).toBe(101);
  });

  test("waits with a percentile of few samples when told so", async () => {
    const world = await openWorld();
    const { Statistic: _, ...others } = rootLogin({
      ExtendedStatistic: "p90",
      EvaluateLowSampleCountPercentile: "ignore",
      Period: 60,
    });
    await putAlarm(world.tables, PLACE, "root-login", others, NOW);
    world.alarms.changed();
    await record(world, datum({ count: 99 }));
    expect(await at(world, NOW + 63 * SECOND)).toBe("INSUFFICIENT_DATA");
    await record(world, datum());
    expect(await at(world, NOW + 64 * SECOND)).toBe("ALARM");
  });
});
