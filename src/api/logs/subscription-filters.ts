import { parseArn } from "../../core/index.ts";
import {
  controlDelivery,
  destinationKind,
  type Filter,
  parseFilterPattern,
  parseGroupArn,
  type SubscriptionFilterSettings,
  subscriptionFilters,
} from "../../loggroups/index.ts";
import { findNamed, onGroup } from "./find-group.ts";
import { queryOf } from "./log-groups.ts";
import { invalidParameter, type LogsCall, type LogsFamily, type LogsNeeds, notSupported } from "./logs-operation.ts";
import { page } from "./paging.ts";

const DESCRIBED = 50;

/**
 * PutSubscriptionFilter, DescribeSubscriptionFilters, DeleteSubscriptionFilter. A destination is a function, a delivery
 * stream or, not in AWS, an API destination of EventBridge: a webhook that gets plain JSON.
 * @throws {Refusal} `InvalidParameterException`, also for a function that cannot be reached; `ResourceNotFoundException`,
 * `LimitExceededException`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
 */
export function subscriptionFilterOperations(
  needs: LogsNeeds,
): LogsFamily<"PutSubscriptionFilter" | "DescribeSubscriptionFilters" | "DeleteSubscriptionFilter"> {
  const { groups, tokens } = needs;
  return {
    PutSubscriptionFilter: {
      mutates: true,
      ...onGroup,
      prepare: async (input, call) => {
        const { filterPattern, destinationArn, roleArn } = input;
        if (input.fieldSelectionCriteria !== undefined) throw notSupported("fieldSelectionCriteria");
        if (input.emitSystemFields !== undefined) throw notSupported("emitSystemFields");
        parseFilterPattern(filterPattern);
        checkDestination(destinationArn, roleArn);
        const { arn } = await findNamed(input, call);
        await tryFunction(needs, { ...filterOf(input, arn, call) }, call.now);
      },
      run: async (input, call) => {
        const { arn } = await findNamed(input, call);
        await subscriptionFilters.put(call.tables, filterOf(input, arn, call));
        groups.changed();
        return undefined;
      },
    },
    DescribeSubscriptionFilters: {
      mutates: false,
      ...onGroup,
      run: async (input, call) => {
        const { filterNamePrefix = "", limit = DESCRIBED, nextToken } = input;
        const { arn } = await findNamed(input, call);
        const filters = await subscriptionFilters.list(call.tables, arn);
        const { items, ...next } = page(tokens, {
          query: queryOf("DescribeSubscriptionFilters", call, [arn, filterNamePrefix]),
          items: filters.filter(({ name }) => name.startsWith(filterNamePrefix)),
          keyOf: ({ name }) => name,
          limit,
          nextToken,
        });
        return { subscriptionFilters: items.map(described), ...next };
      },
    },
    DeleteSubscriptionFilter: {
      mutates: true,
      ...onGroup,
      run: async ({ filterName, ...input }, call) => {
        const { arn } = await findNamed(input, call);
        await subscriptionFilters.delete(call.tables, arn, filterName);
        groups.changed();
        return undefined;
      },
    },
  };
}

function filterOf(
  input: SubscriptionFilterSettings & { readonly filterName: string },
  group: string,
  call: LogsCall,
): Filter<SubscriptionFilterSettings> {
  const { filterName: name, filterPattern, destinationArn, roleArn, distribution, applyOnTransformedLogs } = input;
  const settings = { filterPattern, destinationArn, roleArn, distribution, applyOnTransformedLogs };
  return { group, name, settings, createdAt: call.now };
}

/** Functions let CloudWatch Logs in by a policy of their own; streams are written to in a role. */
function checkDestination(destinationArn: string, roleArn: string | undefined): void {
  const vendor = parseArn(destinationArn)?.service;
  if (vendor === undefined) throw invalidParameter("destinationArn is not a valid ARN.");
  const kind = destinationKind(destinationArn);
  if (kind === undefined) {
    throw invalidParameter(`PutSubscriptionFilter operation cannot work with destinationArn for vendor ${vendor}`);
  }
  if (kind === "function" && roleArn !== undefined) {
    throw invalidParameter("destinationArn for vendor lambda cannot be used with roleArn");
  }
  if (kind === "stream" && roleArn === undefined) {
    throw invalidParameter(`destinationArn for vendor ${vendor} cannot be used without roleArn`);
  }
  const role = roleArn === undefined ? undefined : parseArn(roleArn);
  if (roleArn !== undefined && (role?.service !== "iam" || !role.resource.startsWith("role/"))) {
    throw invalidParameter("roleArn is not the ARN of a role.");
  }
}

async function tryFunction(
  { tryDelivery }: LogsNeeds,
  filter: Filter<SubscriptionFilterSettings>,
  now: number,
): Promise<void> {
  if (tryDelivery === undefined || destinationKind(filter.settings.destinationArn) !== "function") return;
  const result = await tryDelivery(controlDelivery(filter, now));
  if (result.outcome === "delivered") return;
  throw invalidParameter(
    `Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function. (${result.error})`,
  );
}

function described({ group, name, settings, createdAt }: Filter<SubscriptionFilterSettings>) {
  const { applyOnTransformedLogs = false, distribution = "ByLogStream", ...rest } = settings;
  return {
    filterName: name,
    logGroupName: parseGroupArn(group)?.name,
    ...rest,
    distribution,
    applyOnTransformedLogs,
    creationTime: createdAt,
  };
}
