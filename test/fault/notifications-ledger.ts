import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { healthOf } from "../calls.ts";
import type { TestServer } from "../server.ts";
import { until } from "../trail.ts";

/** What is still to be done. */
export interface Stats {
  readonly deliveries: { readonly pending: number };
  readonly rules: { readonly lagRecords: number };
}

export async function statsOf(server: TestServer): Promise<Stats> {
  return (await healthOf(server)).body["notifications"] as Stats;
}

/** What a stopped server's tables say of deliveries. */
export interface Ledger {
  readonly states: readonly { readonly state: string }[];
  /** What rules want delivered more than once. A topic may hear twice of one message, whose id is the same. */
  readonly repeated: readonly unknown[];
  /** How far the rules have read. */
  readonly place: unknown;
}

export function ledgerOf(dataDirectory: string): Ledger {
  const tables = new DatabaseSync(join(dataDirectory, "tables.db"), { readOnly: true });
  const all = (query: string): readonly Record<string, unknown>[] => tables.prepare(query).all();
  const ledger = {
    states: all("select distinct state from deliveries") as unknown as Ledger["states"],
    repeated: all(
      "select event_id, owner, target from deliveries where owner like '%:rule/%' group by 1, 2, 3 having count(*) > 1",
    ),
    place: all("select sequence from rules_place")[0]?.["sequence"],
  };
  tables.close();
  return ledger;
}

/** Resolves once the rules have seen everything, and everybody has theirs. */
export async function allDelivered(server: TestServer): Promise<void> {
  const isAll = ({ deliveries, rules }: Stats): boolean => deliveries.pending === 0 && rules.lagRecords === 0;
  await until("everything is delivered", () => statsOf(server), isAll, 60_000);
}
