import type { JsonObject } from "../patterns/index.ts";

/** EventBridge's envelope. Members stand in AWS's order. */
export interface EventEnvelope extends JsonObject {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": string;
  readonly source: string;
  readonly account: string;
  /** `2016-06-04T12:19:03Z` */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: JsonObject;
}

/** An event on its way to the rules of a bus. */
export interface BusEvent {
  readonly envelope: EventEnvelope;
  /** Its JSON, as targets without an input of their own get it. */
  readonly text: string;
  /** A management event that only reads: only rules in state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS see it. */
  readonly readOnlyManagement: boolean;
  /** How many deliveries caused each other up to this event; 0 when none did. */
  readonly hops: number;
  /** The journal's sequence of the record inside, where there is one. */
  readonly sequence?: number;
}

export type RuleState = "ENABLED" | "DISABLED" | "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

export interface Rule {
  readonly arn: string;
  readonly name: string;
  readonly busArn: string;
  readonly account: string;
  readonly region: string;
  readonly eventPattern?: string;
  readonly scheduleExpression?: string;
  readonly state: RuleState;
  readonly description?: string;
  readonly roleArn?: string;
  /** Set on rules that OpenTrail keeps by itself: nobody can change them by the API. */
  readonly managedBy?: string;
  readonly createdBy: string;
  /** Sees the events of every account and Region, not only of its bus. Only rules that OpenTrail keeps by itself do. */
  readonly everywhere: boolean;
}

/** A target as PutTargets takes it, in the model's own words. */
export interface Target {
  readonly Id: string;
  readonly Arn: string;
  readonly RoleArn?: string;
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: {
    readonly InputPathsMap?: Readonly<Record<string, string>>;
    readonly InputTemplate: string;
  };
  readonly SqsParameters?: { readonly MessageGroupId?: string };
  readonly HttpParameters?: {
    readonly PathParameterValues?: readonly string[];
    readonly HeaderParameters?: Readonly<Record<string, string>>;
    readonly QueryStringParameters?: Readonly<Record<string, string>>;
  };
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly RetryPolicy?: { readonly MaximumRetryAttempts?: number; readonly MaximumEventAgeInSeconds?: number };
}
