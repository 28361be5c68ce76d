import { Refusal } from "../../core/index.ts";
import type { CallerSession, Session } from "../../identity/index.ts";
import type { ConditionValues } from "../operation.ts";

/** What a call may ask for: its own tags, and which of them go on into further sessions. */
export interface AskedTags {
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[] | undefined;
  readonly TransitiveTagKeys?: readonly string[] | undefined;
}

export type SessionTags = Pick<Session, "tags" | "transitiveTagKeys">;

/**
 * The new session's tags: those that the call asks for and, in a chain of roles, the transitive ones of the calling
 * session. Keys are one whatever their case.
 *
 * @throws {Refusal} `InvalidParameterValue` for a key twice, a reserved one, a transitive one without its tag, or one
 * that the calling session has fixed.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
 */
export function sessionTags(asked: AskedTags, calling: CallerSession | undefined): SessionTags {
  const tags = asked.Tags ?? [];
  const transitive = asked.TransitiveTagKeys ?? [];
  const keys = tags.map(({ Key }) => Key.toLowerCase());
  const inherited = Object.entries(calling?.tags ?? {}).filter(([key]) => contains(calling?.transitiveTagKeys, key));
  if (new Set(keys).size < keys.length)
    throw invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  if (keys.some((key) => key.startsWith("aws:")))
    throw invalid("Tag keys must not begin with aws:, which is reserved.");
  if (!transitive.every((key) => keys.includes(key.toLowerCase()))) {
    throw invalid("The specified transitive tag key must be included in the requested tags.");
  }
  if (inherited.some(([key]) => keys.includes(key.toLowerCase()))) throw invalid(FIXED);
  return {
    tags: Object.fromEntries([...tags.map(({ Key, Value }) => [Key, Value] as const), ...inherited]),
    transitiveTagKeys: [
      ...tags.map(({ Key }) => Key).filter((key) => contains(transitive, key)),
      ...inherited.map(([key]) => key),
    ],
  };
}

const FIXED =
  "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.";

/** The condition keys that follow from a new session's tags. */
export function tagConditions({ tags, transitiveTagKeys }: SessionTags): ConditionValues {
  const keys = Object.keys(tags);
  if (keys.length === 0) return {};
  const values = Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value] as const);
  const transitive = transitiveTagKeys.length === 0 ? {} : { "sts:TransitiveTagKeys": transitiveTagKeys };
  return { ...Object.fromEntries(values), "aws:TagKeys": keys, ...transitive };
}

function contains(keys: readonly string[] | undefined, key: string): boolean {
  return (keys ?? []).some((other) => other.toLowerCase() === key.toLowerCase());
}

function invalid(message: string): Refusal {
  return new Refusal("InvalidParameterValue", message, 400);
}
