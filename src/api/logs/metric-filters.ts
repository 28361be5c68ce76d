import {
  compileTransformation,
  type Filter,
  type FilterPattern,
  type MetricFilterSettings,
  metricFilters,
  parseFilterPattern,
  parseGroupArn,
} from "../../loggroups/index.ts";
import type { LogsOperations } from "../../aws/index.ts";
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
        const pattern = parseFilterPattern(filterPattern);
        for (const transformation of metricTransformations) checkTransformation(pattern, transformation);
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

function checkTransformation(pattern: FilterPattern, transformation: Transformation): void {
  const { defaultValue, dimensions } = transformation;
  const entries = Object.entries(dimensions ?? {});
  if (entries.length > 0 && defaultValue !== undefined) {
    throw invalidParameter(
      "Invalid metric transformation: dimensions and default value are mutually exclusive properties.",
    );
  }
  if (entries.length > DIMENSIONS_MAX) {
    throw invalidParameter(`Invalid metric transformation: a metric can have at most ${DIMENSIONS_MAX} dimensions.`);
  }
  if (compileTransformation(pattern, transformation) !== undefined) return;
  throw invalidParameter(
    "Invalid metric transformation: the value must be a number or, like dimensions, a field that the filter pattern knows.",
  );
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
