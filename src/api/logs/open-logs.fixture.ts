import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kysely } from "kysely";
import { onTestFinished } from "vitest";
import { type LogsOperations, service, validateInput } from "../../aws/index.ts";
import { assert, PageTokens, systemRandom } from "../../core/index.ts";
import { type DeliveriesSchema, deliveriesMigrations, type NewDelivery } from "../../deliveries/index.ts";
import {
  type LogGroupsSchema,
  type LogStore,
  logGroupsMigrations,
  type MeasuredMetric,
  openLogGroups,
  openLogStore,
  type RunningLogGroups,
  startQueries,
} from "../../loggroups/index.ts";
import { DirectoryObjectStore, openTables } from "../../store/index.ts";
import type { ConditionValues } from "../operation.ts";
import { logsOperations } from "./index.ts";
import type { LogsNeeds } from "./logs-operation.ts";
import { rootOf } from "../calls.fixture.ts";

export { refusal } from "../calls.fixture.ts";

export const ACCOUNT = "123456789012";
export const NOW: number = Date.UTC(2026, 10, 20, 12);

type Schema = LogGroupsSchema & DeliveriesSchema;
type Name = keyof LogsOperations;
type Input<N extends Name> = LogsOperations[N]["input"];

/** CloudWatch Logs over tables and a store of its own, called as the server would: validated, prepared, in a transaction. */
export interface Logs {
  readonly tables: Kysely<Schema>;
  readonly store: LogStore;
  readonly groups: RunningLogGroups;
  readonly metrics: MeasuredMetric[];
  /** What stands in the ledger. */
  deliveries(): Promise<readonly NewDelivery[]>;
  at(now: number): Logs;
  as(account: string): Logs;
  call<N extends Name>(name: N, input: Input<N>): Promise<NonNullable<LogsOperations[N]["output"]>>;
  resources<N extends Name>(name: N, input: Input<N>): Promise<readonly string[]>;
  conditions<N extends Name>(name: N, input: Input<N>): Promise<ConditionValues>;
}

interface AnyOperation {
  readonly mutates: boolean;
  prepare?(input: unknown, call: unknown): Promise<void>;
  run(input: unknown, call: unknown): Promise<never>;
  resources?(input: unknown, call: unknown): Promise<readonly string[]>;
  conditions?(input: unknown, call: unknown): Promise<ConditionValues>;
}

export async function openLogs(options: Pick<LogsNeeds, "tryDelivery"> = {}): Promise<Logs> {
  const tables = await openTables<Schema>(":memory:", { ...logGroupsMigrations, ...deliveriesMigrations });
  const directory = mkdtempSync(join(tmpdir(), "opentrail-logs-"));
  const clock = { now: () => NOW, elapsed: () => 0 };
  const log = { error: failing, warn: failing };
  const objects = new DirectoryObjectStore(join(directory, "objects"));
  const store = await openLogStore(
    { directory, objects, clock, log, random: systemRandom },
    { sealBytes: 1 << 24, sealAgeMs: 3_600_000, tailBytesMax: 1 << 26 },
  );
  const metrics: MeasuredMetric[] = [];
  const groups = openLogGroups({
    tables,
    store,
    clock,
    log,
    recordMetrics: (data) => metrics.push(...data),
    wake: () => undefined,
  });
  const queries = startQueries({ store, clock, random: systemRandom, log });
  onTestFinished(async () => {
    await queries.close();
    await groups.close();
    await store.close();
    await tables.destroy();
    rmSync(directory, { recursive: true });
  });
  const operations = logsOperations({
    ...options,
    store,
    groups,
    queries,
    tokens: new PageTokens(new Uint8Array(32)),
    random: systemRandom,
  });
  const find = (name: Name): AnyOperation => {
    const operation = operations[name];
    assert(operation !== undefined, `${name} is served`);
    return operation as AnyOperation;
  };
  const over = (account: string, now: number): Logs => {
    const callIn = (within: Kysely<Schema>) => ({
      caller: rootOf(account),
      requestId: "request",
      region: "us-east-1",
      now,
      sourceIp: "198.51.100.7",
      secure: false,
      tables: within,
    });
    return {
      tables,
      store,
      groups,
      metrics,
      deliveries: async () => {
        const rows = await tables.selectFrom("deliveries").selectAll().orderBy("delivery_id").execute();
        return rows.map(
          (row) =>
            ({ ...row, eventId: row.event_id, parameters: JSON.parse(row.parameters) }) as unknown as NewDelivery,
        );
      },
      at: (time) => over(account, time),
      as: (other) => over(other, now),
      call: async (name, input) => {
        const operation = find(name);
        const model = service("logs").operations.get(name);
        assert(model !== undefined, `${name} is modelled`);
        validateInput(model, "json-1.1", input as Record<string, unknown>);
        await operation.prepare?.(input, callIn(tables));
        if (!operation.mutates) return operation.run(input, callIn(tables));
        return tables.transaction().execute((transaction) => operation.run(input, callIn(transaction)));
      },
      resources: async (name, input) => (await find(name).resources?.(input, callIn(tables))) ?? ["*"],
      conditions: async (name, input) => (await find(name).conditions?.(input, callIn(tables))) ?? {},
    };
  };
  return over(ACCOUNT, NOW);
}

/** With the group `g` and its stream `s`. */
export async function openWithStream(options: Pick<LogsNeeds, "tryDelivery"> = {}): Promise<Logs> {
  const logs = await openLogs(options);
  await logs.call("CreateLogGroup", { logGroupName: "g" });
  await logs.call("CreateLogStream", { logGroupName: "g", logStreamName: "s" });
  return logs;
}

function failing(told: object, message: string): never {
  throw new Error(`${message}: ${JSON.stringify(told)}`);
}
