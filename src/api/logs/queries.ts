import { optional, Refusal } from "../../core/index.ts";
import { findFields, keptSince, noSuchQuery, type StartedQuery } from "../../loggroups/index.ts";
import { findIn, findNamed, identifiedArn, onGroup, placeOf } from "./find-group.ts";
import {
  invalidParameter,
  type LogsCall,
  type LogsFamily,
  type LogsNeeds,
  type LogsOperation,
  notSupported,
} from "./logs-operation.ts";
import { INVALID_TOKEN, page } from "./paging.ts";

const GROUPS_MAX = 50;
const ROWS_MAX = 10_000;
const QUERIES_OF_PAGE = 1_000;
const MINUTE_MS = 60_000;

type QueryNeeds = Pick<LogsNeeds, "store" | "tokens" | "queries">;

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AnalyzingLogData.html */
export function queryOperations(
  needs: QueryNeeds,
): LogsFamily<"StartQuery" | "GetQueryResults" | "StopQuery" | "DescribeQueries" | "GetLogGroupFields"> {
  return {
    StartQuery: startQuery(needs),
    GetQueryResults: getQueryResults(needs),
    StopQuery: {
      mutates: false,
      run: async ({ queryId }, call) => {
        needs.queries.stop(placeOf(call), queryId);
        return { success: true };
      },
    },
    DescribeQueries: describeQueries(needs),
    GetLogGroupFields: getLogGroupFields(needs),
  };
}

type StartInput = Parameters<LogsOperation<"StartQuery">["run"]>[0];

/**
 * StartQuery: times are whole seconds since 1970, both inside. Permission is needed on each group.
 * @throws {Refusal} `MalformedQueryException`, `LimitExceededException`, `ResourceNotFoundException`,
 * `InvalidParameterException` unless groups are named in one way, at most 50 of them.
 */
function startQuery({ queries }: QueryNeeds): LogsOperation<"StartQuery"> {
  return {
    mutates: false,
    resources: (input, call) => named(input).map((name) => `${arnOf(name, call)}:log-stream:`),
    run: async (input, call) => {
      if ((input.queryLanguage ?? "CWLI") !== "CWLI") throw notSupported(`queryLanguage ${input.queryLanguage}`);
      const [from, to] = [Number(input.startTime) * 1000, (Number(input.endTime) + 1) * 1000];
      if (from >= to) throw invalidParameter("startTime must not be after endTime.");
      const names = named(input);
      if (names.length === 0) throw invalidParameter("Log groups must be named in one way, and at least one of them.");
      if (names.length > GROUPS_MAX) throw invalidParameter(`A query may read ${GROUPS_MAX} log groups at most.`);
      const groups = [];
      for (const arn of new Set(names.map((name) => identifiedArn(name, call)))) {
        const group = await findIn(arn, call);
        groups.push({ arn, name: group.name, from: Math.max(from, keptSince(group, call.now)) });
      }
      const rowsMax = Math.min(input.limit ?? ROWS_MAX, ROWS_MAX);
      const userIdentity = call.caller.arn;
      const queryId = queries.start({
        ...placeOf(call),
        userIdentity,
        text: input.queryString,
        groups,
        from,
        to,
        rowsMax,
      });
      return { queryId };
    },
  };
}

/** The groups of a query; none when they are named in more ways than one. */
function named({ logGroupName, logGroupNames, logGroupIdentifiers }: StartInput): readonly string[] {
  const ways = [logGroupName === undefined ? undefined : [logGroupName], logGroupNames, logGroupIdentifiers];
  const [only = [], ...more] = ways.filter((way) => way !== undefined);
  return more.length > 0 ? [] : only;
}

/** What names no group is refused later; until then it is asked for as it stands. */
function arnOf(name: string, call: LogsCall): string {
  try {
    return identifiedArn(name, call);
  } catch (refused) {
    if (!(refused instanceof Refusal)) throw refused;
    return name;
  }
}

/**
 * GetQueryResults: the rows found so far, also while the query runs. A query that failed has one row, whose `@error` says
 * why. Results are kept for seven days at most, and not over a restart.
 * @throws {Refusal} `ResourceNotFoundException`
 */
function getQueryResults({ queries, tokens }: QueryNeeds): LogsOperation<"GetQueryResults"> {
  return {
    mutates: false,
    run: async ({ queryId, nextToken, maxItems = ROWS_MAX }, call) => {
      const query = queries.find(placeOf(call), queryId);
      if (query === undefined) throw noSuchQuery();
      const scope = ["GetQueryResults", call.caller.account, queryId];
      const start = nextToken === undefined ? 0 : tokens.open(scope, nextToken);
      if (typeof start !== "number") throw invalidParameter(INVALID_TOKEN);
      const { rows, status, statistics } = query.running;
      const end = start + (maxItems === 0 ? ROWS_MAX : maxItems);
      return {
        queryLanguage: "CWLI",
        results: rows.slice(start, end),
        statistics: {
          ...statistics,
          estimatedRecordsSkipped: 0,
          estimatedBytesSkipped: 0,
          logGroupsScanned: query.request.groupNames.length,
        },
        status,
        ...(end < rows.length ? { nextToken: tokens.seal(scope, end) } : {}),
      };
    },
  };
}

/** DescribeQueries: newest first. */
function describeQueries({ queries, tokens }: QueryNeeds): LogsOperation<"DescribeQueries"> {
  return {
    mutates: false,
    run: async ({ logGroupName, status, maxResults = QUERIES_OF_PAGE, nextToken, queryLanguage = "CWLI" }, call) => {
      const items = queries
        .list(placeOf(call))
        .filter(({ request }) => logGroupName === undefined || request.groupNames.includes(logGroupName))
        .filter(({ running }) => status === undefined || running.status === status)
        .filter(() => queryLanguage === "CWLI");
      const query = ["DescribeQueries", call.caller.account, call.region, logGroupName, status, queryLanguage];
      const shown = page(tokens, { query, items, keyOf: ({ id }) => id, limit: maxResults, nextToken });
      return { queries: shown.items.map(describe), ...optional("nextToken", shown.nextToken) };
    },
  };
}

function describe({ id, createdAt, request, running }: StartedQuery) {
  const { groupNames, from, to, text, userIdentity } = request;
  const source = groupNames.map((name) => `"${name}"`).join(", ");
  const [logGroupName] = groupNames;
  return {
    queryLanguage: "CWLI",
    queryId: id,
    queryString: `SOURCE ${source} START=${from / 1000} END=${to / 1000 - 1} | ${text}`,
    status: running.status,
    createTime: createdAt,
    ...(groupNames.length === 1 && logGroupName !== undefined ? { logGroupName } : {}),
    queryDuration: running.durationMs,
    bytesScanned: running.statistics.bytesScanned,
    userIdentity,
  };
}

/**
 * GetLogGroupFields: the fields of events within eight minutes of `time` (seconds since 1970), of the last fifteen
 * minutes when it is not given; of the newest 5,000 of them.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogGroupFields.html
 */
function getLogGroupFields({ store }: QueryNeeds): LogsOperation<"GetLogGroupFields"> {
  return {
    mutates: false,
    ...onGroup,
    run: async ({ time, ...input }, call) => {
      const group = await findNamed(input, call);
      const around = time === undefined ? undefined : Number(time) * 1000;
      const from = around === undefined ? call.now - 15 * MINUTE_MS : around - 8 * MINUTE_MS;
      const to = around === undefined ? call.now + 1 : around + 8 * MINUTE_MS;
      const since = Math.max(0, from, keptSince(group, call.now));
      return { logGroupFields: await findFields(store, { group: group.arn, from: since, to }) };
    },
  };
}
