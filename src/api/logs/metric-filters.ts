import {
  type Filter,
  type MetricFilterSettings,
  metricFilters,
  numberOf,
  parseGroupArn,
} from "../../loggroups/index.ts";
import type { LogsOperations } from "../../aws/index.ts";
import { readPattern } from "./filter-log-events.ts";
import { findNamed, onGroup, onRegion, placeOf } from "./find-group.ts";
import { queryOf } from "./log-groups.ts";
import { invalidParameter, type LogsFamily, type LogsNeeds, notSupported } from "./logs-operation.ts";
import { page } from "./paging.ts";

const DESCRIBED = 50;
const DIMENSIONS_MAX = 3;

type Transformation = LogsOperations["PutMetricFilter"]["input"]["metricTransformations"][number];

/**
 * PutMetricFilter, DescribeMetricFilters, DeleteMetricFilter.
 * @throws {Refusal} `InvalidParameterException`, `ResourceNotFoundException`, `LimitExceededException`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
 */
export function metricFilterOperations({
  groups,
  tokens,
}: LogsNeeds): LogsFamily<"PutMetricFilter" | "DescribeMetricFilters" | "DeleteMetricFilter"> {
  return {
    PutMetricFilter: {
      mutates: true,
      ...onGroup,
      run: async (input, call) => {
        const { filterName, filterPattern, metricTransformations, applyOnTransformedLogs } = input;
        if (input.fieldSelectionCriteria !== undefined) throw notSupported("fieldSelectionCriteria");
        if (input.emitSystemFieldDimensions !== undefined) throw notSupported("emitSystemFieldDimensions");
        readPattern(filterPattern);
        for (const transformation of metricTransformations) checkTransformation(transformation);
        const { arn } = await findNamed(input, call);
        await metricFilters.put(call.tables, {
          group: arn,
          name: filterName,
          settings: { filterPattern, metricTransformations, applyOnTransformedLogs },
          createdAt: call.now,
        });
        groups.changed();
        return undefined;
      },
    },
    DescribeMetricFilters: {
      mutates: false,
      resources: (input, call) => (input.logGroupName === undefined ? onRegion : onGroup).resources(input, call),
      run: async (input, call) => {
        const { logGroupName, filterNamePrefix = "", metricName, metricNamespace } = input;
        if ((metricName === undefined) !== (metricNamespace === undefined)) {
          throw invalidParameter("metricName and metricNamespace must be given together.");
        }
        const group = logGroupName === undefined ? undefined : (await findNamed(input, call)).arn;
        const { account, region } = placeOf(call);
        const found = (await metricFilters.list(call.tables, group)).filter((filter) => {
          const place = parseGroupArn(filter.group);
          if (place?.account !== account || place.region !== region) return false;
          return filter.name.startsWith(filterNamePrefix) && measures(filter, metricName, metricNamespace);
        });
        const { items, ...next } = page(tokens, {
          query: queryOf("DescribeMetricFilters", call, [group, filterNamePrefix, metricName, metricNamespace]),
          items: found,
          keyOf: (filter) => `${filter.name} ${filter.group}`,
          limit: input.limit ?? DESCRIBED,
          nextToken: input.nextToken,
        });
        return { metricFilters: items.map(described), ...next };
      },
    },
    DeleteMetricFilter: {
      mutates: true,
      ...onGroup,
      run: async ({ filterName, ...input }, call) => {
        const { arn } = await findNamed(input, call);
        await metricFilters.delete(call.tables, arn, filterName);
        groups.changed();
        return undefined;
      },
    },
  };
}

function checkTransformation({ metricValue, defaultValue, dimensions }: Transformation): void {
  if (!metricValue.startsWith("$") && numberOf(metricValue) === undefined) {
    throw invalidParameter(
      `Invalid metric transformation: ${metricValue} is neither a number nor a field of the event`,
    );
  }
  const entries = Object.entries(dimensions ?? {});
  if (entries.length > 0 && defaultValue !== undefined) {
    throw invalidParameter(
      "Invalid metric transformation: dimensions and default value are mutually exclusive properties.",
    );
  }
  if (entries.length > DIMENSIONS_MAX) {
    throw invalidParameter(`Invalid metric transformation: a metric can have at most ${DIMENSIONS_MAX} dimensions.`);
  }
  const constant = entries.find(([, selector]) => !selector.startsWith("$"));
  if (constant !== undefined) {
    throw invalidParameter(`Invalid metric transformation: dimension ${constant[0]} must name a field of the event.`);
  }
}

function measures({ settings }: Filter<MetricFilterSettings>, name?: string, namespace?: string): boolean {
  if (name === undefined) return true;
  return settings.metricTransformations.some(
    ({ metricName, metricNamespace }) => metricName === name && metricNamespace === namespace,
  );
}

function described({ group, name, settings, createdAt }: Filter<MetricFilterSettings>) {
  const { filterPattern, metricTransformations, applyOnTransformedLogs = false } = settings;
  return {
    filterName: name,
    filterPattern,
    metricTransformations,
    creationTime: createdAt,
    logGroupName: parseGroupArn(group)?.name,
    applyOnTransformedLogs,
  };
}
