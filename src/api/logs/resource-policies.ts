import * as loggroups from "../../loggroups/index.ts";
import { findIn, identifiedArn, placeOf } from "./find-group.ts";
import { queryOf } from "./log-groups.ts";
import { invalidParameter, type LogsCall, type LogsFamily, type LogsNeeds } from "./logs-operation.ts";
import { page } from "./paging.ts";

const DESCRIBED = 50;

/** A policy of the account and Region has a name, one of a group its ARN. */
interface NamesPolicy {
  readonly policyName?: string | undefined;
  readonly resourceArn?: string | undefined;
}

/**
 * PutResourcePolicy, DescribeResourcePolicies, DeleteResourcePolicy: which services may write into log groups.
 * @throws {Refusal} `InvalidParameterException`, `ResourceNotFoundException`, `LimitExceededException`,
 * `OperationAbortedException` when the policy is not the one that was expected.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html
 */
export function resourcePolicyOperations({
  tokens,
}: LogsNeeds): LogsFamily<"PutResourcePolicy" | "DescribeResourcePolicies" | "DeleteResourcePolicy"> {
  return {
    PutResourcePolicy: {
      mutates: true,
      run: async ({ policyDocument, expectedRevisionId, ...input }, call) => {
        if (policyDocument === undefined) throw invalidParameter("policyDocument must be given.");
        const named = { ...(await keyOf(input, call)), document: policyDocument };
        const put = { now: call.now, expected: expectedRevisionId };
        const policy = await loggroups.putResourcePolicy(call.tables, placeOf(call), named, put);
        return { resourcePolicy: described(policy), revisionId: policy.revision };
      },
    },
    DescribeResourcePolicies: {
      mutates: false,
      run: async (
        { resourceArn, policyScope = resourceArn === undefined ? "ACCOUNT" : "RESOURCE", ...input },
        call,
      ) => {
        const group = resourceArn === undefined ? undefined : identifiedArn(resourceArn, call);
        const policies = (await loggroups.listResourcePolicies(call.tables, placeOf(call))).filter(
          (policy) => scopeOf(policy) === policyScope && (group === undefined || policy.resourceArn === group),
        );
        const { items, ...next } = page(tokens, {
          query: queryOf("DescribeResourcePolicies", call, [group, policyScope]),
          items: policies,
          keyOf: (policy) => `${policy.name} ${policy.resourceArn}`,
          limit: input.limit ?? DESCRIBED,
          nextToken: input.nextToken,
        });
        return { resourcePolicies: items.map(described), ...next };
      },
    },
    DeleteResourcePolicy: {
      mutates: true,
      run: async ({ expectedRevisionId, ...input }, call) => {
        const key = await keyOf(input, call);
        await loggroups.deleteResourcePolicy(call.tables, placeOf(call), key, expectedRevisionId);
        return undefined;
      },
    },
  };
}

async function keyOf({ policyName, resourceArn }: NamesPolicy, call: LogsCall) {
  if (resourceArn !== undefined) {
    const { arn } = await findIn(identifiedArn(resourceArn, call), call);
    return { name: policyName ?? "", resourceArn: arn };
  }
  if (policyName === undefined || policyName === "") throw invalidParameter("policyName must be given.");
  return { name: policyName, resourceArn: "" };
}

function scopeOf({ resourceArn }: loggroups.LogResourcePolicy): string {
  return resourceArn === "" ? "ACCOUNT" : "RESOURCE";
}

function described(policy: loggroups.LogResourcePolicy) {
  const { name, resourceArn, document, revision, updatedAt } = policy;
  return {
    ...(name === "" ? {} : { policyName: name }),
    policyDocument: document,
    lastUpdatedTime: updatedAt,
    policyScope: scopeOf(policy),
    ...(resourceArn === "" ? {} : { resourceArn }),
    revisionId: revision,
  };
}
