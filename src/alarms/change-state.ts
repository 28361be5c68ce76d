import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import { type Arn, parseArn } from "../core/index.ts";
import type { AddDeliveries, DeliveriesSchema, NewDelivery } from "../deliveries/index.ts";
import { type Alarm, type AlarmState, messageTime, type StateValue } from "./alarm.ts";
import { eventDetail, functionPayload, messageSubject, type StateChange, topicMessage } from "./alarm-messages.ts";
import { addHistory, type HistoryItem, writeState } from "./alarms.ts";
import type { AlarmsSchema } from "./schema.ts";

/** A change of state, its history and its deliveries are written in one transaction. */
export type AlarmsTables = AlarmsSchema & DeliveriesSchema;

/** What EventBridge is told: an event `CloudWatch Alarm State Change` of the source `aws.cloudwatch`. */
export interface AlarmEvent {
  readonly account: string;
  readonly region: string;
  /** The event's resource. */
  readonly alarmArn: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The same however often the change is told. */
  readonly eventId: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface ChangeNeeds {
  readonly addDeliveries: AddDeliveries;
  /** Called inside the transaction that changes the state; what it throws undoes the change. */
  readonly onStateChange: (transaction: Kysely<AlarmsTables>, event: AlarmEvent) => Promise<void>;
}

export interface NewState {
  readonly value: StateValue;
  readonly reason: string;
  readonly reasonData?: string;
}

/** What an alarm may do by itself: notify a topic, or invoke a function. */
export type ActionKind = "topic" | "function";

/** What kind of action the ARN stands for; undefined where it is none that we can take. */
export function actionKind(arn: Arn): ActionKind | undefined {
  if (arn.service === "sns" && !arn.resource.includes(":")) return "topic";
  return arn.service === "lambda" && arn.resource.startsWith("function:") ? "function" : undefined;
}

/** As EventBridge tries its targets: for a day. */
const RETRY: NewDelivery["retry"] = { kind: "exponential", attemptsMax: 185, ageMaxMs: 86_400_000 };

/**
 * Puts an alarm, as the transaction reads it, into another state, or into the same for another reason. Only another
 * state has history, actions and an event.
 */
export async function changeState(
  transaction: Kysely<AlarmsTables>,
  needs: ChangeNeeds,
  before: Alarm,
  { value, reason, reasonData }: NewState,
  now: number,
): Promise<void> {
  const isNew = value !== before.state.value;
  const state: AlarmState = {
    value,
    reason,
    ...(reasonData === undefined ? {} : { reasonData }),
    updatedAt: now,
    transitionedAt: isNew ? now : before.state.transitionedAt,
  };
  const alarm: Alarm = { ...before, state };
  await writeState(transaction, alarm);
  if (!isNew) return;
  const change: StateChange = { alarm, previous: before.state };
  const eventId = changeId(change);
  const actions = actionsOf(change);
  await addHistory(transaction, alarm, [stateUpdate(change), ...actions.map((arn) => actionItem(alarm, arn))], now);
  const deliveries = actions.map((arn) => deliveryOf(change, arn, eventId));
  if (deliveries.length > 0) await needs.addDeliveries(transaction, deliveries, now);
  const { account, region, arn } = alarm;
  await needs.onStateChange(transaction, {
    account,
    region,
    alarmArn: arn,
    time: now,
    eventId,
    detail: eventDetail(change),
  });
}

/** In the form of a UUID; a function of what happened, so that a change has one however often it is told. */
function changeId({ alarm }: StateChange): string {
  const { value, updatedAt } = alarm.state;
  const hash = createHash("sha256")
    .update(JSON.stringify([alarm.arn, value, updatedAt]))
    .digest("hex");
  const groups = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `8${hash.slice(17, 20)}`];
  return [...groups, hash.slice(20, 32)].join("-");
}

function actionsOf({ alarm }: StateChange): readonly string[] {
  const { ActionsEnabled, OKActions, AlarmActions, InsufficientDataActions } = alarm.settings;
  const actions = { OK: OKActions, ALARM: AlarmActions, INSUFFICIENT_DATA: InsufficientDataActions };
  return ActionsEnabled ? [...new Set(actions[alarm.state.value])] : [];
}

function deliveryOf(change: StateChange, action: string, eventId: string): NewDelivery {
  const arn = parseArn(action);
  const isFunction = arn !== undefined && actionKind(arn) === "function";
  return {
    owner: change.alarm.arn,
    target: "",
    kind: isFunction ? "function" : "topic",
    endpoint: action,
    eventId,
    body: isFunction ? functionPayload(change) : topicMessage(change),
    parameters: isFunction ? {} : { subject: messageSubject(change) },
    retry: RETRY,
    hops: 1,
  };
}

function stateUpdate({ alarm, previous }: StateChange): HistoryItem {
  return {
    type: "StateUpdate",
    summary: `Alarm updated from ${previous.value} to ${alarm.state.value}`,
    data: JSON.stringify({ version: "1.0", oldState: stateData(previous), newState: stateData(alarm.state) }),
  };
}

function stateData({ value, reason, reasonData }: AlarmState): object {
  return {
    stateValue: value,
    stateReason: reason,
    ...(reasonData === undefined ? {} : { stateReasonData: jsonOf(reasonData) }),
  };
}

/** A caller of SetAlarmState may have given anything. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The ledger has it from then on, and tells how it ended. */
function actionItem(alarm: Alarm, action: string): HistoryItem {
  const data = {
    version: "1.0",
    actionState: "InProgress",
    stateUpdateTimestamp: messageTime(alarm.state.updatedAt),
    notificationResource: action,
  };
  return { type: "Action", summary: `Handed over action ${action}`, data: JSON.stringify(data) };
}
