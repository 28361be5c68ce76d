import type { CloudtrailOperations } from "../../aws/index.ts";
import type { BucketStore } from "../../buckets/index.ts";
import type { PageTokens, Random } from "../../core/index.ts";
import type { History } from "../../history/index.ts";
import type { Digests } from "../../integrity/index.ts";
import type { Organization, TrailsSchema } from "../../trails/index.ts";
import type { Call, Operation } from "../operation.ts";

/** What the operations of CloudTrail work with, beyond the tables that come with each call. */
export interface CloudtrailNeeds {
  readonly history: History;
  /** The buckets that trails write to. */
  readonly store: BucketStore;
  /** Without it there are no trails of an organization. */
  readonly organization?: Organization | undefined;
  readonly digests: Pick<Digests, "status" | "publicKeys">;
  readonly random: Random;
  readonly tokens: PageTokens;
  /** Trails have changed; told before the change commits: who then reads the tables waits for that by itself. */
  readonly changed: () => void;
  /** Whether there is such a topic, and a trail may publish to it. Without it there is none. */
  readonly checkTopic?: (topicArn: string, trailArn: string) => Promise<boolean>;
  /** What keeps a trail from writing to a log group in a role; undefined when nothing does. Without it the group is missing. */
  readonly checkLogGroup?: (groupArn: string, roleArn: string) => Promise<"group" | "role" | undefined>;
}

export type CloudtrailOperation<Name extends keyof CloudtrailOperations> = Operation<
  CloudtrailOperations[Name]["input"],
  CloudtrailOperations[Name]["output"],
  TrailsSchema
>;

/** Operations that are alike and stand in one file. */
export type CloudtrailFamily<Names extends keyof CloudtrailOperations> = {
  readonly [Name in Names]: CloudtrailOperation<Name>;
};

export type CloudtrailCall = Call<TrailsSchema>;
