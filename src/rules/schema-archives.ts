/** The tables of schedules, archives, replays, connections and API destinations, for the migrations of rules. */
export const ARCHIVE_STATEMENTS: readonly string[] = [
  `create table event_schedules (rule_arn text primary key, expression text not null, next_ms bigint not null)`,
  `create index event_schedules_next on event_schedules (next_ms)`,
  `create table event_archives (
    archive_id integer primary key autoincrement, archive_arn text not null unique, account_id text not null,
    region text not null, name text not null, bus_arn text not null, archive text not null, created_at bigint not null,
    events bigint not null, bytes bigint not null, unique (account_id, region, name))`,
  `create index event_archives_bus on event_archives (bus_arn)`,
  `create table event_archived (
    archived_id integer primary key, archive_id bigint not null, time_ms bigint not null, sequence bigint, event text,
    read_only integer not null, bytes bigint not null)`,
  `create index event_archived_time on event_archived (archive_id, time_ms, archived_id)`,
  `create trigger event_archived_kept after insert on event_archived begin
    update event_archives set events = events + 1, bytes = bytes + new.bytes where archive_id = new.archive_id;
  end`,
  `create trigger event_archived_dropped after delete on event_archived begin
    update event_archives set events = events - 1, bytes = bytes - old.bytes where archive_id = old.archive_id;
  end`,
  `create table event_archives_deleted (archive_id integer primary key)`,
  `create table event_replays (
    replay_arn text primary key, account_id text not null, region text not null, name text not null,
    replay text not null, state text not null, created_at bigint not null, unique (account_id, region, name))`,
  `create table event_connections (
    connection_arn text primary key, account_id text not null, region text not null, name text not null,
    connection text not null, secret blob, created_at bigint not null, unique (account_id, region, name))`,
  `create table event_api_destinations (
    api_destination_arn text primary key, account_id text not null, region text not null, name text not null,
    destination text not null, created_at bigint not null, unique (account_id, region, name))`,
];
