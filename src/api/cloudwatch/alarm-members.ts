import type { Alarm } from "../../alarms/index.ts";
import type { CloudwatchOperations } from "../../aws/index.ts";
import { optional } from "../../core/index.ts";

type MetricAlarm = NonNullable<CloudwatchOperations["DescribeAlarms"]["output"]["MetricAlarms"]>[number];

/** An alarm as the API tells it. */
export function alarmMembers({ arn, name, settings, state, configuredAt }: Alarm): MetricAlarm {
  const onMetric = settings.Metrics === undefined;
  return {
    AlarmName: name,
    AlarmArn: arn,
    ...settings,
    ...(onMetric ? { Dimensions: settings.Dimensions ?? [] } : {}),
    AlarmConfigurationUpdatedTimestamp: new Date(configuredAt),
    StateValue: state.value,
    StateReason: state.reason,
    ...optional("StateReasonData", state.reasonData),
    StateUpdatedTimestamp: new Date(state.updatedAt),
    StateTransitionedTimestamp: new Date(state.transitionedAt),
  };
}
