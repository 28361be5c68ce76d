import { type Kysely, sql } from "kysely";
import { optional, Refusal } from "../core/index.ts";
import {
  type Alarm,
  type AlarmSettings,
  type AlarmState,
  alarmArn,
  messageTime,
  type Place,
  type StateValue,
} from "./alarm.ts";
import type { AlarmsSchema } from "./schema.ts";

type Tables = Kysely<AlarmsSchema>;
type AlarmRow = AlarmsSchema["alarms"];

/** Alarms of an account in a Region. @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html */
const ALARMS_MAX = 5_000;

function alarmOfRow(row: AlarmRow): Alarm {
  return {
    arn: row.alarm_arn,
    account: row.account_id,
    region: row.region,
    name: row.name,
    settings: JSON.parse(row.settings) as AlarmSettings,
    configuredAt: row.configured_ms,
    state: {
      value: row.state as StateValue,
      reason: row.state_reason,
      ...optional("reasonData", row.state_reason_data ?? undefined),
      updatedAt: row.state_updated_ms,
      transitionedAt: row.state_transitioned_ms,
    },
  };
}

function stateColumns(state: AlarmState): Partial<AlarmRow> & Pick<AlarmRow, "state" | "state_reason"> {
  return {
    state: state.value,
    state_reason: state.reason,
    state_reason_data: state.reasonData ?? null,
    state_updated_ms: state.updatedAt,
    state_transitioned_ms: state.transitionedAt,
  };
}

export async function findAlarm(tables: Tables, place: Place, name: string): Promise<Alarm | undefined> {
  return readAlarm(tables, alarmArn(place, name));
}

export async function readAlarm(tables: Tables, arn: string): Promise<Alarm | undefined> {
  const row = await tables.selectFrom("alarms").selectAll().where("alarm_arn", "=", arn).executeTakeFirst();
  return row === undefined ? undefined : alarmOfRow(row);
}

export async function allAlarms(tables: Tables): Promise<readonly Alarm[]> {
  return (await tables.selectFrom("alarms").selectAll().execute()).map(alarmOfRow);
}

/**
 * Makes an alarm, or gives one new settings; its state stays.
 * @throws {Refusal} `LimitExceeded` when there are too many.
 */
export async function putAlarm(
  tables: Tables,
  place: Place,
  name: string,
  settings: AlarmSettings,
  now: number,
): Promise<{ readonly alarm: Alarm; readonly made: boolean }> {
  const before = await findAlarm(tables, place, name);
  if (before === undefined) await checkCount(tables, place);
  const state = before?.state ?? initialState(now);
  const alarm: Alarm = { ...place, arn: alarmArn(place, name), name, settings, configuredAt: now, state };
  await tables
    .replaceInto("alarms")
    .values({
      alarm_arn: alarm.arn,
      account_id: place.account,
      region: place.region,
      name,
      namespace: settings.Namespace ?? null,
      metric: settings.MetricName ?? null,
      settings: JSON.stringify(settings),
      configured_ms: now,
      state: state.value,
      state_reason: state.reason,
      state_reason_data: state.reasonData ?? null,
      state_updated_ms: state.updatedAt,
      state_transitioned_ms: state.transitionedAt,
    })
    .execute();
  const changed = before === undefined ? "created" : "updated";
  await noteConfiguration(tables, alarm, changed, now);
  return { alarm, made: before === undefined };
}

function initialState(now: number): AlarmState {
  return {
    value: "INSUFFICIENT_DATA",
    reason: "Unchecked: Initial alarm creation",
    updatedAt: now,
    transitionedAt: now,
  };
}

async function checkCount(tables: Tables, { account, region }: Place): Promise<void> {
  const { count } = await tables
    .selectFrom("alarms")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("account_id", "=", account)
    .where("region", "=", region)
    .executeTakeFirstOrThrow();
  if (count < ALARMS_MAX) return;
  throw new Refusal("LimitExceeded", `The maximum limit of ${ALARMS_MAX} alarms in this Region has been reached.`);
}

export async function writeState(tables: Tables, alarm: Alarm): Promise<void> {
  await tables.updateTable("alarms").set(stateColumns(alarm.state)).where("alarm_arn", "=", alarm.arn).execute();
}

/** Its history stays. */
export async function deleteAlarm(tables: Tables, alarm: Alarm, now: number): Promise<void> {
  await tables.deleteFrom("alarms").where("alarm_arn", "=", alarm.arn).execute();
  await tables.deleteFrom("alarm_tags").where("resource", "=", alarm.arn).execute();
  await noteConfiguration(tables, alarm, "deleted", now);
}

export async function setActionsEnabled(tables: Tables, alarm: Alarm, enabled: boolean, now: number): Promise<void> {
  if (alarm.settings.ActionsEnabled === enabled) return;
  await putAlarm(tables, alarm, alarm.name, { ...alarm.settings, ActionsEnabled: enabled }, now);
}

export type HistoryType = "ConfigurationUpdate" | "StateUpdate" | "Action";

export interface HistoryItem {
  readonly type: HistoryType;
  readonly summary: string;
  /** JSON. */
  readonly data: string;
}

export async function addHistory(
  tables: Tables,
  { arn, account, region, name }: Alarm,
  items: readonly HistoryItem[],
  now: number,
): Promise<void> {
  for (const { type, summary, data } of items) {
    await tables
      .insertInto("alarm_history")
      .values({
        history_id: undefined,
        alarm_arn: arn,
        account_id: account,
        region,
        name,
        time_ms: now,
        type,
        summary,
        data,
      })
      .execute();
  }
}

const CONFIGURED = { created: "Create", updated: "Update", deleted: "Delete" } as const;

async function noteConfiguration(
  tables: Tables,
  alarm: Alarm,
  changed: keyof typeof CONFIGURED,
  now: number,
): Promise<void> {
  const described = {
    ...alarm.settings,
    AlarmName: alarm.name,
    AlarmArn: alarm.arn,
    StateValue: alarm.state.value,
    StateUpdatedTimestamp: messageTime(alarm.state.updatedAt),
    AlarmConfigurationUpdatedTimestamp: messageTime(alarm.configuredAt),
  };
  const data = JSON.stringify({ version: "1.0", type: CONFIGURED[changed], [`${changed}Alarm`]: described });
  const summary = `Alarm "${alarm.name}" ${changed}`;
  await addHistory(tables, alarm, [{ type: "ConfigurationUpdate", summary, data }], now);
}

/** Which alarms to list; what is absent is any. */
export interface AlarmFilter {
  readonly place: Place;
  readonly names?: readonly string[];
  readonly prefix?: string;
  readonly state?: string;
  /** One of its actions begins with it. */
  readonly actionPrefix?: string;
  readonly metric?: { readonly namespace: string; readonly name: string };
  /** Only those whose names come after this one. */
  readonly after?: string;
}

/** Alarms by name, at most `limit`. */
export async function listAlarms(tables: Tables, filter: AlarmFilter, limit: number): Promise<readonly Alarm[]> {
  const { place, names, prefix, state, actionPrefix, metric, after } = filter;
  let query = tables
    .selectFrom("alarms")
    .selectAll()
    .where("account_id", "=", place.account)
    .where("region", "=", place.region);
  if (names !== undefined)
    query = query.where("name", "in", sql<string>`(select value from json_each(${JSON.stringify(names)}))`);
  if (prefix !== undefined) query = query.where(sql<boolean>`substr(name, 1, length(${prefix})) = ${prefix}`);
  if (state !== undefined) query = query.where("state", "=", state);
  if (metric !== undefined) query = query.where("namespace", "=", metric.namespace).where("metric", "=", metric.name);
  if (after !== undefined) query = query.where("name", ">", after);
  if (actionPrefix !== undefined) {
    const actions = ["OKActions", "AlarmActions", "InsufficientDataActions"].map(
      (member) => sql`select value from json_each(settings, ${`$.${member}`})`,
    );
    query = query.where(
      sql<boolean>`exists (select 1 from (${sql.join(actions, sql` union all `)})
        where substr(value, 1, length(${actionPrefix})) = ${actionPrefix})`,
    );
  }
  return (await query.orderBy("name").limit(limit).execute()).map(alarmOfRow);
}

/** Which part of the history to read. */
export interface HistoryFilter {
  readonly place: Place;
  readonly name?: string;
  readonly type?: string;
  readonly from?: number;
  readonly to?: number;
  readonly ascending: boolean;
  /** Only what comes after this row in the direction of reading. */
  readonly after?: HistoryPlace;
}

export type HistoryPlace = readonly [time: number, id: number];

export type HistoryRow = AlarmsSchema["alarm_history"] & { readonly history_id: number };

export async function listHistory(
  tables: Tables,
  { place, name, type, from, to, ascending, after }: HistoryFilter,
  limit: number,
): Promise<readonly HistoryRow[]> {
  let query = tables.selectFrom("alarm_history").selectAll();
  if (name === undefined) query = query.where("account_id", "=", place.account).where("region", "=", place.region);
  else query = query.where("alarm_arn", "=", alarmArn(place, name));
  if (type !== undefined) query = query.where("type", "=", type);
  if (from !== undefined) query = query.where("time_ms", ">=", from);
  if (to !== undefined) query = query.where("time_ms", "<=", to);
  if (after !== undefined) {
    const [time, id] = after;
    query = query.where(
      ascending
        ? sql<boolean>`(time_ms, history_id) > (${time}, ${id})`
        : sql<boolean>`(time_ms, history_id) < (${time}, ${id})`,
    );
  }
  const order = ascending ? "asc" : "desc";
  const rows = await query.orderBy("time_ms", order).orderBy("history_id", order).limit(limit).execute();
  return rows as HistoryRow[];
}

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html */
const HISTORY_MS = 30 * 86_400_000;

export async function expireHistory(tables: Tables, now: number): Promise<void> {
  await tables
    .deleteFrom("alarm_history")
    .where("time_ms", "<", now - HISTORY_MS)
    .execute();
}
