import type { CloudtrailOperations } from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import type { History } from "../../history/index.ts";
import type { LookupAttributeName } from "../../record/index.ts";
import type { Operation } from "../operation.ts";

type LookupEvents = CloudtrailOperations["LookupEvents"];

/**
 * LookupEvents: management or Insights events of the calling account and Region, newest first.
 *
 * Several attributes are ANDed, where AWS takes one: ignoring some of what was asked would answer another question.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
export function lookupEvents(history: History): Operation<LookupEvents["input"], LookupEvents["output"], never> {
  return {
    mutates: false,
    run: async (input, call) => {
      const { events, nextToken } = await history.lookup({
        account: call.caller.account,
        region: call.region,
        category: category(input.EventCategory),
        attributes: (input.LookupAttributes ?? []).map(({ AttributeKey, AttributeValue }) => ({
          key: AttributeKey as LookupAttributeName,
          value: AttributeValue,
        })),
        maxResults: input.MaxResults ?? MAX_RESULTS_DEFAULT,
        ...(input.StartTime === undefined ? {} : { startTime: input.StartTime.getTime() }),
        ...(input.EndTime === undefined ? {} : { endTime: input.EndTime.getTime() }),
        ...(input.NextToken === undefined ? {} : { nextToken: input.NextToken }),
      });
      return nextToken === undefined ? { Events: events } : { Events: events, NextToken: nextToken };
    },
  };
}

const MAX_RESULTS_DEFAULT = 50;

function category(asked: string | undefined): "management" | "insight" {
  if (asked === undefined) return "management";
  if (asked === "insight") return "insight";
  throw new Refusal(
    "InvalidEventCategoryException",
    `the event category ${asked} is not valid; leave it out or use insight`,
  );
}
