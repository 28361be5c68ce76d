/**
 * The CloudWatch Logs API, one file per operation or family of operations that are alike. What is not in the table is
 * refused by name.
 */
import type { LogsOperations } from "../../aws/index.ts";
import type { LogGroupsSchema } from "../../loggroups/index.ts";
import type { Operations } from "../operation.ts";
import { filterLogEvents } from "./filter-log-events.ts";
import { getLogEvents } from "./get-log-events.ts";
import { getLogRecord } from "./get-log-record.ts";
import { logGroups } from "./log-groups.ts";
import { logStreams } from "./log-streams.ts";
import type { LogsNeeds } from "./logs-operation.ts";
import { metricFilterOperations } from "./metric-filters.ts";
import { putLogEvents } from "./put-log-events.ts";
import { queryOperations } from "./queries.ts";
import { queryDefinitionOperations } from "./query-definitions.ts";
import { resourcePolicyOperations } from "./resource-policies.ts";
import { retention } from "./retention.ts";
import { subscriptionFilterOperations } from "./subscription-filters.ts";
import { tags } from "./tags.ts";
import { filterPatternOperations } from "./test-metric-filter.ts";

export { type LogsNeeds, logsRefusal } from "./logs-operation.ts";

export function logsOperations(needs: LogsNeeds): Operations<LogsOperations, LogGroupsSchema> {
  return {
    ...filterPatternOperations,
    ...logGroups(needs),
    ...logStreams(needs),
    ...metricFilterOperations(needs),
    ...queryDefinitionOperations(needs),
    ...queryOperations(needs),
    ...resourcePolicyOperations(needs),
    ...retention,
    ...subscriptionFilterOperations(needs),
    ...tags,
    FilterLogEvents: filterLogEvents(needs),
    GetLogEvents: getLogEvents(needs),
    GetLogRecord: getLogRecord(needs),
    PutLogEvents: putLogEvents(needs),
  };
}
