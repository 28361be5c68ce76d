import { Refusal } from "../core/index.ts";
import type { Place } from "./trail-name.ts";
import type { TrailSettings } from "./trail.ts";

/** What CreateTrail and UpdateTrail say of a trail's settings, as the wire brings it. */
export interface TrailSettingsInput {
  readonly S3BucketName?: string | undefined;
  readonly S3KeyPrefix?: string | undefined;
  readonly SnsTopicName?: string | undefined;
  readonly IncludeGlobalServiceEvents?: boolean | undefined;
  readonly IsMultiRegionTrail?: boolean | undefined;
  readonly EnableLogFileValidation?: boolean | undefined;
  readonly CloudWatchLogsLogGroupArn?: string | undefined;
  readonly CloudWatchLogsRoleArn?: string | undefined;
  readonly KmsKeyId?: string | undefined;
  readonly IsOrganizationTrail?: boolean | undefined;
  readonly RecursiveLogging?: boolean | undefined;
}

/**
 * The settings of a new trail, defaults filled in; names are completed to ARNs of the home Region.
 * @throws {Refusal} `InvalidParameterCombinationException`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
 */
export function newTrailSettings(
  input: TrailSettingsInput & { readonly S3BucketName: string },
  home: Place,
): TrailSettings {
  const { IncludeGlobalServiceEvents: globals = true, IsMultiRegionTrail: multiRegion = false } = input;
  if (multiRegion && !globals) {
    throw new Refusal("InvalidParameterCombinationException", "Multi-Region trail must include global service events.");
  }
  return {
    bucket: input.S3BucketName,
    includeGlobalServiceEvents: globals,
    multiRegion,
    organization: input.IsOrganizationTrail ?? false,
    validation: input.EnableLogFileValidation ?? false,
    recursiveLogging: input.RecursiveLogging ?? true,
    ...texts(input, home),
  };
}

/**
 * The settings of a trail once a change is made: what the change does not name stays, an empty text takes away. Becoming
 * multi-Region turns events of global services on, becoming single-Region turns them off, unless the change says more.
 * @throws {Refusal} `InvalidParameterCombinationException`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
 */
export function changedTrailSettings(before: TrailSettings, input: TrailSettingsInput, home: Place): TrailSettings {
  const multiRegion = input.IsMultiRegionTrail ?? before.multiRegion;
  const globals = multiRegion === before.multiRegion ? before.includeGlobalServiceEvents : multiRegion;
  const whole = {
    S3BucketName: input.S3BucketName ?? before.bucket,
    S3KeyPrefix: input.S3KeyPrefix ?? before.prefix,
    SnsTopicName: input.SnsTopicName ?? before.snsTopicName,
    IncludeGlobalServiceEvents: input.IncludeGlobalServiceEvents ?? globals,
    IsMultiRegionTrail: multiRegion,
    EnableLogFileValidation: input.EnableLogFileValidation ?? before.validation,
    CloudWatchLogsLogGroupArn: input.CloudWatchLogsLogGroupArn ?? before.logGroupArn,
    CloudWatchLogsRoleArn: input.CloudWatchLogsRoleArn ?? before.logRoleArn,
    KmsKeyId: input.KmsKeyId ?? before.kmsKeyId,
    IsOrganizationTrail: input.IsOrganizationTrail ?? before.organization,
    RecursiveLogging: input.RecursiveLogging ?? before.recursiveLogging,
  };
  return newTrailSettings(whole, home);
}

/** The settings that a text makes; none for an empty one. */
function texts(input: TrailSettingsInput, home: Place): Partial<TrailSettings> {
  const { S3KeyPrefix, SnsTopicName, CloudWatchLogsLogGroupArn, CloudWatchLogsRoleArn, KmsKeyId } = input;
  return {
    ...(S3KeyPrefix ? { prefix: S3KeyPrefix } : {}),
    ...(SnsTopicName ? { snsTopicName: SnsTopicName, snsTopicArn: topicArn(SnsTopicName, home) } : {}),
    ...(CloudWatchLogsLogGroupArn ? { logGroupArn: CloudWatchLogsLogGroupArn } : {}),
    ...(CloudWatchLogsRoleArn ? { logRoleArn: CloudWatchLogsRoleArn } : {}),
    ...(KmsKeyId ? { kmsKeyId: keyArn(KmsKeyId, home) } : {}),
  };
}

function topicArn(text: string, { account, region }: Place): string {
  return text.startsWith("arn:") ? text : `arn:aws:sns:${region}:${account}:${text}`;
}

/** A key's id, ARN or alias, answered as an ARN. */
function keyArn(text: string, { account, region }: Place): string {
  if (text.startsWith("arn:")) return text;
  return `arn:aws:kms:${region}:${account}:${text.startsWith("alias/") ? text : `key/${text}`}`;
}

type Rules = readonly (readonly [broken: (text: string) => boolean, message: string])[];

const BUCKET_RULES: Rules = [
  [(name) => name.length < 3 || name.length > 63, "must have between 3 and 63 characters"],
  [(name) => !/^[a-z0-9.-]+$/.test(name), "may hold only lower-case letters, numbers, periods (.) and hyphens (-)"],
  [(name) => !/^[a-z0-9].*[a-z0-9]$/.test(name), "must begin and end with a letter or number"],
  [(name) => /\.\.|-\.|\.-/.test(name), "must have a letter or number on both sides of each period"],
  [(name) => /^\d{1,3}(\.\d{1,3}){3}$/.test(name), "must not be an IP address"],
];

/** @throws {Refusal} `InvalidS3BucketNameException`. */
export function checkBucketName(name: string): void {
  const rule = BUCKET_RULES.find(([broken]) => broken(name))?.[1];
  if (rule !== undefined) throw new Refusal("InvalidS3BucketNameException", `The S3 bucket name ${name} ${rule}.`);
}

const PREFIX_MAX = 200;

/** @throws {Refusal} `InvalidS3PrefixException`. */
export function checkPrefix(prefix: string): void {
  if (prefix.length > PREFIX_MAX) {
    throw new Refusal("InvalidS3PrefixException", `The S3 key prefix is longer than ${PREFIX_MAX} characters.`);
  }
  // Of a path with dots between client and server somebody may make another, in another bucket.
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(prefix) || !prefix.isWellFormed()) {
    throw new Refusal("InvalidS3PrefixException", "The S3 key prefix must be text, and have no part that is . or ..");
  }
  // A control character in a key makes listings that no XML parser takes.
  if (/\p{Cc}/u.test(prefix)) {
    throw new Refusal("InvalidS3PrefixException", "The S3 key prefix must not hold control characters.");
  }
}

/** @throws {Refusal} `InvalidSnsTopicNameException`. */
export function checkTopicArn(arn: string): void {
  if (/^arn:aws:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/.test(arn)) return;
  throw new Refusal(
    "InvalidSnsTopicNameException",
    `The SNS topic is not valid: ${arn}. A topic's name may hold up to 256 letters, numbers, hyphens and underscores.`,
  );
}

/** @throws {Refusal} `InvalidKmsKeyIdException`. */
export function checkKeyArn(arn: string): void {
  // Other servers than AWS's give their keys other names than UUIDs.
  if (/^arn:aws:kms:[a-z0-9-]+:\d{12}:(key|alias)\/[A-Za-z0-9/_-]{1,256}$/.test(arn)) return;
  throw new Refusal("InvalidKmsKeyIdException", `The KMS key is not valid: ${arn}`);
}

/**
 * A log group and its role go together.
 * @throws {Refusal} `InvalidCloudWatchLogsLogGroupArnException`, `InvalidCloudWatchLogsRoleArnException`.
 */
export function checkLogArns(groupArn: string | undefined, roleArn: string | undefined, account: string): void {
  const group = /^arn:aws:logs:[a-z0-9-]+:(\d{12}):log-group:[A-Za-z0-9._/#-]{1,512}(:\*)?$/.exec(groupArn ?? "");
  if (group?.[1] !== account) throw unusableLogGroup();
  if (!/^arn:aws:iam::\d{12}:role\/.{1,512}$/.test(roleArn ?? "")) throw unusableLogRole();
}

export function unusableLogGroup(): Refusal {
  return new Refusal(
    "InvalidCloudWatchLogsLogGroupArnException",
    "CloudTrail cannot validate the specified log group ARN.",
  );
}

export function unusableLogRole(): Refusal {
  return new Refusal(
    "InvalidCloudWatchLogsRoleArnException",
    "Access denied. Check the trust relationships for your role.",
  );
}
