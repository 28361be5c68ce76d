import { gzipSync } from "node:zlib";
import { parseArn } from "../core/index.ts";
import type { DeliveryKind, NewDelivery } from "../deliveries/index.ts";
import type { Filter, SubscriptionFilterSettings } from "./filters.ts";
import { parseGroupArn } from "./group-arn.ts";
import type { LogEvent } from "./log-events.ts";

/** Bytes of messages in one delivery, roughly; one event more may be larger than all of it. */
const MESSAGES_BYTES_MAX = 512 * 1024;
/** As CloudWatch Logs does: it tries for a day. */
const RETRY: NewDelivery["retry"] = { kind: "exponential", attemptsMax: 185, ageMaxMs: 86_400_000 };

/**
 * Where a subscription filter can deliver to, by its destination's ARN; undefined for what is no destination. Besides
 * AWS's own (functions and delivery streams) it can be an API destination: a webhook that gets the payload
 * as plain JSON.
 */
export function destinationKind(arn: string): DeliveryKind | undefined {
  const { service = "", resource = "" } = parseArn(arn) ?? {};
  const [kind = ""] = resource.split(/[:/]/);
  return DESTINATIONS[`${service} ${kind}`];
}

const DESTINATIONS: Readonly<Record<string, DeliveryKind | undefined>> = Object.assign(
  Object.create(null) as Record<string, DeliveryKind>,
  {
    "lambda function": "function",
    "firehose deliverystream": "stream",
    "events api-destination": "api-destination",
  },
);

/** What a subscription filter delivers of the events that match, which are some of one stream's. */
export function subscriptionDeliveries(
  filter: Filter<SubscriptionFilterSettings>,
  stream: string,
  events: readonly LogEvent[],
): readonly NewDelivery[] {
  const { account = "", name = "" } = parseGroupArn(filter.group) ?? {};
  return chunks(events).map((chunk) => ({
    ...deliveryTo(filter, {
      messageType: "DATA_MESSAGE",
      owner: account,
      logGroup: name,
      logStream: stream,
      subscriptionFilters: [filter.name],
      logEvents: chunk.map(({ eventId, timestamp, message }) => ({ id: eventId, timestamp, message })),
    }),
    eventId: chunk[0]?.eventId ?? "",
  }));
}

/** What a destination gets to show that it can be reached, before the filter is kept. */
export function controlDelivery(filter: Filter<SubscriptionFilterSettings>, now: number): NewDelivery {
  return deliveryTo(filter, {
    messageType: "CONTROL_MESSAGE",
    owner: "CloudwatchLogs",
    logGroup: "",
    logStream: "",
    subscriptionFilters: [],
    logEvents: [{ id: "", timestamp: now, message: "CWL CONTROL MESSAGE: Checking health of destination Lambda." }],
  });
}

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html */
interface Payload {
  readonly messageType: "DATA_MESSAGE" | "CONTROL_MESSAGE";
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly subscriptionFilters: readonly string[];
  readonly logEvents: readonly { readonly id: string; readonly timestamp: number; readonly message: string }[];
}

function deliveryTo({ group, name, settings }: Filter<SubscriptionFilterSettings>, payload: Payload): NewDelivery {
  const kind = destinationKind(settings.destinationArn) ?? "function";
  return {
    owner: group,
    target: name,
    kind,
    endpoint: settings.destinationArn,
    eventId: "",
    ...contents(kind, JSON.stringify(payload)),
    retry: RETRY,
    hops: 1,
  };
}

function contents(kind: DeliveryKind, json: string): Pick<NewDelivery, "body" | "parameters"> {
  if (kind === "function") return { body: JSON.stringify({ awslogs: { data: zipped(json) } }), parameters: {} };
  // The bytes of the gzip file are the data; as text they can only be told in base64.
  if (kind === "stream") return { body: zipped(json), parameters: { encoding: "base64" } };
  return { body: json, parameters: {} };
}

function zipped(json: string): string {
  return gzipSync(json).toString("base64");
}

function chunks(events: readonly LogEvent[]): readonly (readonly LogEvent[])[] {
  const chunked: LogEvent[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const event of events) {
    if (bytes >= MESSAGES_BYTES_MAX) {
      chunked.push([]);
      bytes = 0;
    }
    chunked.at(-1)?.push(event);
    bytes += event.message.length;
  }
  return chunked;
}
