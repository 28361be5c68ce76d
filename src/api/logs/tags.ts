import {
  type GroupTags,
  listGroupTags,
  removeGroupTags,
  setGroupTags,
  withoutWildcard,
} from "../../loggroups/index.ts";
import { findIn, findNamed, identifiedArn, onGroup, requestTags, tagConditions } from "./find-group.ts";
import type { LogsCall, LogsFamily } from "./logs-operation.ts";

type Names =
  | "TagLogGroup"
  | "UntagLogGroup"
  | "ListTagsLogGroup"
  | "TagResource"
  | "UntagResource"
  | "ListTagsForResource";

type ResourceInput = { readonly resourceArn: string };

/** Permission on the group itself: these alone are asked without an ending. */
const onResource = {
  resources: ({ resourceArn }: ResourceInput): readonly string[] => [withoutWildcard(resourceArn)],
  conditions: ({ resourceArn }: ResourceInput, call: LogsCall) => tagConditions(withoutWildcard(resourceArn), call),
};

/**
 * Tags of log groups, by name and, newer, by ARN.
 * @throws {Refusal} `ResourceNotFoundException`, `TooManyTagsException`, `InvalidParameterException`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html
 */
export const tags: LogsFamily<Names> = {
  TagLogGroup: {
    mutates: true,
    resources: onGroup.resources,
    conditions: async (input, call) => ({ ...(await onGroup.conditions(input, call)), ...requestTags(input.tags) }),
    run: async (input, call) => {
      await setGroupTags(call.tables, (await findNamed(input, call)).arn, input.tags);
      return undefined;
    },
  },
  UntagLogGroup: {
    mutates: true,
    resources: onGroup.resources,
    conditions: async (input, call) => ({ ...(await onGroup.conditions(input, call)), "aws:TagKeys": input.tags }),
    run: async (input, call) => {
      await removeGroupTags(call.tables, (await findNamed(input, call)).arn, input.tags);
      return undefined;
    },
  },
  ListTagsLogGroup: {
    mutates: false,
    ...onGroup,
    run: async (input, call) => ({ tags: await tagsOf((await findNamed(input, call)).arn, call) }),
  },
  TagResource: {
    mutates: true,
    resources: onResource.resources,
    conditions: async (input, call) => ({ ...(await onResource.conditions(input, call)), ...requestTags(input.tags) }),
    run: async ({ resourceArn, tags: set }, call) => {
      await setGroupTags(call.tables, await taggedArn(resourceArn, call), set);
      return undefined;
    },
  },
  UntagResource: {
    mutates: true,
    resources: onResource.resources,
    conditions: async (input, call) => ({
      ...(await onResource.conditions(input, call)),
      "aws:TagKeys": input.tagKeys,
    }),
    run: async ({ resourceArn, tagKeys }, call) => {
      await removeGroupTags(call.tables, await taggedArn(resourceArn, call), tagKeys);
      return undefined;
    },
  },
  ListTagsForResource: {
    mutates: false,
    ...onResource,
    run: async ({ resourceArn }, call) => ({ tags: await tagsOf(await taggedArn(resourceArn, call), call) }),
  },
};

async function taggedArn(text: string, call: LogsCall): Promise<string> {
  return (await findIn(identifiedArn(text, call), call)).arn;
}

async function tagsOf(arn: string, call: LogsCall): Promise<GroupTags> {
  return await listGroupTags(call.tables, arn);
}
