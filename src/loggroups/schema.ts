/** The tables of log groups; their events lie elsewhere. JSON stands as text, times as milliseconds since 1970. */
export interface LogGroupsSchema {
  /** `settings` is JSON: class, kms key, deletion protection … */
  log_groups: {
    group_arn: string;
    account_id: string;
    region: string;
    name: string;
    retention_days: number | null;
    settings: string;
    created_at: number;
  };
  log_streams: { group_arn: string; name: string; created_at: number };
  log_tags: { resource: string; position: number; key: string; value: string };
  /** `filter` is JSON in the model's words. */
  log_metric_filters: { group_arn: string; name: string; filter: string; created_at: number };
  log_subscription_filters: { group_arn: string; name: string; filter: string; created_at: number };
  log_resource_policies: { account_id: string; region: string; name: string; document: string; updated_at: number };
  log_query_definitions: { account_id: string; region: string; query_id: string; name: string; definition: string };
}
