import type { LogsOperations } from "../../aws/index.ts";
import { type PageTokens, type Random, Refusal } from "../../core/index.ts";
import type { AttemptResult, NewDelivery } from "../../deliveries/index.ts";
import type { LogGroupsSchema, LogStore, Queries, RunningLogGroups } from "../../loggroups/index.ts";
import type { Call, Operation } from "../operation.ts";

/** What the operations of CloudWatch Logs work with, beyond the tables that come with each call. */
export interface LogsNeeds {
  readonly store: LogStore;
  readonly groups: Pick<RunningLogGroups, "append" | "changed" | "removed">;
  readonly queries: Queries;
  readonly tokens: PageTokens;
  readonly random: Random;
  /** Makes one attempt at once, past the ledger: whether a function can be reached. Without it nobody tries. */
  readonly tryDelivery?: (delivery: NewDelivery) => Promise<AttemptResult>;
}

export type LogsOperation<Name extends keyof LogsOperations> = Operation<
  LogsOperations[Name]["input"],
  LogsOperations[Name]["output"],
  LogGroupsSchema
>;

/** Operations that are alike and stand in one file. */
export type LogsFamily<Names extends keyof LogsOperations> = {
  readonly [Name in Names]: LogsOperation<Name>;
};

export type LogsCall = Call<LogGroupsSchema>;

export function invalidParameter(message: string): Refusal {
  return new Refusal("InvalidParameterException", message);
}

export function notSupported(what: string): Refusal {
  return invalidParameter(`${what} is not supported by OpenTrail`);
}

/**
 * A refusal as CloudWatch Logs says it: input that breaks the model's constraints is an InvalidParameterException, where
 * other services say ValidationException. What an operation refuses by that name stays.
 */
export function logsRefusal(refusal: Refusal): Refusal {
  if (refusal.code !== "ValidationException" || !/^\d+ validation errors? detected:/.test(refusal.message)) {
    return refusal;
  }
  return new Refusal("InvalidParameterException", refusal.message, refusal.status, refusal.details);
}
