/** The tables of rules. JSON stands as text, times as milliseconds since 1970. */
export interface RulesSchema {
  /** Custom buses; the default bus of an account and Region is there without a row. `bus` is JSON: description, policy … */
  event_buses: { bus_arn: string; account_id: string; region: string; name: string; bus: string; created_at: number };
  /** `rule` is a `Rule` as JSON. */
  event_rules: { rule_arn: string; bus_arn: string; account_id: string; region: string; name: string; rule: string };
  /** `target` is a `Target` as JSON. */
  event_targets: { rule_arn: string; target_id: string; position: number; target_arn: string; target: string };
  /** When a scheduled rule is due next, by the expression that it had when this was found out. */
  event_schedules: { rule_arn: string; expression: string; next_ms: number };
  /** Of buses and rules. */
  event_tags: { resource: string; position: number; key: string; value: string };
  /** One row: everything below `sequence` went to the rules. */
  rules_place: { id: number; sequence: number };
  event_archives: {
    archive_arn: string;
    account_id: string;
    region: string;
    name: string;
    bus_arn: string;
    /** JSON: description, pattern, retention … */
    archive: string;
    created_at: number;
    events: number;
    bytes: number;
  };
  /**
   * `event` is the envelope; null where the journal has the record at `sequence`. `bytes` is the envelope's size either
   * way. Triggers keep the counts of `event_archives` equal to these rows.
   */
  event_archived: {
    archived_id: number | undefined;
    archive_arn: string;
    time_ms: number;
    sequence: number | null;
    event: string | null;
    bytes: number;
  };
  event_replays: {
    replay_arn: string;
    account_id: string;
    region: string;
    name: string;
    /** JSON: archive, destination, times, state, place … */
    replay: string;
    state: string;
    created_at: number;
  };
  /** `secret` is sealed, null once the connection is deauthorized; `connection` is JSON without secrets. */
  event_connections: {
    connection_arn: string;
    account_id: string;
    region: string;
    name: string;
    connection: string;
    secret: Uint8Array | null;
    created_at: number;
  };
  event_api_destinations: {
    api_destination_arn: string;
    account_id: string;
    region: string;
    name: string;
    /** An `ApiDestination` as JSON. */
    destination: string;
    created_at: number;
  };
}
