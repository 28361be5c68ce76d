import type { JsonObject } from "../patterns/index.ts";
import type { BusReference } from "./bus-arn.ts";
import { textAround } from "./envelope.ts";
import type { BusEvent, EventEnvelope } from "./rule.ts";

/** What PutEvents takes, in the model's own words. */
export interface EventEntry {
  readonly Time?: Date | undefined;
  readonly Source?: string | undefined;
  readonly Resources?: readonly string[] | undefined;
  readonly DetailType?: string | undefined;
  readonly Detail?: string | undefined;
}

/** Why an entry was not taken, as PutEvents answers it. */
export interface EntryError {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

/** Objects and lists inside each other, as AWS bounds them. */
const DEPTH_MAX = 1000;

const REQUIRED = ["Source", "DetailType", "Detail"] as const;

/**
 * The event that a caller puts onto a bus, in the caller's account's name; or what is wrong with the entry.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
export function customEvent(
  entry: EventEntry,
  { bus, account, id, time }: { bus: BusReference; account: string; id: string; time: string },
): BusEvent | EntryError {
  for (const name of REQUIRED) {
    if (!entry[name]) {
      return error("InvalidArgument", `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
    }
  }
  const { Source = "", DetailType = "", Detail = "", Resources = [] } = entry;
  if (/^aws\./i.test(Source)) return error("NotAuthorizedForSourceException", "Not authorized for the source.");
  const detail = parseDetail(Detail);
  if (detail === undefined) return error("MalformedDetail", "Detail is malformed.");
  const envelope: EventEnvelope = {
    version: "0",
    id,
    "detail-type": DetailType,
    source: Source,
    account,
    time,
    region: bus.region,
    resources: Resources,
    detail,
  };
  return { envelope, text: textAround(envelope, withoutSpaces(Detail)), readOnlyManagement: false, hops: 0 };
}

/** What AWS counts of an entry, in bytes. */
export function entrySize({ Time, Source, DetailType, Detail, Resources = [] }: EventEntry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((size, text) => size + Buffer.byteLength(text ?? ""), Time === undefined ? 0 : 14);
}

/** JSON text without the white space between its tokens. */
function withoutSpaces(json: string): string {
  return json.replaceAll(/"(?:[^"\\]+|\\.)*"|\s+/g, (found) => (found.startsWith('"') ? found : ""));
}

function parseDetail(text: string): JsonObject | undefined {
  if (depthOf(text) > DEPTH_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/** How deep JSON text goes: brackets inside of strings do not count. In one pass, for text that is no JSON as well. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (quoted && character === "\\") index += 1;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "{" || character === "[") deepest = Math.max(deepest, ++depth);
    else if (character === "}" || character === "]") depth -= 1;
  }
  return deepest;
}

function error(ErrorCode: string, ErrorMessage: string): EntryError {
  return { ErrorCode, ErrorMessage };
}
