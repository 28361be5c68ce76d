import type { EventsOperations } from "../../aws/index.ts";
import type { PageTokens, Random } from "../../core/index.ts";
import type { DispatchEvent, RulesTables } from "../../rules/index.ts";
import type { Call, Operation } from "../operation.ts";

/** What the operations on buses, rules, targets and events work with, beyond the tables that come with each call. */
export interface RuleOperationsNeeds {
  readonly random: Random;
  readonly tokens: PageTokens;
  readonly dispatch: DispatchEvent;
  /** Rules or targets have changed; told before the change commits: who then reads the tables waits for that by itself. */
  readonly changed: () => void;
  /** Deliveries were written; told before they commit. */
  readonly onDeliveries: () => void;
}

export type EventsOperation<Name extends keyof EventsOperations> = Operation<
  EventsOperations[Name]["input"],
  EventsOperations[Name]["output"],
  RulesTables
>;

/** Operations that are alike and stand in one file. */
export type EventsFamily<Names extends keyof EventsOperations> = {
  readonly [Name in Names]: EventsOperation<Name>;
};

export type EventsCall = Call<RulesTables>;
