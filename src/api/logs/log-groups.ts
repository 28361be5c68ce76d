import { Refusal } from "../../core/index.ts";
import {
  createGroup,
  deleteGroup,
  type GroupSettings,
  groupArn,
  type LogGroup,
  listGroups,
  metricFilters,
  setGroupSettings,
  setGroupTags,
} from "../../loggroups/index.ts";
import { findIn, findNamed, identifiedArn, onGroup, onRegion, placeOf, requestTags } from "./find-group.ts";
import { invalidParameter, type LogsCall, type LogsFamily, type LogsNeeds, notSupported } from "./logs-operation.ts";
import { page } from "./paging.ts";

const DESCRIBED = 50;
const LISTED = 50;

/** Classes that differ in price and in what AWS lets one do; here they are told again. */
const CLASSES: ReadonlySet<string> = new Set(["STANDARD", "INFREQUENT_ACCESS"]);

/**
 * CreateLogGroup, DeleteLogGroup, DescribeLogGroups, ListLogGroups, PutLogGroupDeletionProtection.
 * @throws {Refusal} `ResourceAlreadyExistsException`, `ResourceNotFoundException`, `LimitExceededException`,
 * `InvalidParameterException`; `ValidationException` when a protected group shall be deleted.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
 */
export function logGroups({
  store,
  groups,
  tokens,
}: LogsNeeds): LogsFamily<
  "CreateLogGroup" | "DeleteLogGroup" | "DescribeLogGroups" | "ListLogGroups" | "PutLogGroupDeletionProtection"
> {
  return {
    CreateLogGroup: {
      mutates: true,
      resources: onGroup.resources,
      conditions: ({ tags }) => requestTags(tags),
      run: async ({ logGroupName: name, tags, ...asked }, call) => {
        if (name.startsWith("aws/")) throw invalidParameter("Log groups starting with AWS/ are reserved for AWS.");
        const settings = settingsOf(asked);
        const arn = await createGroup(call.tables, placeOf(call), { name, settings, createdAt: call.now });
        await setGroupTags(call.tables, arn, tags ?? {});
        // What is left of a group of this name: should the call be rolled back, nobody misses it.
        await store.remove(arn);
        groups.changed();
        return undefined;
      },
    },
    DeleteLogGroup: {
      mutates: true,
      ...onGroup,
      run: async (input, call) => {
        const { arn, settings } = await findNamed(input, call);
        if (settings.deletionProtectionEnabled) {
          throw new Refusal(
            "ValidationException",
            "The log group has deletion protection enabled and cannot be deleted.",
          );
        }
        await deleteGroup(call.tables, arn);
        groups.removed(arn);
        return undefined;
      },
    },
    DescribeLogGroups: {
      mutates: false,
      ...onRegion,
      run: async (input, call) => {
        const { logGroupNamePrefix, logGroupNamePattern, logGroupClass, logGroupIdentifiers } = input;
        if (logGroupNamePrefix !== undefined && logGroupNamePattern !== undefined) {
          throw invalidParameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
        }
        const asked = logGroupIdentifiers && new Set(logGroupIdentifiers.map((text) => identifiedArn(text, call)));
        const all = await listGroups(call.tables, placeOf(call));
        const found = all.filter(
          ({ arn, name, settings }) =>
            name.startsWith(logGroupNamePrefix ?? "") &&
            name.includes(logGroupNamePattern ?? "") &&
            (logGroupClass === undefined || settings.logGroupClass === logGroupClass) &&
            (asked === undefined || asked.has(arn)),
        );
        const { items, ...next } = page(tokens, {
          query: queryOf("DescribeLogGroups", call, [
            logGroupNamePrefix,
            logGroupNamePattern,
            logGroupClass,
            logGroupIdentifiers,
          ]),
          items: found,
          keyOf: ({ name }) => name,
          limit: input.limit ?? DESCRIBED,
          nextToken: input.nextToken,
        });
        return { logGroups: await Promise.all(items.map((group) => described(group, call, store))), ...next };
      },
    },
    ListLogGroups: {
      mutates: false,
      ...onRegion,
      run: async (input, call) => {
        const { logGroupNamePattern, logGroupClass, dataSources, fieldIndexNames, logGroupTags } = input;
        const others = { dataSources, fieldIndexNames, logGroupTags };
        for (const [name, value] of Object.entries(others)) if (value !== undefined) throw notSupported(name);
        const matches = matcherOf(logGroupNamePattern);
        const found = (await listGroups(call.tables, placeOf(call))).filter(
          ({ name, settings }) =>
            matches(name) && (logGroupClass === undefined || settings.logGroupClass === logGroupClass),
        );
        const { items, ...next } = page(tokens, {
          query: queryOf("ListLogGroups", call, [logGroupNamePattern, logGroupClass]),
          items: found,
          keyOf: ({ name }) => name,
          limit: input.limit ?? LISTED,
          nextToken: input.nextToken,
        });
        const told = items.map(({ name, arn, settings }) => ({
          logGroupName: name,
          logGroupArn: arn,
          logGroupClass: settings.logGroupClass,
        }));
        return { logGroups: told, ...next };
      },
    },
    PutLogGroupDeletionProtection: {
      mutates: true,
      ...onGroup,
      run: async ({ logGroupIdentifier, deletionProtectionEnabled }, call) => {
        const { arn, settings } = await findIn(identifiedArn(logGroupIdentifier, call), call);
        await setGroupSettings(call.tables, arn, { ...settings, deletionProtectionEnabled });
        return undefined;
      },
    },
  };
}

function settingsOf(asked: {
  readonly kmsKeyId?: string | undefined;
  readonly logGroupClass?: string | undefined;
  readonly deletionProtectionEnabled?: boolean | undefined;
}): GroupSettings {
  const { kmsKeyId, logGroupClass = "STANDARD", deletionProtectionEnabled = false } = asked;
  // Whoever asks for encryption shall not believe to have it.
  if (kmsKeyId !== undefined) throw notSupported("kmsKeyId");
  if (!CLASSES.has(logGroupClass)) throw notSupported(`The log group class ${logGroupClass}`);
  return { logGroupClass, deletionProtectionEnabled };
}

async function described(group: LogGroup, call: LogsCall, store: LogsNeeds["store"]) {
  const { arn, name, retentionDays, settings, createdAt } = group;
  const filters = await metricFilters.list(call.tables, arn);
  const stats = await store.stats(arn);
  return {
    logGroupName: name,
    creationTime: createdAt,
    ...(retentionDays === undefined ? {} : { retentionInDays: retentionDays }),
    metricFilterCount: filters.length,
    arn: `${groupArn(group, name)}:*`,
    storedBytes: [...stats.values()].reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    logGroupClass: settings.logGroupClass,
    logGroupArn: arn,
    deletionProtectionEnabled: settings.deletionProtectionEnabled,
  };
}

/** `^aws|prod`: beginnings and parts of names, ORed. */
function matcherOf(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) return () => true;
  const parts = pattern.split("|");
  return (name) => parts.some((part) => (part.startsWith("^") ? name.startsWith(part.slice(1)) : name.includes(part)));
}

/** What a page token belongs to. */
export function queryOf(operation: string, call: LogsCall, members: readonly unknown[]): unknown {
  return [operation, call.caller.account, call.region, ...members.map((member) => member ?? null)];
}
