import { type History, type LookupEventsInput, parseLookup } from "../../history/index.ts";
import type { CloudtrailOperation } from "./cloudtrail-operation.ts";

/**
 * LookupEvents: management or Insights events of the calling account and Region, newest first.
 *
 * Several attributes are ANDed, where AWS takes one: ignoring some of what was asked would answer another question.
 * @throws {Refusal} `InvalidEventCategoryException`, `InvalidLookupAttributesException`, `InvalidTimeRangeException`,
 * `InvalidMaxResultsException`; `InvalidNextTokenException` when the token came from a different query.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
export function lookupEvents(history: History): CloudtrailOperation<"LookupEvents"> {
  return {
    mutates: false,
    checksInput: true,
    run: async (input, call) => {
      const query = parseLookup(input as LookupEventsInput, call.caller.account, call.region);
      const { events, nextToken } = await history.lookup(query);
      return nextToken === undefined ? { Events: events } : { Events: events, NextToken: nextToken };
    },
  };
}
