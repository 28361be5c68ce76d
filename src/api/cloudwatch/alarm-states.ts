import { type Alarm, deleteAlarm, findAlarm, setActionsEnabled, type StateValue } from "../../alarms/index.ts";
import { optional, Refusal } from "../../core/index.ts";
import { alarmArns, placeOf } from "./call-place.ts";
import type { CloudwatchCall, CloudwatchFamily, CloudwatchNeeds, CloudwatchOperation } from "./cloudwatch-operation.ts";
import { noAlarm } from "./refusals.ts";

/**
 * DeleteAlarms, SetAlarmState, EnableAlarmActions, DisableAlarmActions.
 * @throws {Refusal} `ResourceNotFound`, `InvalidFormat` when `StateReasonData` is not JSON.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
 */
export function alarmStates({
  alarms,
}: CloudwatchNeeds): CloudwatchFamily<"DeleteAlarms" | "SetAlarmState" | "EnableAlarmActions" | "DisableAlarmActions"> {
  const setActions = (enabled: boolean): CloudwatchOperation<"EnableAlarmActions"> => ({
    mutates: true,
    resources: ({ AlarmNames }, call) => alarmArns(call, AlarmNames),
    run: async ({ AlarmNames }, call) => {
      // Names that no alarm has are passed over, as AWS does.
      for (const alarm of await findAlarms(call, AlarmNames)) {
        await setActionsEnabled(call.tables, alarm, enabled, call.now);
      }
      alarms.changed();
      return undefined;
    },
  });
  return {
    DeleteAlarms: {
      mutates: true,
      resources: ({ AlarmNames }, call) => alarmArns(call, AlarmNames),
      run: async ({ AlarmNames }, call) => {
        // Names that no alarm has are passed over, as AWS does.
        for (const alarm of await findAlarms(call, AlarmNames)) await deleteAlarm(call.tables, alarm, call.now);
        alarms.changed();
        return undefined;
      },
    },
    SetAlarmState: {
      mutates: true,
      resources: ({ AlarmName }, call) => alarmArns(call, [AlarmName]),
      run: async ({ AlarmName, StateValue, StateReason, StateReasonData }, call) => {
        const alarm = await findAlarm(call.tables, placeOf(call), AlarmName);
        if (alarm === undefined) throw noAlarm(`No alarm found with name ${AlarmName}`);
        checkJson(StateReasonData);
        const state = {
          // The model's enumeration has been checked.
          value: StateValue as StateValue,
          reason: StateReason,
          ...optional("reasonData", StateReasonData),
        };
        await alarms.setState(call.tables, alarm, state, call.now);
        alarms.changed();
        return undefined;
      },
    },
    EnableAlarmActions: setActions(true),
    DisableAlarmActions: setActions(false),
  };
}

async function findAlarms(call: CloudwatchCall, names: readonly string[]): Promise<readonly Alarm[]> {
  const found: Alarm[] = [];
  for (const name of new Set(names)) {
    const alarm = await findAlarm(call.tables, placeOf(call), name);
    if (alarm !== undefined) found.push(alarm);
  }
  return found;
}

function checkJson(text: string | undefined): void {
  if (text === undefined) return;
  try {
    JSON.parse(text);
  } catch {
    throw new Refusal("InvalidFormat", "StateReasonData was not in a valid JSON format.");
  }
}
