import type { Rule, Target } from "./rule.ts";

/** Where OpenTrail's own rules stand, and whom they tell. */
export interface BlindnessPlace {
  readonly account: string;
  readonly region: string;
  readonly topicArn: string;
  /** Buckets of trails. */
  readonly buckets: readonly string[];
}

export interface KeptRule {
  readonly rule: Rule;
  readonly targets: readonly Target[];
}

interface Watched {
  readonly name: string;
  readonly description: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What their names begin with: the topic's policy lets in what bears it. */
export const BLINDNESS_PREFIX = "opentrail-blindness-";

/** What blinds the log, or shows that it went blind; attempts that were denied too. */
const WATCHED: readonly Watched[] = [
  {
    name: "logging-stopped",
    description: "A trail was stopped or deleted, or somebody tried",
    detail: { eventSource: ["cloudtrail.amazonaws.com"], eventName: ["StopLogging", "DeleteTrail"] },
  },
  {
    name: "trail-narrowed",
    description: "A trail logs less than before",
    detail: {
      eventSource: ["cloudtrail.amazonaws.com"],
      $or: [{ additionalEventData: { narrowed: [{ exists: true }] } }, { additionalEventData: { omitted: [true] } }],
    },
  },
  {
    name: "source-silent",
    description: "A route or a source is silent against its habit",
    detail: { eventSource: ["opentrail.amazonaws.com"], eventName: ["SourceSilent"] },
  },
  {
    name: "calls-not-recorded",
    description: "Calls were answered without a record",
    detail: { eventSource: ["opentrail.amazonaws.com"], eventName: ["CallsNotRecorded"] },
  },
  {
    name: "files-changed",
    description: "A delivered file is gone or is not what it was",
    detail: {
      eventSource: ["opentrail.amazonaws.com"],
      eventName: ["LogFileDeleted", "LogFileReplaced", "DigestFileDeleted", "DigestFileReplaced"],
    },
  },
  {
    name: "rule-loop",
    description: "A rule's target causes what the rule matches: it was not called again",
    detail: { eventSource: ["opentrail.amazonaws.com"], eventName: ["RuleLoopBroken"] },
  },
];

/** Parameters that are too large for a record are left out of it, and with them what they are about: it may be ours. */
const TOO_LARGE = { requestParameters: { omitted: [true] } };

/** What decides who may write to a bucket, and for how long what lies there stays. As CloudTrail names it. */
const BUCKET_CHANGES: readonly string[] = [
  "DeleteBucket",
  "DeleteBucketEncryption",
  "DeleteBucketLifecycle",
  "DeleteBucketPolicy",
  "DeleteBucketPublicAccessBlock",
  "PutBucketAcl",
  "PutBucketEncryption",
  "PutBucketLifecycle",
  "PutBucketObjectLockConfiguration",
  "PutBucketOwnershipControls",
  "PutBucketPolicy",
  "PutBucketPublicAccessBlock",
  "PutBucketReplication",
  "PutBucketVersioning",
];

/**
 * The rules that OpenTrail keeps by itself: whatever blinds the log calls the topic, in whichever account and Region it
 * happened. Nobody can change them by the API.
 */
export function blindnessRules(place: BlindnessPlace): readonly KeptRule[] {
  const { buckets, topicArn } = place;
  const bucketChanges = {
    name: "bucket-changed",
    description: "Policy, lock, versioning or lifecycle of a trail's bucket was changed, or somebody tried",
    // A pattern's list may not be empty; no bucket has no name.
    detail: {
      eventSource: ["s3.amazonaws.com"],
      eventName: BUCKET_CHANGES,
      $or: [{ requestParameters: { bucketName: buckets.length === 0 ? [""] : [...buckets] } }, TOO_LARGE],
    },
  };
  const topicChanges = {
    name: "topic-changed",
    description: "The topic of these rules was changed, or somebody left it",
    detail: {
      eventSource: ["sns.amazonaws.com"],
      eventName: ["DeleteTopic", "RemovePermission", "SetSubscriptionAttributes", "SetTopicAttributes", "Unsubscribe"],
      $or: [
        { requestParameters: { topicArn: [topicArn] } },
        { requestParameters: { subscriptionArn: [{ prefix: `${topicArn}:` }] } },
        TOO_LARGE,
      ],
    },
  };
  return [...WATCHED, bucketChanges, topicChanges].map((watched) => keptRule(place, watched));
}

function keptRule({ account, region, topicArn }: BlindnessPlace, { name, description, detail }: Watched): KeptRule {
  const rule: Rule = {
    arn: `arn:aws:events:${region}:${account}:rule/${BLINDNESS_PREFIX}${name}`,
    name: `${BLINDNESS_PREFIX}${name}`,
    busArn: `arn:aws:events:${region}:${account}:event-bus/default`,
    account,
    region,
    eventPattern: JSON.stringify({ detail }),
    state: "ENABLED",
    description,
    managedBy: "opentrail.amazonaws.com",
    createdBy: account,
    everywhere: true,
  };
  return { rule, targets: [{ Id: "alarms", Arn: topicArn }] };
}
