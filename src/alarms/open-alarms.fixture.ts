import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kysely } from "kysely";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { Clock } from "../core/index.ts";
import { addDeliveries, deliveriesMigrations } from "../deliveries/index.ts";
import { openTables } from "../store/index.ts";
import type { AlarmSettings } from "./alarm.ts";
import type { AlarmEvent, AlarmsTables } from "./change-state.ts";
import type { MetricDatum } from "./metric.ts";
import { type OpenMetrics, openMetrics } from "./metrics.ts";
import { alarmsMigrations } from "./schema.ts";
import { type Alarms, startAlarms } from "./start-alarms.ts";

export const PLACE: { readonly account: string; readonly region: string } = {
  account: "123456789012",
  region: "us-east-1",
};
export const TOPIC = "arn:aws:sns:us-east-1:123456789012:security";
export const NOW: number = Date.UTC(2026, 10, 20, 20, 0, 0);

/** Metrics and alarms over a file of their own, at a time that tests set. */
export interface World {
  readonly tables: Kysely<AlarmsTables>;
  readonly metrics: OpenMetrics;
  readonly alarms: Alarms;
  readonly events: AlarmEvent[];
  readonly clock: Clock & { time: number };
  /** Times the ledger was said to have more. */
  readonly wakes: () => number;
  /** Ends what runs and starts it anew over the same file. */
  restart(): Promise<World>;
}

export async function openWorld(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), "alarms-"));
  const clock = { time: NOW, now: () => clock.time, elapsed: () => clock.time };
  let closing = async (): Promise<void> => undefined;
  onTestFinished(async () => {
    await closing();
    await rm(directory, { recursive: true });
  });
  const log = pino({ level: "silent" });
  const events: AlarmEvent[] = [];
  const open = async (): Promise<World> => {
    const tables = await openTables<AlarmsTables>(join(directory, "tables.db"), {
      ...alarmsMigrations,
      ...deliveriesMigrations,
    });
    const metrics = await openMetrics({ tables, clock, log });
    let wakes = 0;
    const alarms = await startAlarms({
      tables,
      metrics,
      addDeliveries,
      wake: () => {
        wakes += 1;
      },
      onStateChange: async (_transaction, event) => {
        events.push(event);
      },
      clock,
      log,
    });
    closing = async () => {
      await alarms.close();
      await metrics.close();
      await tables.destroy();
    };
    const restart = async (): Promise<World> => {
      await closing();
      return open();
    };
    return { tables, metrics, alarms, events, clock, wakes: () => wakes, restart };
  };
  return open();
}

/** The alarm on the root user's logins, as the CIS benchmark's remedies publish it. */
export function rootLogin(settings: Partial<AlarmSettings> = {}): AlarmSettings {
  return {
    ActionsEnabled: true,
    OKActions: [],
    AlarmActions: [TOPIC],
    InsufficientDataActions: [],
    MetricName: "RootAccountUsage",
    Namespace: "LogMetrics",
    Statistic: "Sum",
    Period: 300,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: "GreaterThanOrEqualToThreshold",
    ...settings,
  };
}

export function datum(given: Partial<MetricDatum> = {}): MetricDatum {
  return {
    ...PLACE,
    namespace: "LogMetrics",
    name: "RootAccountUsage",
    dimensions: {},
    timestamp: NOW,
    value: 1,
    ...given,
  };
}
