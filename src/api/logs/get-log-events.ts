import {
  checkStream,
  eventIdOf,
  keptSince,
  type LogEvent,
  type LogRange,
  positionOf,
  TIMESTAMP_MAX,
} from "../../loggroups/index.ts";
import { findNamed, onStream } from "./find-group.ts";
import { invalidParameter, type LogsNeeds, type LogsOperation } from "./logs-operation.ts";
import { INVALID_TOKEN } from "./paging.ts";

export const EVENTS_MAX = 10_000;
/** Of a response, roughly. */
export const RESPONSE_BYTES_MAX = 1_048_576;

/** Where a page begins: behind an event, in one of the directions. */
interface Token {
  readonly direction: "f" | "b";
  readonly eventId: string;
}

/**
 * GetLogEvents: a page of one stream, oldest first whichever way one goes. Both tokens are always there; the end is told
 * by the token that comes back unchanged, and later events are found behind it.
 * @throws {Refusal} `InvalidParameterException`, `ResourceNotFoundException`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
 */
export function getLogEvents({ store }: LogsNeeds): LogsOperation<"GetLogEvents"> {
  return {
    mutates: false,
    ...onStream(({ logStreamName }) => logStreamName),
    run: async ({ logStreamName, startFromHead = false, nextToken, limit = EVENTS_MAX, ...input }, call) => {
      const token = nextToken === undefined ? undefined : parseToken(nextToken);
      const group = await findNamed(input, call);
      await checkStream(call.tables, group.arn, logStreamName);
      const forward = token === undefined ? startFromHead : token.direction === "f";
      const range: LogRange = {
        group: group.arn,
        streams: [logStreamName],
        from: Math.max(keptSince(group, call.now), Number(input.startTime ?? 0)),
        to: Number(input.endTime ?? TIMESTAMP_MAX),
        descending: !forward,
        ...(token === undefined ? {} : { after: { timestamp: 0, eventId: token.eventId } }),
      };
      const events = await firstOf(store.read(range), limit);
      if (!forward) events.reverse();
      return {
        events: events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
        ...tokensOf(events, token, range.from),
      };
    },
  };
}

/** As many as a response may have. */
async function firstOf(pages: AsyncIterable<readonly LogEvent[]>, limit: number): Promise<LogEvent[]> {
  const events: LogEvent[] = [];
  let bytes = 0;
  for await (const page of pages) {
    for (const event of page) {
      bytes += event.message.length;
      if (events.length > 0 && bytes > RESPONSE_BYTES_MAX) return events;
      events.push(event);
      if (events.length >= limit) return events;
    }
  }
  return events;
}

function tokensOf(
  events: readonly LogEvent[],
  token: Token | undefined,
  from: number,
): { readonly nextForwardToken: string; readonly nextBackwardToken: string } {
  const [first, last] = [events[0], events.at(-1)];
  if (first !== undefined && last !== undefined) {
    return { nextForwardToken: textOf("f", last.eventId), nextBackwardToken: textOf("b", first.eventId) };
  }
  // Nothing here: the one token stays where it is, the other turns back from there.
  const at = token?.eventId ?? eventIdOf({ timestamp: Math.min(from, TIMESTAMP_MAX), sequence: 0 });
  return {
    nextForwardToken: textOf("f", token?.direction === "b" ? moved(at, -1) : at),
    nextBackwardToken: textOf("b", token?.direction === "b" ? at : moved(at, 1)),
  };
}

function moved(eventId: string, by: number): string {
  const { timestamp, sequence } = positionOf(eventId) ?? { timestamp: 0, sequence: 0 };
  return eventIdOf({ timestamp, sequence: Math.max(0, sequence + by) });
}

function textOf(direction: Token["direction"], eventId: string): string {
  return `${direction}/${eventId}/s`;
}

function parseToken(text: string): Token {
  const [, direction, eventId = ""] = /^([fb])\/(\d{56})(?:\/s)?$/.exec(text) ?? [];
  if ((direction === "f" || direction === "b") && positionOf(eventId) !== undefined) return { direction, eventId };
  throw invalidParameter(INVALID_TOKEN);
}
