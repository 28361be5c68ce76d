import type { Kysely } from "kysely";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { type Alarms, type AlarmsTables, alarmsMigrations, openMetrics, startAlarms } from "../../alarms/index.ts";
import { type CloudwatchOperations, service, validateInput } from "../../aws/index.ts";
import { assert, PageTokens } from "../../core/index.ts";
import { addDeliveries, deliveriesMigrations } from "../../deliveries/index.ts";
import { openTables } from "../../store/index.ts";
import type { ConditionValues } from "../operation.ts";
import { cloudwatchOperations } from "./index.ts";
import { rootOf } from "../calls.fixture.ts";

export { refusal } from "../calls.fixture.ts";

const ACCOUNT = "123456789012";
export const TOPIC = "arn:aws:sns:us-east-1:123456789012:security";
export const NOW: number = Date.UTC(2026, 10, 20, 20, 0, 30, 500);

type Name = keyof CloudwatchOperations;
type Input<N extends Name> = CloudwatchOperations[N]["input"];

/** CloudWatch over tables of its own, called as the server would: validated, and in a transaction. */
export interface Cloudwatch {
  readonly tables: Kysely<AlarmsTables>;
  readonly alarms: Alarms;
  in(region: string): Cloudwatch;
  as(account: string): Cloudwatch;
  /** Sets the clock. */
  at(now: number): Cloudwatch;
  call<N extends Name>(name: N, input: Input<N>): Promise<CloudwatchOperations[N]["output"]>;
  resources<N extends Name>(name: N, input: Input<N>): Promise<readonly string[]>;
  conditions<N extends Name>(name: N, input: Input<N>): Promise<ConditionValues>;
}

export async function openCloudwatch(): Promise<Cloudwatch> {
  const tables = await openTables<AlarmsTables>(":memory:", { ...alarmsMigrations, ...deliveriesMigrations });
  const clock = { time: NOW, now: () => clock.time, elapsed: () => clock.time };
  const log = pino({ level: "silent" });
  const metrics = await openMetrics({ tables, clock, log });
  const alarms = await startAlarms({
    tables,
    metrics,
    addDeliveries,
    wake: () => undefined,
    onStateChange: async () => undefined,
    clock,
    log,
  });
  onTestFinished(async () => {
    await alarms.close();
    await metrics.close();
    await tables.destroy();
  });
  const tokens = new PageTokens(new Uint8Array(32));
  const operations = cloudwatchOperations({ metrics, alarms, tokens });
  return cloudwatchOver({ tables, alarms, operations, clock }, { account: ACCOUNT, region: "us-east-1" });
}

interface World extends Pick<Cloudwatch, "tables" | "alarms"> {
  readonly operations: ReturnType<typeof cloudwatchOperations>;
  readonly clock: { time: number };
}

/** An operation, whatever its input is. */
interface AnyOperation {
  readonly mutates: boolean;
  run(input: unknown, call: unknown): Promise<never>;
  resources?(input: unknown, call: unknown): Promise<readonly string[]>;
  conditions?(input: unknown, call: unknown): Promise<ConditionValues>;
}

function cloudwatchOver(world: World, place: { readonly account: string; readonly region: string }): Cloudwatch {
  const { tables, alarms, operations, clock } = world;
  const callIn = (within: Kysely<AlarmsTables>) => ({
    caller: rootOf(place.account),
    requestId: "request",
    region: place.region,
    now: clock.time,
    sourceIp: "198.51.100.7",
    secure: false,
    tables: within,
  });
  const find = (name: Name): AnyOperation => {
    const operation = operations[name];
    assert(operation !== undefined, `${name} is served`);
    return operation as AnyOperation;
  };
  return {
    tables,
    alarms,
    in: (region) => cloudwatchOver(world, { ...place, region }),
    as: (account) => cloudwatchOver(world, { ...place, account }),
    at: (now) => {
      clock.time = now;
      return cloudwatchOver(world, place);
    },
    call: async (name, input) => {
      const operation = find(name);
      const model = service("cloudwatch").operations.get(name);
      assert(model !== undefined, `${name} is modelled`);
      validateInput(model, "query", input as Record<string, unknown>);
      if (!operation.mutates) return operation.run(input, callIn(tables));
      return tables.transaction().execute((transaction) => operation.run(input, callIn(transaction)));
    },
    resources: async (name, input) => (await find(name).resources?.(input, callIn(tables))) ?? ["*"],
    conditions: async (name, input) => (await find(name).conditions?.(input, callIn(tables))) ?? {},
  };
}
