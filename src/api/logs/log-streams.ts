import { Refusal } from "../../core/index.ts";
import {
  addStream,
  checkStream,
  deleteStream,
  eventIdOf,
  type LogGroup,
  type LogStreamRow,
  listStreams,
  type StreamStats,
  streamArn,
} from "../../loggroups/index.ts";
import { findNamed, onGroup, onStream } from "./find-group.ts";
import { queryOf } from "./log-groups.ts";
import { invalidParameter, type LogsFamily, type LogsNeeds } from "./logs-operation.ts";
import { page } from "./paging.ts";

const DESCRIBED = 50;

/**
 * CreateLogStream, DeleteLogStream, DescribeLogStreams.
 * @throws {Refusal} `ResourceAlreadyExistsException`, `ResourceNotFoundException`, `LimitExceededException`,
 * `InvalidParameterException`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html
 */
export function logStreams({
  store,
  groups,
  tokens,
}: LogsNeeds): LogsFamily<"CreateLogStream" | "DeleteLogStream" | "DescribeLogStreams"> {
  return {
    CreateLogStream: {
      mutates: true,
      ...onStream(({ logStreamName }) => logStreamName),
      run: async ({ logStreamName, ...input }, call) => {
        const { arn } = await findNamed(input, call);
        await addStream(call.tables, store, arn, logStreamName, call.now);
        return undefined;
      },
    },
    DeleteLogStream: {
      mutates: true,
      ...onStream(({ logStreamName }) => logStreamName),
      run: async ({ logStreamName, ...input }, call) => {
        const { arn } = await findNamed(input, call);
        await checkStream(call.tables, arn, logStreamName);
        await deleteStream(call.tables, arn, logStreamName);
        groups.removed(arn, logStreamName);
        return undefined;
      },
    },
    DescribeLogStreams: {
      mutates: false,
      ...onGroup,
      run: async ({ logStreamNamePrefix: prefix, orderBy = "LogStreamName", descending = false, ...input }, call) => {
        const byTime = orderBy === "LastEventTime";
        if (byTime && prefix !== undefined) {
          throw invalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
        }
        const group = await findNamed(input, call);
        const stats = await store.stats(group.arn);
        const lastOf = ({ name }: LogStreamRow): number => stats.get(name)?.lastTimestamp ?? 0;
        const streams = (await listStreams(call.tables, group.arn, prefix)).toSorted((one, other) =>
          byTime ? lastOf(one) - lastOf(other) || compare(one.name, other.name) : compare(one.name, other.name),
        );
        const { items, ...next } = page(tokens, {
          query: queryOf("DescribeLogStreams", call, [group.arn, prefix, orderBy, descending]),
          items: descending ? streams.reverse() : streams,
          keyOf: ({ name }) => name,
          limit: input.limit ?? DESCRIBED,
          nextToken: input.nextToken,
        });
        return { logStreams: items.map((stream) => described(group, stream, stats.get(stream.name))), ...next };
      },
    },
  };
}

function described({ arn }: LogGroup, { name, createdAt }: LogStreamRow, stats: StreamStats | undefined) {
  return {
    logStreamName: name,
    creationTime: createdAt,
    ...(stats === undefined
      ? {}
      : {
          firstEventTimestamp: stats.firstTimestamp,
          lastEventTimestamp: stats.lastTimestamp,
          lastIngestionTime: stats.lastIngestionTime,
        }),
    // Nobody asks for it any more, but old agents send it back.
    uploadSequenceToken: eventIdOf({ timestamp: stats?.lastIngestionTime ?? createdAt, sequence: 0 }),
    arn: streamArn(arn, name),
    // As AWS says it of streams since 2019; the group's number is the true one.
    storedBytes: 0,
  };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** @throws {Refusal} `ResourceNotFoundException` unless the group has them all. */
export function refuseMissing(names: readonly string[], known: readonly LogStreamRow[]): void {
  const there = new Set(known.map(({ name }) => name));
  if (names.every((name) => there.has(name))) return;
  throw new Refusal("ResourceNotFoundException", "The specified log stream does not exist.");
}
