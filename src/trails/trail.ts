/** A trail as it was made, its wire names kept. Times are milliseconds since 1970. */
export interface Trail {
  /** Unique for ever: a trail that is made anew under its old name is another one. */
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly account: string;
  readonly homeRegion: string;
  readonly createdAt: number;
  readonly settings: TrailSettings;
  readonly selectors: Selectors;
  readonly insightSelectors: readonly InsightSelector[];
  readonly logging: boolean;
  readonly startedAt?: number;
  readonly stoppedAt?: number;
}

/** What CreateTrail and UpdateTrail set. */
export interface TrailSettings {
  readonly bucket: string;
  readonly prefix?: string;
  /** As it was put: a name or an ARN. */
  readonly snsTopicName?: string;
  readonly snsTopicArn?: string;
  readonly includeGlobalServiceEvents: boolean;
  readonly multiRegion: boolean;
  readonly organization: boolean;
  readonly validation: boolean;
  readonly logGroupArn?: string;
  readonly logRoleArn?: string;
  readonly kmsKeyId?: string;
  /** False leaves out events that deliveries themselves cause. */
  readonly recursiveLogging: boolean;
}

/** A trail holds selectors of one kind. `custom`: PutEventSelectors was called. */
export type Selectors =
  | { readonly kind: "basic"; readonly custom: boolean; readonly selectors: readonly BasicSelector[] }
  | { readonly kind: "advanced"; readonly custom: true; readonly selectors: readonly AdvancedSelector[] };

/** Defaults filled in: what GetEventSelectors answers. */
export interface BasicSelector {
  readonly ReadWriteType: "ReadOnly" | "WriteOnly" | "All";
  readonly IncludeManagementEvents: boolean;
  readonly DataResources: readonly { readonly Type: string; readonly Values: readonly string[] }[];
  readonly ExcludeManagementEventSources: readonly string[];
}

/** As it was put. */
export interface AdvancedSelector {
  readonly Name?: string;
  readonly FieldSelectors: readonly FieldSelector[];
}

export interface FieldSelector {
  readonly Field: string;
  readonly Equals?: readonly string[];
  readonly StartsWith?: readonly string[];
  readonly EndsWith?: readonly string[];
  readonly NotEquals?: readonly string[];
  readonly NotStartsWith?: readonly string[];
  readonly NotEndsWith?: readonly string[];
}

export interface InsightSelector {
  readonly InsightType: string;
  readonly EventCategories?: readonly string[];
}

/** The members of a record that selectors ask about, and by which a record is assigned to a log file. */
export interface SelectableEvent {
  readonly eventCategory?: string;
  readonly managementEvent?: boolean;
  readonly eventSource?: string;
  readonly eventName?: string;
  readonly eventType?: string;
  readonly readOnly?: boolean;
  readonly errorCode?: string;
  readonly awsRegion?: string;
  readonly recipientAccountId?: string;
  readonly vpcEndpointId?: string;
  readonly sessionCredentialFromConsole?: string;
  readonly userIdentity?: { readonly arn?: string; readonly invokedBy?: string };
  readonly resources?: readonly { readonly type?: string; readonly ARN?: string; readonly ARNPrefix?: string }[];
  /** Its `clientProvidedHostHeader` tells calls of the global endpoint of STS. */
  readonly tlsDetails?: unknown;
}

/** Whether selectors want an event; compiled once, asked millions of times. Never throws, whatever the event. */
export type Wants = (event: SelectableEvent) => boolean;
