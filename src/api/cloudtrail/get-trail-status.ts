import { isoSeconds, optional } from "../../core/index.ts";
import { readReportStatus, readTrailStatus } from "../../trails/index.ts";
import type { CloudtrailNeeds, CloudtrailOperation } from "./cloudtrail-operation.ts";
import { findSeenTrail } from "./find-trail.ts";
import { onTrail } from "./permissions.ts";

/**
 * GetTrailStatus: whether a trail logs, and how its deliveries go in the Region of the call. Members that AWS calls out of
 * use are still answered: times as text, empty for what never was.
 * @throws {Refusal} those of `findSeenTrail`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
 */
export function getTrailStatus({ organization, digests }: CloudtrailNeeds): CloudtrailOperation<"GetTrailStatus"> {
  return {
    mutates: false,
    ...onTrail(({ Name }) => Name),
    run: async ({ Name }, call) => {
      const { id, logging, startedAt, stoppedAt } = await findSeenTrail(call, Name, organization);
      const files = await readTrailStatus(call.tables, id, call.region);
      const reports = await readReportStatus(call.tables, id);
      const digest = await digests.status(id, call.region);
      return {
        IsLogging: logging,
        ...error("LatestDeliveryError", files.latestError),
        ...time("LatestDeliveryTime", files.latestDeliveryMs),
        ...error("LatestNotificationError", reports.latestNotificationError),
        ...time("LatestNotificationTime", reports.latestNotificationMs),
        ...error("LatestCloudWatchLogsDeliveryError", reports.latestLogsError),
        ...time("LatestCloudWatchLogsDeliveryTime", reports.latestLogsMs),
        ...time("StartLoggingTime", startedAt),
        ...time("StopLoggingTime", stoppedAt),
        ...error("LatestDigestDeliveryError", digest.latestError),
        ...time("LatestDigestDeliveryTime", digest.latestDeliveryMs),
        LatestDeliveryAttemptTime: iso(files.latestAttemptMs),
        LatestNotificationAttemptTime: iso(reports.latestNotificationAttemptMs),
        LatestNotificationAttemptSucceeded: iso(reports.latestNotificationMs),
        LatestDeliveryAttemptSucceeded: iso(files.latestSuccessMs),
        TimeLoggingStarted: iso(startedAt),
        TimeLoggingStopped: iso(stoppedAt),
      };
    },
  };
}

function time<Name extends string>(name: Name, ms: number | undefined): { [N in Name]?: Date } {
  return optional(name, ms === undefined ? undefined : new Date(ms));
}

/** What went well is not told of as an error. */
function error<Name extends string>(name: Name, code: string | undefined): { [N in Name]?: string } {
  return optional(name, code === "" ? undefined : code);
}

function iso(ms: number | undefined): string {
  return ms === undefined ? "" : isoSeconds(ms);
}
