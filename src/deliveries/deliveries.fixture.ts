import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kysely } from "kysely";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { type Clock, systemClock, systemRandom } from "../core/index.ts";
import { openTables } from "../store/index.ts";
import type { Deliveries, NewDelivery, Transport } from "./delivery.ts";
import { addDeliveries } from "./ledger.ts";
import { type DeliveriesSchema, deliveriesMigrations } from "./schema.ts";
import { type DeliveriesNeeds, type DeliveriesOptions, startDeliveries } from "./start-deliveries.ts";

export const OWNER = "arn:aws:events:eu-central-1:111122223333:rule/night-watch";
export const QUEUE = "arn:aws:sqs:eu-central-1:111122223333:lost";

export function newDelivery(changes: Partial<NewDelivery> = {}): NewDelivery {
  return {
    owner: OWNER,
    target: "one",
    kind: "http",
    endpoint: "https://hooks.example.org/1",
    eventId: "7d1e5c3a-1111-4222-8333-123456789012",
    body: '{"detail":{}}',
    parameters: {},
    retry: { kind: "delays", delaysMs: [] },
    hops: 1,
    ...changes,
  };
}

/** The machine's clock, as far ahead as it was told. */
export function movableClock(): Clock & { ahead(ms: number): void } {
  let by = 0;
  return {
    now: () => systemClock.now() + by,
    elapsed: () => systemClock.elapsed() + by,
    ahead: (ms) => {
      by += ms;
    },
  };
}

/** Tables of their own, removed when the test ends. */
export async function openLedger(): Promise<Kysely<DeliveriesSchema>> {
  const directory = mkdtempSync(join(tmpdir(), "deliveries-"));
  const tables = await openTables<DeliveriesSchema>(join(directory, "tables.db"), deliveriesMigrations);
  onTestFinished(async () => {
    await tables.destroy();
    rmSync(directory, { recursive: true });
  });
  return tables;
}

export interface Fixture {
  readonly tables: Kysely<DeliveriesSchema>;
  readonly deliveries: Deliveries;
  /** Adds them and tells so. */
  readonly add: (...added: NewDelivery[]) => Promise<void>;
}

/** Deliveries over tables of their own, closed when the test ends. */
export async function openDeliveries(
  http: Transport,
  { needs = {}, options = {} }: { needs?: Partial<DeliveriesNeeds>; options?: DeliveriesOptions } = {},
): Promise<Fixture> {
  const tables = needs.tables ?? (await openLedger());
  const clock = needs.clock ?? systemClock;
  const deliveries = await startDeliveries(
    { transports: { http }, random: systemRandom, log: pino({ level: "silent" }), ...needs, tables, clock },
    options,
  );
  onTestFinished(() => deliveries.close(0));
  return {
    tables,
    deliveries,
    add: async (...added) => {
      await tables.transaction().execute((transaction) => addDeliveries(transaction, added, clock.now()));
      deliveries.wake();
    },
  };
}
