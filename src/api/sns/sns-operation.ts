import type { SnsOperations } from "../../aws/index.ts";
import type { PageTokens } from "../../core/index.ts";
import type { OpenTopics, TopicsTables } from "../../topics/index.ts";
import type { Call, Operation } from "../operation.ts";

/** What the operations of SNS work with, beyond the tables that come with each call. */
export interface SnsNeeds {
  readonly topics: OpenTopics;
  readonly tokens: PageTokens;
  /** The ARN of the topic of OpenTrail's own alarms: nobody silences it without its subscribers knowing. */
  readonly alarmsTopic?: string;
}

export type SnsOperation<Name extends keyof SnsOperations> = Operation<
  SnsOperations[Name]["input"],
  SnsOperations[Name]["output"],
  TopicsTables
>;

/** Operations that are alike and stand in one file. */
export type SnsFamily<Names extends keyof SnsOperations> = {
  readonly [Name in Names]: SnsOperation<Name>;
};

export type SnsCall = Call<TopicsTables>;
