import { type Command, InvalidArgumentError, Option } from "commander";
import type { CloudtrailOperations } from "../aws/index.ts";
import { formatTime, localZone, parseTimeArgument, utcZone, type Zone } from "./time-argument.ts";
import { UsageError } from "./usage-error.ts";

/** Of AWS's own categories LookupEvents knows Insights events alone; the others are OpenTrail's. */
export type LookupRequest = Omit<CloudtrailOperations["LookupEvents"]["input"], "EventCategory"> & {
  readonly EventCategory?: "data" | "all" | "insight";
};

/** What `lookup` and `tail` take to choose events. */
export interface FilterOptions {
  readonly eventName?: string;
  readonly user?: string;
  readonly source?: string;
  readonly resourceName?: string;
  readonly resourceType?: string;
  readonly accessKey?: string;
  readonly eventId?: string;
  readonly readOnly?: true;
  readonly writes?: true;
  /** `all`, that is management and data events, unless told. */
  readonly category?: Category;
  readonly since?: string;
  readonly until?: string;
  readonly utc?: true;
}

export type Category = "all" | "management" | "data" | "insight";

const CATEGORIES: readonly Category[] = ["all", "management", "data", "insight"];

type AttributeKey = NonNullable<LookupRequest["LookupAttributes"]>[number]["AttributeKey"];

interface Filter {
  readonly flags: string;
  readonly help: string;
  readonly key: AttributeKey;
  readonly value: (options: FilterOptions) => string | undefined;
}

const FILTERS: readonly Filter[] = [
  {
    flags: "--event-name <name>",
    help: "only this call, such as CreateUser",
    key: "EventName",
    value: (o) => o.eventName,
  },
  { flags: "--user <name>", help: "only this user, role session or root", key: "Username", value: (o) => o.user },
  {
    flags: "--source <service>",
    help: "only this service, such as iam",
    key: "EventSource",
    value: ({ source }) => (source === undefined || source.includes(".") ? source : `${source}.amazonaws.com`),
  },
  {
    flags: "--resource-name <name>",
    help: "only what touched this",
    key: "ResourceName",
    value: (o) => o.resourceName,
  },
  {
    flags: "--resource-type <type>",
    help: "only what touched such, as AWS::IAM::User",
    key: "ResourceType",
    value: (o) => o.resourceType,
  },
  {
    flags: "--access-key <id>",
    help: "only calls signed with this key",
    key: "AccessKeyId",
    value: (o) => o.accessKey,
  },
  { flags: "--event-id <id>", help: "only this event", key: "EventId", value: (o) => o.eventId },
  { flags: "--read-only", help: "only calls that change nothing", key: "ReadOnly", value: (o) => o.readOnly && "true" },
  { flags: "--writes", help: "only calls that change something", key: "ReadOnly", value: (o) => o.writes && "false" },
];

/** Insights events have no caller: they are found by these alone. */
const INSIGHT_KEYS: ReadonlySet<AttributeKey> = new Set(["EventId", "EventName", "EventSource"]);

export function addFilterOptions(command: Command): Command {
  for (const { flags, help } of FILTERS) {
    const option = new Option(flags, help);
    command.addOption(flags === "--writes" ? option.conflicts("readOnly") : option);
  }
  return command.addOption(
    new Option("--category <name>", "only such events; all stands for management and data events")
      .choices(CATEGORIES)
      .default("all"),
  );
}

/**
 * The LookupEvents request that the options stand for; several filters must all hold.
 * @throws {UsageError} when they contradict each other.
 */
export function lookupRequest(options: FilterOptions, now: number): LookupRequest {
  const { category = "all" } = options;
  const attributes = FILTERS.flatMap(({ flags, key, value }) => {
    const wanted = value(options);
    if (wanted === undefined) return [];
    if (wanted === "") throw new UsageError(`${flags.split(" ")[0]} is empty; leave it out to see everything`);
    if (category === "insight" && !INSIGHT_KEYS.has(key)) {
      throw new UsageError(
        `${flags.split(" ")[0]} cannot go with --category insight: Insights events are found by --event-id, --event-name and --source`,
      );
    }
    return [{ AttributeKey: key, AttributeValue: wanted }];
  });
  const start = timeOption("--since", options.since, options, now);
  const end = timeOption("--until", options.until, options, now);
  if (start !== undefined && start > (end ?? now)) throw new UsageError("--since is later than --until, or than now");
  return {
    ...(attributes.length === 0 ? {} : { LookupAttributes: attributes }),
    ...(start === undefined ? {} : { StartTime: start }),
    ...(end === undefined ? {} : { EndTime: end }),
    ...(category === "management" ? {} : { EventCategory: category }),
  };
}

export function zoneOf({ utc }: { readonly utc?: true }): Zone {
  return utc ? utcZone : localZone;
}

/** In words what a request searched: `management events with EventName CreateUser from … to now`. */
export function describeRequest(
  { LookupAttributes = [], StartTime, EndTime, EventCategory }: LookupRequest,
  zone: Zone,
): string {
  const filters = LookupAttributes.map(({ AttributeKey, AttributeValue }) => `${AttributeKey} ${AttributeValue}`);
  const when = (time: Date): string => formatTime(time.getTime(), { zone, offset: true });
  return [
    CATEGORY_WORDS[EventCategory ?? "management"],
    ...(filters.length === 0 ? [] : [`with ${filters.join(" and ")}`]),
    StartTime === undefined ? "in all that is kept (90 days, if nobody changed that)" : `from ${when(StartTime)}`,
    EndTime === undefined ? "until now" : `until ${when(EndTime)}`,
  ].join(" ");
}

const CATEGORY_WORDS: Readonly<Record<Category, string>> = {
  all: "events",
  management: "management events",
  data: "data events",
  insight: "Insights events",
};

/** Commander's parser for `--limit`. */
export function parseLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || !Number.isSafeInteger(limit)) {
    throw new InvalidArgumentError("It is a whole number from 1 on.");
  }
  return limit;
}

function timeOption(flag: string, value: string | undefined, options: FilterOptions, now: number): Date | undefined {
  if (value === undefined) return undefined;
  const ms = parseTimeArgument(value, now, zoneOf(options));
  if (ms === undefined) {
    throw new UsageError(`${flag} ${value} is no time; write 30m, 2h, 7d, 2026-08-01 or 2026-08-01T14:00:00Z`);
  }
  return new Date(ms);
}
