import type { CloudtrailOperations } from "../../aws/index.ts";
import { optional } from "../../core/index.ts";
import type { Trail } from "../../trails/index.ts";

/** What CreateTrail and UpdateTrail answer: members that have no value are left out. */
export function settingMembers({
  name,
  arn,
  settings,
}: Pick<Trail, "name" | "arn" | "settings">): CloudtrailOperations["CreateTrail"]["output"] {
  return {
    Name: name,
    S3BucketName: settings.bucket,
    ...optional("S3KeyPrefix", settings.prefix),
    ...optional("SnsTopicName", settings.snsTopicName),
    ...optional("SnsTopicARN", settings.snsTopicArn),
    IncludeGlobalServiceEvents: settings.includeGlobalServiceEvents,
    IsMultiRegionTrail: settings.multiRegion,
    TrailARN: arn,
    LogFileValidationEnabled: settings.validation,
    ...optional("CloudWatchLogsLogGroupArn", settings.logGroupArn),
    ...optional("CloudWatchLogsRoleArn", settings.logRoleArn),
    ...optional("KmsKeyId", settings.kmsKeyId),
    IsOrganizationTrail: settings.organization,
    RecursiveLogging: settings.recursiveLogging,
  };
}

/** What GetTrail and DescribeTrails answer. */
export function trailMembers(trail: Trail): NonNullable<CloudtrailOperations["GetTrail"]["output"]["Trail"]> {
  return {
    ...settingMembers(trail),
    HomeRegion: trail.homeRegion,
    HasCustomEventSelectors: trail.selectors.custom,
    HasInsightSelectors: trail.insightSelectors.length > 0,
  };
}
