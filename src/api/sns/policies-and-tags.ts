import { Refusal } from "../../core/index.ts";
import {
  addPermission,
  changeTopicPolicy,
  findTopic,
  listTopicTags,
  removePermission,
  removeTopicTags,
  setTopicTags,
} from "../../topics/index.ts";
import { onTopic, ownTopicArn, requestTags } from "./permissions.ts";
import type { SnsCall, SnsFamily } from "./sns-operation.ts";

type Names = "AddPermission" | "RemovePermission" | "TagResource" | "UntagResource" | "ListTagsForResource";

/**
 * A topic's policy, statement by statement, and its tags.
 * @throws {Refusal} `InvalidParameter`, `NotFound`; `ResourceNotFound`, `TagLimitExceeded` for tags.
 * @see https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html
 */
export const policiesAndTags: SnsFamily<Names> = {
  AddPermission: {
    mutates: true,
    ...onTopic(({ TopicArn }) => TopicArn),
    run: async ({ TopicArn, Label, AWSAccountId, ActionName }, call) => {
      const arn = ownTopicArn(TopicArn, call);
      const permission = { label: Label, accounts: AWSAccountId, actions: ActionName };
      await changeTopicPolicy(call.tables, arn, (text) => addPermission(arn, text, permission));
      return undefined;
    },
  },
  RemovePermission: {
    mutates: true,
    ...onTopic(({ TopicArn }) => TopicArn),
    run: async ({ TopicArn, Label }, call) => {
      await changeTopicPolicy(call.tables, ownTopicArn(TopicArn, call), (text) => removePermission(text, Label));
      return undefined;
    },
  },
  TagResource: {
    mutates: true,
    ...onTopic(
      ({ ResourceArn }) => ResourceArn,
      ({ Tags }) => requestTags(Tags),
    ),
    run: async ({ ResourceArn, Tags }, call) => {
      await setTopicTags(call.tables, await taggedArn(ResourceArn, call), Tags);
      return {};
    },
  },
  UntagResource: {
    mutates: true,
    ...onTopic(
      ({ ResourceArn }) => ResourceArn,
      ({ TagKeys }) => (TagKeys.length === 0 ? {} : { "aws:TagKeys": TagKeys }),
    ),
    run: async ({ ResourceArn, TagKeys }, call) => {
      await removeTopicTags(call.tables, await taggedArn(ResourceArn, call), TagKeys);
      return {};
    },
  },
  ListTagsForResource: {
    mutates: false,
    ...onTopic(({ ResourceArn }) => ResourceArn),
    run: async ({ ResourceArn }, call) => ({
      Tags: await listTopicTags(call.tables, await taggedArn(ResourceArn, call)),
    }),
  },
};

async function taggedArn(text: string, call: SnsCall): Promise<string> {
  const arn = ownTopicArn(text, call, "ResourceArn");
  if ((await findTopic(call.tables, arn)) !== undefined) return arn;
  throw new Refusal("ResourceNotFound", "Resource does not exist", 404);
}
