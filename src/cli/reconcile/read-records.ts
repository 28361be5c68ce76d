import type { Client } from "../../api/client/index.ts";
import { lookupPages } from "../lookup-pages.ts";
import { parseValues, valuesOf } from "../record-values.ts";
import type { RecordedCall } from "./calls.ts";

/** Which records stand against the log. */
export interface RecordsWanted {
  /** Milliseconds since 1970, both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Undefined: any bucket. */
  readonly buckets: ReadonlySet<string> | undefined;
  /** The records of this source, instead of the gateway's. */
  readonly source: string | undefined;
}

/** Our records of S3's calls, as LookupEvents answers them. @throws {CallError} as any call. */
export async function readRecords(
  client: Client,
  wanted: RecordsWanted,
  signal: AbortSignal,
): Promise<readonly RecordedCall[]> {
  const request = {
    LookupAttributes: [{ AttributeKey: "EventSource" as const, AttributeValue: "s3.amazonaws.com" }],
    StartTime: new Date(wanted.fromMs),
    EndTime: new Date(wanted.toMs),
    // Calls on objects are data events: OpenTrail's own extension of LookupEvents has them.
    EventCategory: "all" as const,
  };
  const found: RecordedCall[] = [];
  for await (const { events } of lookupPages(client, request, { signal })) {
    for (const { CloudTrailEvent } of events) {
      const call = recordedCall(CloudTrailEvent ?? "", wanted);
      if (call !== undefined) found.push(call);
    }
  }
  return found;
}

function recordedCall(json: string, { buckets, source }: RecordsWanted): RecordedCall | undefined {
  const record = parseValues(json);
  const additional = valuesOf(record["additionalEventData"]);
  if (record["eventType"] === "AwsServiceEvent" || text(valuesOf(additional["origin"])["source"]) !== source)
    return undefined;
  const parameters = valuesOf(record["requestParameters"]);
  const bucket = text(parameters["bucketName"]);
  if (buckets !== undefined && (bucket === undefined || !buckets.has(bucket))) return undefined;
  const timeMs = Date.parse(text(record["eventTime"]) ?? "");
  if (Number.isNaN(timeMs)) return undefined;
  const identity = valuesOf(record["userIdentity"]);
  const arn = text(identity["arn"]);
  const accessKey = text(identity["accessKeyId"]);
  return {
    eventID: text(record["eventID"]) ?? "",
    timeMs,
    requestId: text(record["requestID"]),
    bucket,
    key: text(parameters["key"]),
    eventName: text(record["eventName"]) ?? "",
    errorCode: text(record["errorCode"]),
    remoteIp: text(record["sourceIPAddress"]),
    arn,
    who: arn ?? text(identity["userName"]) ?? text(identity["principalId"]) ?? accessKey,
    signed: accessKey !== undefined,
    outcome: text(additional["outcome"]),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
