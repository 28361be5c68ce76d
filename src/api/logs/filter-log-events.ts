import {
  type FilterPattern,
  keptSince,
  type LogEvent,
  type LogRange,
  listStreams,
  matchesFilter,
  parseFilterPattern,
  TIMESTAMP_MAX,
} from "../../loggroups/index.ts";
import { findNamed, onGroup } from "./find-group.ts";
import { EVENTS_MAX, RESPONSE_BYTES_MAX } from "./get-log-events.ts";
import { queryOf } from "./log-groups.ts";
import { refuseMissing } from "./log-streams.ts";
import { invalidParameter, type LogsNeeds, type LogsOperation } from "./logs-operation.ts";
import { INVALID_TOKEN } from "./paging.ts";

const TOKEN_AGE_MAX_MS = 24 * 3_600_000;
/** What one call looks at before it answers with what it has found so far, perhaps nothing. */
const SCANNED_BYTES_MAX = 32 * 1024 * 1024;

/**
 * FilterLogEvents: events of many streams in order of time, those that match a filter pattern. A page may be empty while
 * there are more.
 * @throws {Refusal} `InvalidParameterException`, `ResourceNotFoundException`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
 */
export function filterLogEvents({ store, tokens }: LogsNeeds): LogsOperation<"FilterLogEvents"> {
  return {
    mutates: false,
    ...onGroup,
    run: async (input, call) => {
      const {
        logStreamNames,
        logStreamNamePrefix,
        startTime,
        endTime,
        filterPattern = "",
        startFromHead = true,
      } = input;
      if (logStreamNames !== undefined && logStreamNamePrefix !== undefined) {
        throw invalidParameter("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.");
      }
      const pattern = parseFilterPattern(filterPattern);
      const group = await findNamed(input, call);
      if (logStreamNames !== undefined) refuseMissing(logStreamNames, await listStreams(call.tables, group.arn));
      const query = queryOf("FilterLogEvents", call, [
        group.arn,
        logStreamNames,
        logStreamNamePrefix,
        startTime === undefined ? undefined : Number(startTime),
        endTime === undefined ? undefined : Number(endTime),
        filterPattern,
        startFromHead,
      ]);
      const after =
        input.nextToken === undefined ? undefined : positionIn(tokens.open(query, input.nextToken), call.now);
      const range: LogRange = {
        group: group.arn,
        ...(logStreamNames === undefined ? {} : { streams: logStreamNames }),
        ...(logStreamNamePrefix === undefined ? {} : { streamPrefix: logStreamNamePrefix }),
        from: Math.max(keptSince(group, call.now), Number(startTime ?? 0)),
        // Unlike GetLogEvents, what happened at the end time itself belongs to it.
        to: Math.min(Number(endTime ?? TIMESTAMP_MAX), TIMESTAMP_MAX) + 1,
        descending: !startFromHead,
        ...(after === undefined ? {} : { after: { timestamp: 0, eventId: after } }),
      };
      const { found, more } = await search(store.read(range), pattern, input.limit ?? EVENTS_MAX);
      return {
        events: found.map(({ stream, timestamp, message, ingestionTime, eventId }) => ({
          logStreamName: stream,
          timestamp,
          message,
          ingestionTime,
          eventId,
        })),
        searchedLogStreams: [],
        ...(more === undefined ? {} : { nextToken: tokens.seal(query, [more, call.now]) }),
      };
    },
  };
}

/** What matches, and the event behind which to go on, unless all was seen. */
async function search(
  pages: AsyncIterable<readonly LogEvent[]>,
  pattern: FilterPattern,
  limit: number,
): Promise<{ readonly found: readonly LogEvent[]; readonly more?: string }> {
  const found: LogEvent[] = [];
  let scanned = 0;
  let bytes = 0;
  let last: string | undefined;
  for await (const page of pages) {
    for (const event of page) {
      const isFull = found.length >= limit || bytes >= RESPONSE_BYTES_MAX || scanned >= SCANNED_BYTES_MAX;
      if (isFull && last !== undefined) return { found, more: last };
      last = event.eventId;
      scanned += event.message.length;
      if (!matchesFilter(pattern, event.message)) continue;
      found.push(event);
      bytes += event.message.length;
    }
  }
  return { found };
}

function positionIn(token: unknown, now: number): string {
  const [eventId, madeAt] = Array.isArray(token) ? (token as [string, number]) : ["", 0];
  if (now - madeAt > TOKEN_AGE_MAX_MS) throw invalidParameter(INVALID_TOKEN);
  return eventId;
}
