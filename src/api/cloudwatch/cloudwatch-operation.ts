import type { Alarms, AlarmsTables, OpenMetrics } from "../../alarms/index.ts";
import type { CloudwatchOperations } from "../../aws/index.ts";
import type { PageTokens } from "../../core/index.ts";
import type { Call, Operation } from "../operation.ts";

/** What the operations of CloudWatch work with, beyond the tables that come with each call. */
export interface CloudwatchNeeds {
  readonly metrics: Pick<OpenMetrics, "put" | "flush">;
  readonly alarms: Pick<Alarms, "changed" | "setState">;
  readonly tokens: PageTokens;
}

export type CloudwatchOperation<Name extends keyof CloudwatchOperations> = Operation<
  CloudwatchOperations[Name]["input"],
  CloudwatchOperations[Name]["output"],
  AlarmsTables
>;

/** Operations that are alike and stand in one file. */
export type CloudwatchFamily<Names extends keyof CloudwatchOperations> = {
  readonly [Name in Names]: CloudwatchOperation<Name>;
};

export type CloudwatchCall = Call<AlarmsTables>;
