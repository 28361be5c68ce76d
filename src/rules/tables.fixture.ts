import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kysely } from "kysely";
import { onTestFinished } from "vitest";
import { assert, type Clock } from "../core/index.ts";
import { openTables } from "../store/index.ts";
import type { Place } from "./bus-arn.ts";
import type { RulesTables } from "./events.ts";
import type { BusEvent, EventEnvelope } from "./rule.ts";
import { rulesMigrations } from "./schema.ts";
import type { TurnsLog } from "./turns.ts";

export const ACCOUNT = "123456789012";
export const REGION = "eu-central-1";
export const PLACE: Place = { account: ACCOUNT, region: REGION };
export const BUS: string = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`;
export const NOW: number = Date.UTC(2026, 10, 20, 20, 0, 0);

/** Tables in a file of their own that is gone when the test is over. `reopen` closes and opens them, as a restart does. */
export async function openRulesTables(): Promise<{
  tables: Kysely<RulesTables>;
  readonly reopen: () => Promise<Kysely<RulesTables>>;
}> {
  const directory = mkdtempSync(join(tmpdir(), "rules-"));
  const open = (): Promise<Kysely<RulesTables>> => openTables(join(directory, "tables.db"), rulesMigrations);
  const opened = {
    tables: await open(),
    reopen: async () => {
      await opened.tables.destroy();
      opened.tables = await open();
      return opened.tables;
    },
  };
  onTestFinished(async () => {
    await opened.tables.destroy();
    rmSync(directory, { recursive: true });
  });
  return opened;
}

export class SetClock implements Clock {
  ms: number = NOW;

  now(): number {
    return this.ms;
  }

  elapsed(): number {
    return this.ms;
  }
}

export const silent: TurnsLog = { warn: (): void => undefined };

/** An event of a bus, seconds after NOW. */
export function busEvent(seconds: number, detail: EventEnvelope["detail"] = {}, sequence?: number): BusEvent {
  const envelope: EventEnvelope = {
    version: "0",
    id: `event-${seconds}`,
    "detail-type": "Deployed",
    source: "shop",
    account: ACCOUNT,
    time: new Date(NOW + seconds * 1000).toISOString().replace(".000", ""),
    region: REGION,
    resources: [],
    detail,
  };
  const event = { envelope, text: JSON.stringify(envelope), readOnlyManagement: false, hops: 0 };
  return sequence === undefined ? event : { ...event, sequence };
}

/** What must be there for a test to go on. */
export function present<Value>(value: Value | undefined): Value {
  assert(value !== undefined, "it is there");
  return value;
}
