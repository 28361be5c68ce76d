import { Refusal } from "../core/index.ts";
import { LOOKUP_ATTRIBUTE_NAMES, type LookupAttributeName } from "../record/index.ts";

/** One question to event history. */
export interface LookupQuery {
  readonly account: string;
  readonly region: string;
  /** `all` is management and data events together. AWS has no history of data events; `data` and `all` are ours. */
  readonly category: "management" | "data" | "all" | "insight";
  /** All of them must hold. AWS takes one; more is ours. */
  readonly attributes: readonly { readonly key: LookupAttributeName; readonly value: string }[];
  /** Both inclusive, milliseconds since 1970. */
  readonly startTime?: number;
  readonly endTime?: number;
  /** 1 to 50. */
  readonly maxResults: number;
  readonly nextToken?: string;
}

/** The input of LookupEvents, as it comes from the wire: of the types of its model, and nothing else is sure. */
export interface LookupEventsInput {
  readonly LookupAttributes?: readonly { readonly AttributeKey?: string; readonly AttributeValue?: string }[];
  readonly StartTime?: Date;
  readonly EndTime?: Date;
  readonly EventCategory?: string;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

const KEYS: Readonly<Record<LookupQuery["category"], readonly LookupAttributeName[]>> = {
  management: LOOKUP_ATTRIBUTE_NAMES,
  data: LOOKUP_ATTRIBUTE_NAMES,
  all: LOOKUP_ATTRIBUTE_NAMES,
  insight: ["EventId", "EventName", "EventSource"],
};
/** Attributes that one query may combine: more than there are keys can only repeat or contradict. */
const ATTRIBUTES_MAX = 8;
const VALUE_LENGTH_MAX = 2000;
const RESULTS_MAX = 50;

/**
 * The query that a LookupEvents call of this account and Region asks.
 * @throws {Refusal} `InvalidEventCategoryException`, `InvalidLookupAttributesException`, `InvalidTimeRangeException`
 * or `InvalidMaxResultsException`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
export function parseLookup(input: LookupEventsInput, account: string, region: string): LookupQuery {
  const { StartTime, EndTime, EventCategory, MaxResults = RESULTS_MAX, NextToken } = input;
  const category = parseCategory(EventCategory);
  const query: LookupQuery = {
    account,
    region,
    category,
    attributes: (input.LookupAttributes ?? []).map(({ AttributeKey, AttributeValue }) => ({
      key: parseKey(AttributeKey, category),
      value: AttributeValue ?? "",
    })),
    ...(StartTime !== undefined && { startTime: StartTime.getTime() }),
    ...(EndTime !== undefined && { endTime: EndTime.getTime() }),
    maxResults: MaxResults,
    ...(NextToken !== undefined && { nextToken: NextToken }),
  };
  checkLookup(query);
  return query;
}

/** The rules that every query keeps, whoever made it. */
export function checkLookup({ attributes, startTime, endTime, maxResults }: LookupQuery): void {
  if (attributes.length > ATTRIBUTES_MAX) {
    throw new Refusal("InvalidLookupAttributesException", `Give at most ${ATTRIBUTES_MAX} lookup attributes.`);
  }
  for (const { key, value } of attributes) {
    if (value === "" || weight(value) > VALUE_LENGTH_MAX) {
      const rule = `must have 1 to ${VALUE_LENGTH_MAX} characters, of which underscores, spaces, commas and newlines count twice`;
      throw new Refusal("InvalidLookupAttributesException", `The value of lookup attribute ${key} ${rule}.`);
    }
  }
  if (startTime !== undefined && endTime !== undefined && startTime > endTime) {
    throw new Refusal("InvalidTimeRangeException", "The start time must not be later than the end time.");
  }
  if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > RESULTS_MAX) {
    throw new Refusal("InvalidMaxResultsException", `MaxResults must be between 1 and ${RESULTS_MAX}.`);
  }
}

function parseCategory(category: string | undefined): LookupQuery["category"] {
  if (category === undefined) return "management";
  if (category === "insight" || category === "data" || category === "all") return category;
  throw new Refusal("InvalidEventCategoryException", `Event category ${category} is not supported.`);
}

function parseKey(key = "", category: LookupQuery["category"]): LookupAttributeName {
  const found = KEYS[category].find((known) => known === key);
  if (found !== undefined) return found;
  const of = category === "insight" ? "Insights events" : "management and data events";
  throw new Refusal(
    "InvalidLookupAttributesException",
    `"${key}" is not a lookup attribute of ${of}: use one of ${KEYS[category].join(", ")}.`,
  );
}

/** The length of a value as AWS counts it. */
function weight(value: string): number {
  return value.length + (value.match(/[_ ,\n]/g)?.length ?? 0);
}
