import { checkStream, keptSince } from "../../loggroups/index.ts";
import { findNamed, onStream } from "./find-group.ts";
import { invalidParameter, type LogsNeeds, type LogsOperation } from "./logs-operation.ts";

/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
const BATCH_BYTES_MAX = 1_048_576;
const EVENT_BYTES_MAX = 1_048_576;
const EVENT_OVERHEAD_BYTES = 26;
const HOUR_MS = 3_600_000;
const SPAN_MS = 24 * HOUR_MS;
const AHEAD_MS = 2 * HOUR_MS;
const OLD_MS = 14 * 24 * HOUR_MS;

interface InputEvent {
  readonly timestamp: number;
  readonly message: string;
}

/**
 * PutLogEvents: a batch for one stream. Events that are too old or too new are left out and told in a good answer.
 * @throws {Refusal} `InvalidParameterException` for a batch that is too large, not in order or spans more than a day;
 * `ResourceNotFoundException`.
 */
export function putLogEvents({ groups }: LogsNeeds): LogsOperation<"PutLogEvents"> {
  return {
    // What it changes lies in a store of its own, durable before the answer: there is nothing to commit with its record.
    mutates: false,
    ...onStream(({ logStreamName }) => logStreamName),
    recordedInput: ({ logGroupName, logStreamName, sequenceToken }) => ({ logGroupName, logStreamName, sequenceToken }),
    run: async ({ logEvents, logStreamName, ...input }, call) => {
      const events = logEvents.map(({ timestamp, message }) => ({ timestamp: Number(timestamp), message }));
      checkBatch(events);
      const group = await findNamed(input, call);
      await checkStream(call.tables, group.arn, logStreamName);
      const { accepted, rejected } = sift(events, keptSince(group, call.now), call.now);
      const stored = await groups.append(group.arn, logStreamName, accepted, call.now);
      const nextSequenceToken = stored.at(-1)?.eventId;
      return {
        ...(nextSequenceToken === undefined ? {} : { nextSequenceToken }),
        ...(Object.keys(rejected).length === 0 ? {} : { rejectedLogEventsInfo: rejected }),
      };
    },
  };
}

function checkBatch(events: readonly InputEvent[]): void {
  const sizes = events.map(({ message }) => Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES);
  const large = sizes.find((bytes) => bytes > EVENT_BYTES_MAX);
  if (large !== undefined) {
    throw invalidParameter(`Log event too large: ${large} bytes exceeds limit of ${EVENT_BYTES_MAX}`);
  }
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > BATCH_BYTES_MAX) {
    throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${BATCH_BYTES_MAX}`);
  }
  if (events.some(({ timestamp }, index) => timestamp < (events[index - 1]?.timestamp ?? 0))) {
    throw invalidParameter("Log events in a single PutLogEvents request must be in chronological order.");
  }
  if ((events.at(-1)?.timestamp ?? 0) - (events[0]?.timestamp ?? 0) > SPAN_MS) {
    throw invalidParameter("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
}

/** The events are in order, so that what is too old stands first and what is too new last. */
function sift(
  events: readonly InputEvent[],
  keptSinceMs: number,
  now: number,
): { readonly accepted: readonly InputEvent[]; readonly rejected: Readonly<Record<string, number>> } {
  const countBefore = (ms: number): number => {
    const first = events.findIndex(({ timestamp }) => timestamp >= ms);
    return first < 0 ? events.length : first;
  };
  const expired = countBefore(keptSinceMs);
  const tooOld = countBefore(now - OLD_MS);
  const tooNew = countBefore(now + AHEAD_MS + 1);
  return {
    accepted: events.slice(Math.max(expired, tooOld), tooNew),
    rejected: {
      ...(tooNew < events.length ? { tooNewLogEventStartIndex: tooNew } : {}),
      ...(tooOld > 0 ? { tooOldLogEventEndIndex: tooOld } : {}),
      ...(expired > 0 ? { expiredLogEventEndIndex: expired } : {}),
    },
  };
}
