import type { Kysely } from "kysely";
import { onTestFinished } from "vitest";
import type { Clock } from "../core/index.ts";
import { addDeliveries, deliveriesMigrations } from "../deliveries/index.ts";
import type { Journal, JournalEntry } from "../journal/index.ts";
import { openTables } from "../store/index.ts";
import { busAt, ruleArn } from "./bus-arn.ts";
import type { RulesTables } from "./events.ts";
import type { BusEvent, EventEnvelope, Rule, Target } from "./rule.ts";
import { putRule, putTargets } from "./rules.ts";
import { rulesMigrations } from "./schema.ts";
import { type Rules, type RulesNeeds, startRules } from "./start-rules.ts";

export const ACCOUNT = "123456789012";
export const OTHER_ACCOUNT = "210987654321";
export const REGION = "eu-central-1";
export const NOW: number = Date.UTC(2026, 10, 20, 12, 0, 0);
export const TOPIC: string = `arn:aws:sns:${REGION}:${ACCOUNT}:alarms`;
export const BUS: string = busAt({ account: ACCOUNT, region: REGION }).arn;

export async function openRulesTables(): Promise<Kysely<RulesTables>> {
  const tables = await openTables<RulesTables>(":memory:", { ...deliveriesMigrations, ...rulesMigrations });
  onTestFinished(() => tables.destroy());
  return tables;
}

export class StandingClock implements Clock {
  ms: number = NOW;

  now(): number {
    return this.ms;
  }

  elapsed(): number {
    return this.ms;
  }
}

/** A journal in memory. */
export class MemoryJournal implements Pick<Journal, "head" | "read" | "subscribe"> {
  readonly entries: JournalEntry[] = [];
  /** Where reads began. */
  readonly reads: number[] = [];
  readonly #listeners = new Set<(entries: readonly JournalEntry[]) => void>();

  get head(): number {
    return this.entries.length;
  }

  append(...records: readonly (object | string)[]): void {
    const added = records.map((record, index) => ({
      sequence: this.head + index,
      bytes: Buffer.from(typeof record === "string" ? record : JSON.stringify(record)),
    }));
    this.entries.push(...added);
    for (const listener of this.#listeners) listener(added);
  }

  async read(from: number, limit = 1000): Promise<readonly JournalEntry[]> {
    this.reads.push(from);
    return this.entries.slice(from, from + limit);
  }

  subscribe(listener: (entries: readonly JournalEntry[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** A record as the journal has it; of an API call that changed something, unless told otherwise. */
export function recordOf(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    eventVersion: "1.11",
    userIdentity: { type: "IAMUser", accountId: ACCOUNT, userName: "junior" },
    eventTime: "2026-11-20T12:00:00Z",
    eventSource: "dynamodb.amazonaws.com",
    eventName: "DeleteTable",
    awsRegion: REGION,
    sourceIPAddress: "198.51.100.7",
    requestParameters: { tableName: "orders" },
    eventID: "5c4f8f6e-2f8b-4c5e-9c0e-0a1b2c3d4e5f",
    readOnly: false,
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: ACCOUNT,
    eventCategory: "Management",
    ...changes,
  };
}

export function eventOf(changes: Partial<EventEnvelope> = {}, more: Partial<BusEvent> = {}): BusEvent {
  const envelope: EventEnvelope = {
    version: "0",
    id: "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "EC2 Instance State-change Notification",
    source: "my.app",
    account: ACCOUNT,
    time: "2026-11-20T11:59:59Z",
    region: REGION,
    resources: [],
    detail: { "instance-id": "i-0123456789", state: "RUNNING" },
    ...changes,
  };
  return { envelope, text: JSON.stringify(envelope), readOnlyManagement: false, hops: 0, ...more };
}

/** A rule on the default bus that wants every event, unless told otherwise. */
export function ruleNamed(name: string, changes: Partial<Rule> = {}): Rule {
  const bus = busAt({ account: ACCOUNT, region: REGION });
  return {
    arn: ruleArn(bus, name),
    name,
    busArn: bus.arn,
    account: ACCOUNT,
    region: REGION,
    eventPattern: '{"account":[{"exists":true}]}',
    state: "ENABLED",
    createdBy: ACCOUNT,
    everywhere: false,
    ...changes,
  };
}

export async function addRule(
  tables: Kysely<RulesTables>,
  rule: Rule,
  targets: readonly Target[] = [{ Id: "topic", Arn: TOPIC }],
): Promise<Rule> {
  await tables.transaction().execute(async (transaction: Kysely<RulesTables>) => {
    await putRule(transaction, rule);
    await putTargets(transaction, rule.arn, targets);
  });
  return rule;
}

export interface RunningRules {
  readonly rules: Rules;
  readonly tables: Kysely<RulesTables>;
  readonly journal: MemoryJournal;
  readonly clock: StandingClock;
  /** ARNs of rules whose loops were broken. */
  readonly loops: string[];
  readonly warnings: object[];
  /** Puts the rule and tells so. */
  readonly add: (rule: Rule, targets?: readonly Target[]) => Promise<Rule>;
  /** Resolves once everything recorded went to the rules. */
  readonly caughtUp: () => Promise<void>;
  /** `RULE TARGET` of each delivery in the ledger, oldest first. */
  readonly delivered: () => Promise<readonly string[]>;
}

export async function runRules(
  needs: Partial<RulesNeeds> & { readonly journal?: MemoryJournal; readonly tables?: Kysely<RulesTables> } = {},
): Promise<RunningRules> {
  const tables = needs.tables ?? (await openRulesTables());
  const journal = needs.journal ?? new MemoryJournal();
  const clock = new StandingClock();
  const loops: string[] = [];
  const warnings: object[] = [];
  const rules = await startRules({
    clock,
    log: { warn: (details) => warnings.push(details) },
    addDeliveries,
    onDeliveries: () => undefined,
    hopsOf: () => 0,
    onLoop: (arn) => loops.push(arn),
    ...needs,
    journal,
    tables,
  });
  onTestFinished(() => rules.close());
  return {
    rules,
    tables,
    journal,
    clock,
    loops,
    warnings,
    add: async (rule, targets) => {
      await addRule(tables, rule, targets);
      rules.changed();
      return rule;
    },
    caughtUp: async () => {
      while (rules.stats().lagRecords > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    delivered: async () => {
      const rows = await tables.selectFrom("deliveries").select(["owner", "target"]).orderBy("delivery_id").execute();
      return rows.map(({ owner, target }) => `${owner.split("rule/")[1]} ${target}`);
    },
  };
}
