import type { Kysely } from "kysely";
import { onTestFinished } from "vitest";
import { type EventsOperations, service, validateInput } from "../../aws/index.ts";
import { assert, PageTokens, systemRandom } from "../../core/index.ts";
import { addDeliveries, deliveriesMigrations } from "../../deliveries/index.ts";
import { decide, principalOf, SecretBox } from "../../identity/index.ts";
import { keepRule, type Rule, type RulesTables, rulesMigrations, startRules, type Target } from "../../rules/index.ts";
import { openTables } from "../../store/index.ts";
import type { ConditionValues, Operation } from "../operation.ts";
import { eventsOperations } from "./index.ts";
import { rootOf } from "../calls.fixture.ts";

export { refusal } from "../calls.fixture.ts";

export const ACCOUNT = "123456789012";
export const OTHER_ACCOUNT = "210987654321";
export const REGION = "eu-central-1";
export const NOW: number = Date.UTC(2026, 10, 20, 12, 0, 0, 789);
export const TOPIC: string = `arn:aws:sns:${REGION}:${ACCOUNT}:alarms`;

type Name = keyof EventsOperations;

/** EventBridge over tables of its own, called as the server would: validated, and in a transaction. */
export interface Events {
  readonly tables: Kysely<RulesTables>;
  readonly as: (account: string) => Events;
  readonly in: (region: string) => Events;
  readonly call: <N extends Name>(
    name: N,
    input: EventsOperations[N]["input"],
  ) => Promise<EventsOperations[N]["output"]>;
  readonly resources: <N extends Name>(name: N, input: EventsOperations[N]["input"]) => Promise<readonly string[]>;
  readonly conditions: <N extends Name>(name: N, input: EventsOperations[N]["input"]) => Promise<ConditionValues>;
  /** Whether root of the account may, by what policies of buses say. */
  readonly allowed: <N extends Name>(name: N, input: EventsOperations[N]["input"]) => Promise<boolean>;
  /** A rule as OpenTrail keeps it by itself. */
  readonly keep: (rule: Rule, targets: readonly Target[]) => Promise<void>;
  /** What the ledger has to deliver, oldest first. */
  readonly deliveries: () => Promise<
    readonly { readonly owner: string; readonly target: string; readonly body: string }[]
  >;
}

export async function openEvents(): Promise<Events> {
  const tables = await openTables<RulesTables>(":memory:", { ...deliveriesMigrations, ...rulesMigrations });
  const rules = await startRules({
    journal: { head: 0, read: async () => [], subscribe: () => () => undefined },
    tables,
    clock: { now: () => NOW, elapsed: () => 0 },
    log: { warn: (details) => assert(false, JSON.stringify(details)) },
    addDeliveries,
    onDeliveries: () => undefined,
    hopsOf: () => 0,
    onLoop: () => undefined,
  });
  onTestFinished(async () => {
    await rules.close();
    await tables.destroy();
  });
  const operations = eventsOperations({
    random: systemRandom,
    tokens: new PageTokens(new Uint8Array(32)),
    dispatch: rules.dispatch,
    changed: () => rules.changed(),
    onDeliveries: () => undefined,
    archivesChanged: () => undefined,
    replaysChanged: () => undefined,
    secrets: new SecretBox(new Uint8Array(32), systemRandom),
  });
  return eventsOver({ tables, operations, changed: () => rules.changed() }, { account: ACCOUNT, region: REGION });
}

interface World {
  readonly tables: Kysely<RulesTables>;
  readonly operations: ReturnType<typeof eventsOperations>;
  readonly changed: () => void;
}

function eventsOver(world: World, at: { readonly account: string; readonly region: string }): Events {
  const { tables, operations } = world;
  const callIn = (within: Kysely<RulesTables>) => ({
    caller: rootOf(at.account),
    requestId: "request",
    region: at.region,
    now: NOW,
    sourceIp: "198.51.100.7",
    secure: false,
    tables: within,
  });
  const find = <N extends Name>(
    name: N,
  ): Operation<EventsOperations[N]["input"], EventsOperations[N]["output"], RulesTables> => {
    const operation = operations[name];
    assert(operation !== undefined, `${name} is served`);
    return operation as never;
  };
  const resources: Events["resources"] = async (name, input) =>
    (await find(name).resources?.(input, callIn(tables))) ?? ["*"];
  return {
    tables,
    resources,
    as: (account) => eventsOver(world, { ...at, account }),
    in: (region) => eventsOver(world, { ...at, region }),
    call: async (name, input) => {
      const operation = find(name);
      const model = service("events").operations.get(name);
      assert(model !== undefined, `${name} is modelled`);
      validateInput(model, "json-1.1", { ...(input as object) });
      if (!operation.mutates) return operation.run(input, callIn(tables));
      return tables.transaction().execute((transaction) => operation.run(input, callIn(transaction)));
    },
    conditions: async (name, input) => (await find(name).conditions?.(input, callIn(tables))) ?? {},
    allowed: async (name, input) => {
      const call = callIn(tables);
      for (const resource of await resources(name, input)) {
        const policy = await find(name).resourcePolicy?.(resource, call);
        const asked = { principal: principalOf(call.caller), action: `events:${name}`, resource, context: new Map() };
        if (!decide(asked, { identity: [], ...(policy && { resource: policy }) }).allowed) return false;
      }
      return true;
    },
    keep: async (rule, targets) => {
      await tables.transaction().execute((transaction: Kysely<RulesTables>) => keepRule(transaction, rule, targets));
      world.changed();
    },
    deliveries: () =>
      tables.selectFrom("deliveries").select(["owner", "target", "body"]).orderBy("delivery_id").execute(),
  };
}
