import { matchFilter, parseFilterPattern } from "../../loggroups/index.ts";
import type { LogsFamily } from "./logs-operation.ts";

/**
 * TestMetricFilter: which of some messages a filter pattern matches, counted from 1, and the values it sees in them.
 * @throws {Refusal} `InvalidParameterException` when the pattern is invalid.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TestMetricFilter.html
 */
export const filterPatternOperations: LogsFamily<"TestMetricFilter"> = {
  TestMetricFilter: {
    mutates: false,
    run: async ({ filterPattern, logEventMessages }) => {
      const pattern = parseFilterPattern(filterPattern);
      const matches = logEventMessages.flatMap((eventMessage, at) => {
        const match = matchFilter(pattern, eventMessage);
        return match === undefined ? [] : [{ eventNumber: at + 1, eventMessage, extractedValues: match.extracted }];
      });
      return { matches };
    },
  },
};
