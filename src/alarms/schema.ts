/** The tables of metrics and alarms. JSON stands as text, times as milliseconds since 1970. */
export interface AlarmsSchema {
  /** `dimensions` is canonical JSON: sorted by name. */
  metrics: {
    metric_id: number | undefined;
    account_id: string;
    region: string;
    namespace: string;
    name: string;
    dimensions: string;
    unit: string;
    last_ms: number;
  };
  /** What was measured in one period of `period_s` seconds. `digest` is a summary for percentiles. */
  metric_data: {
    metric_id: number;
    period_s: number;
    start_ms: number;
    samples: number;
    sum: number;
    minimum: number;
    maximum: number;
    digest: string | null;
  };
  /** `alarm` is JSON in the model's words. */
  alarms: { alarm_arn: string; account_id: string; region: string; name: string; alarm: string; state: string };
  alarm_history: {
    history_id: number | undefined;
    alarm_arn: string;
    time_ms: number;
    type: string;
    summary: string;
    data: string;
  };
  alarm_tags: { resource: string; position: number; key: string; value: string };
}
