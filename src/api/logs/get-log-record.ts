import { Refusal } from "../../core/index.ts";
import { keptSince, type LogEvent, parseRecordPointer } from "../../loggroups/index.ts";
import { findIn, onRegion, placeOf } from "./find-group.ts";
import { invalidParameter, type LogsNeeds, type LogsOperation } from "./logs-operation.ts";

/** Fields that are found in an event of JSON, as Logs Insights does. */
const FIELDS_MAX = 200;

/**
 * GetLogRecord: all fields of one event, by the `@ptr` of a query's result.
 * @throws {Refusal} `InvalidParameterException` when it is no pointer, `ResourceNotFoundException`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogRecord.html
 */
export function getLogRecord({ store }: LogsNeeds): LogsOperation<"GetLogRecord"> {
  return {
    mutates: false,
    resources: ({ logRecordPointer }, call) => {
      const pointer = parseRecordPointer(logRecordPointer);
      return pointer === undefined ? onRegion.resources(undefined, call) : [`${pointer.groupArn}:log-stream:`];
    },
    run: async ({ logRecordPointer }, call) => {
      const pointer = parseRecordPointer(logRecordPointer);
      if (pointer === undefined) throw invalidParameter("The specified logRecordPointer is invalid.");
      const group = await findIn(pointer.groupArn, call);
      const event = await store.find(group.arn, pointer.eventId);
      if (event === undefined || event.timestamp < keptSince(group, call.now)) {
        throw new Refusal("ResourceNotFoundException", "The specified log record does not exist.");
      }
      const system = {
        "@timestamp": `${event.timestamp}`,
        "@message": event.message,
        "@logStream": event.stream,
        "@log": `${placeOf(call).account}:${group.name}`,
        "@ingestionTime": `${event.ingestionTime}`,
        "@ptr": logRecordPointer,
      };
      return { logRecord: { ...fieldsOf(event), ...system } };
    },
  };
}

/** The leaves of an event that is a JSON object: `userIdentity.arn`, `resources.0.type`. */
function fieldsOf({ message }: LogEvent): Readonly<Record<string, string>> {
  const fields = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (fields.size >= FIELDS_MAX) return;
    if (typeof value !== "object" || value === null) {
      if (path !== "") fields.set(path, String(value));
      return;
    }
    for (const [key, part] of Object.entries(value)) walk(part, path === "" ? key : `${path}.${key}`);
  };
  try {
    walk(JSON.parse(message), "");
  } catch {
    // No JSON, or nested too deeply: then the message is all there is to tell.
  }
  return Object.fromEntries(fields);
}
