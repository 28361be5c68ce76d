import { type JsonObject, matchesPattern } from "../../patterns/index.ts";
import type { EventsOperation } from "./events-operation.ts";
import { invalid } from "./named.ts";
import { patternOrRefuse } from "./pattern-or-refuse.ts";

/** What an event must say so that it can be tested, although no pattern needs it. */
const MANDATORY = ["id", "account", "source", "time", "region", "resources", "detail-type"] as const;

/**
 * TestEventPattern: whether a pattern matches an event.
 * @throws {Refusal} `InvalidEventPatternException`; `ValidationException` when the event is no JSON object, or lacks what
 * every envelope says.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
 */
export const testEventPattern: EventsOperation<"TestEventPattern"> = {
  mutates: false,
  run: async ({ EventPattern, Event }) => {
    const pattern = patternOrRefuse(EventPattern);
    const event = parseEvent(Event);
    if (event === undefined || MANDATORY.some((name) => !Object.hasOwn(event, name))) {
      throw invalid("Parameter Event is not valid.");
    }
    return { Result: matchesPattern(pattern, event) };
  },
};

function parseEvent(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
