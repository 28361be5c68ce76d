import { listMetrics as readMetrics, type MetricPlace } from "../../alarms/index.ts";
import { optional } from "../../core/index.ts";
import { openToken, placeOf } from "./call-place.ts";
import type { CloudwatchNeeds, CloudwatchOperation } from "./cloudwatch-operation.ts";

const PAGE_METRICS = 500;
const TWO_WEEKS_MS = 14 * 86_400_000;
const THREE_HOURS_MS = 3 * 3_600_000;

/**
 * ListMetrics: metrics that had data in the last two weeks, by namespace and name, 500 a page. There are no linked
 * accounts.
 * @throws {Refusal} `InvalidNextToken` when the token came from another query.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html
 */
export function listMetrics({ metrics, tokens }: CloudwatchNeeds): CloudwatchOperation<"ListMetrics"> {
  return {
    mutates: false,
    run: async ({ NextToken, ...asked }, call) => {
      const query = [placeOf(call), asked];
      const after = openToken<MetricPlace>(tokens, query, NextToken);
      await metrics.flush();
      const found = await readMetrics(
        call.tables,
        {
          ...placeOf(call),
          ...optional("namespace", asked.Namespace),
          ...optional("name", asked.MetricName),
          dimensions: (asked.Dimensions ?? []).map(({ Name, Value }) => ({ name: Name, ...optional("value", Value) })),
          since: call.now - (asked.RecentlyActive === undefined ? TWO_WEEKS_MS : THREE_HOURS_MS),
        },
        PAGE_METRICS + 1,
        after,
      );
      const page = found.slice(0, PAGE_METRICS);
      const last = found.length > PAGE_METRICS ? page.at(-1) : undefined;
      return {
        Metrics: page.map(({ namespace, name, dimensions }) => ({
          Namespace: namespace,
          MetricName: name,
          Dimensions: dimensions.map(([Name, Value]) => ({ Name, Value })),
        })),
        ...optional("NextToken", last === undefined ? undefined : tokens.seal(query, last.place)),
      };
    },
  };
}
