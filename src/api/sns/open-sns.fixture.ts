import type { Kysely } from "kysely";
import { type SnsOperations, service, validateInput } from "../../aws/index.ts";
import { assert, PageTokens } from "../../core/index.ts";
import type { Caller, NamedPolicy } from "../../identity/index.ts";
import type { NewDelivery } from "../../deliveries/index.ts";
import type { OpenTopics, TopicsTables } from "../../topics/index.ts";
import type { ConditionValues } from "../operation.ts";
import { snsOperations } from "./index.ts";
import { rootOf } from "../calls.fixture.ts";

export { refusal } from "../calls.fixture.ts";

type Name = keyof SnsOperations;
type Input<N extends Name> = SnsOperations[N]["input"];

/** What topics are over; see the fixture of topics. */
interface World {
  readonly tables: Kysely<TopicsTables>;
  readonly topics: OpenTopics;
  readonly deliveries: readonly NewDelivery[];
  readonly now: number;
  readonly alarmsTopic?: string;
}

/** SNS over tables of its own, called as the server would: validated, and in a transaction. */
export interface Sns {
  in(region: string): Sns;
  as(account: string): Sns;
  call<N extends Name>(name: N, input: Input<N>): Promise<SnsOperations[N]["output"]>;
  unsigned<N extends Name>(name: N, input: Input<N>): Promise<SnsOperations[N]["output"]>;
  resources<N extends Name>(name: N, input: Input<N>): Promise<readonly string[]>;
  conditions<N extends Name>(name: N, input: Input<N>): Promise<ConditionValues>;
  policyOf<N extends Name>(name: N, resource: string): Promise<NamedPolicy | undefined>;
  /** What the newest delivery told its endpoint, as JSON. */
  told(): Readonly<Record<string, string>>;
  newest(): NewDelivery;
}

/** An operation, whatever its input is. */
interface AnyOperation {
  readonly mutates: boolean;
  run(input: unknown, call: unknown): Promise<never>;
  runUnsigned?(input: unknown, call: unknown): Promise<never>;
  resources?(input: unknown, call: unknown): Promise<readonly string[]>;
  resourcePolicy?(resource: string, call: unknown): Promise<NamedPolicy | undefined>;
  conditions?(input: unknown, call: unknown): Promise<ConditionValues>;
}

/** SNS as root of an account sees it, in `us-east-1` unless `in` says otherwise. */
export function openSns(world: World, account: string): Sns {
  return snsOver(world, account, "us-east-1");
}

function snsOver(world: World, account: string, region: string): Sns {
  const operations = snsOperations({ ...world, tokens: new PageTokens(new Uint8Array(32)) });
  const find = (name: Name): AnyOperation => {
    const operation = operations[name];
    assert(operation !== undefined, `${name} is served`);
    return operation as AnyOperation;
  };
  const callIn = (tables: unknown, caller?: Caller) => ({
    ...(caller === undefined ? {} : { caller }),
    requestId: "request",
    region: caller === undefined ? "eu-central-1" : region,
    now: world.now,
    sourceIp: "198.51.100.7",
    secure: false,
    tables,
  });
  const check = (name: Name, input: unknown): void => {
    const model = service("sns").operations.get(name);
    assert(model !== undefined, `${name} is modelled`);
    validateInput(model, "query", input as Record<string, unknown>);
  };
  const newest = (): NewDelivery => {
    const delivery = world.deliveries.at(-1);
    assert(delivery !== undefined, "something was to be delivered");
    return delivery;
  };
  return {
    in: (other) => snsOver(world, account, other),
    as: (other) => snsOver(world, other, region),
    call: async (name, input) => {
      check(name, input);
      const operation = find(name);
      if (!operation.mutates) return operation.run(input, callIn(world.tables, rootOf(account)));
      return world.tables
        .transaction()
        .execute((transaction) => operation.run(input, callIn(transaction, rootOf(account))));
    },
    unsigned: async (name, input) => {
      check(name, input);
      const operation = find(name);
      assert(operation.runUnsigned !== undefined, `${name} needs no signature`);
      const run = operation.runUnsigned.bind(operation);
      return world.tables.transaction().execute((transaction) => run(input, callIn(transaction)));
    },
    resources: async (name, input) =>
      (await find(name).resources?.(input, callIn(world.tables, rootOf(account)))) ?? ["*"],
    conditions: async (name, input) =>
      (await find(name).conditions?.(input, callIn(world.tables, rootOf(account)))) ?? {},
    policyOf: async (name, resource) => find(name).resourcePolicy?.(resource, callIn(world.tables, rootOf(account))),
    told: () => JSON.parse(newest().body) as Readonly<Record<string, string>>,
    newest,
  };
}
