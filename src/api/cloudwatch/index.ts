/**
 * The CloudWatch API, one file per operation or family of operations that are alike. What is not in the table is refused
 * by name.
 */
import type { AlarmsTables } from "../../alarms/index.ts";
import type { CloudwatchOperations } from "../../aws/index.ts";
import type { Operations } from "../operation.ts";
import { alarmStates } from "./alarm-states.ts";
import type { CloudwatchNeeds } from "./cloudwatch-operation.ts";
import { describeAlarms } from "./describe-alarms.ts";
import { getMetricData } from "./get-metric-data.ts";
import { getMetricStatistics } from "./get-metric-statistics.ts";
import { listMetrics } from "./list-metrics.ts";
import { putMetricAlarm } from "./put-metric-alarm.ts";
import { putMetricData } from "./put-metric-data.ts";
import { tags } from "./tags.ts";

export type { CloudwatchNeeds } from "./cloudwatch-operation.ts";

export function cloudwatchOperations(needs: CloudwatchNeeds): Operations<CloudwatchOperations, AlarmsTables> {
  return {
    ...alarmStates(needs),
    ...describeAlarms(needs),
    ...tags,
    GetMetricData: getMetricData(needs),
    GetMetricStatistics: getMetricStatistics(needs),
    ListMetrics: listMetrics(needs),
    PutMetricAlarm: putMetricAlarm(needs),
    PutMetricData: putMetricData(needs),
  };
}
