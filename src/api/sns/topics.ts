import {
  countSubscriptions,
  createTopic,
  deleteTopic,
  invalidParameter,
  listTopics,
  needTopic,
  setTopicAttribute,
  shownTopicAttributes,
} from "../../topics/index.ts";
import { page } from "./page.ts";
import { arnOfName, onTopic, ownTopicArn, requestTags } from "./permissions.ts";
import type { SnsFamily, SnsNeeds } from "./sns-operation.ts";

type Names = "CreateTopic" | "DeleteTopic" | "ListTopics" | "GetTopicAttributes" | "SetTopicAttributes";

/**
 * Topics themselves.
 * @throws {Refusal} `InvalidParameter`, `NotFound`, `TopicLimitExceeded`, `TagLimitExceeded`.
 * @see https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
 */
export function topics({ tokens }: SnsNeeds): SnsFamily<Names> {
  return {
    CreateTopic: {
      mutates: true,
      ...onTopic(
        ({ Name }, call) => arnOfName(Name, call),
        ({ Tags }) => requestTags(Tags),
      ),
      run: async ({ Name, Attributes, Tags, DataProtectionPolicy }, call) => {
        if (DataProtectionPolicy !== undefined) {
          throw invalidParameter(
            "DataProtectionPolicy Reason: data protection policies are not supported by OpenTrail",
          );
        }
        const { region, caller, now } = call;
        const topic = { region, account: caller.account, name: Name, attributes: Attributes, tags: Tags };
        return { TopicArn: await createTopic(call.tables, topic, now) };
      },
    },
    DeleteTopic: {
      mutates: true,
      ...onTopic(({ TopicArn }) => TopicArn),
      run: async ({ TopicArn }, call) => {
        await deleteTopic(call.tables, ownTopicArn(TopicArn, call));
        return undefined;
      },
    },
    ListTopics: {
      mutates: false,
      run: async ({ NextToken }, call) => {
        const { region, caller } = call;
        const place = { region, account: caller.account };
        const { items, next } = await page(tokens, ["ListTopics", place], NextToken, {
          read: (after, limit) => listTopics(call.tables, place, after, limit),
          positionOf: (arn) => arn,
        });
        return { Topics: items.map((TopicArn) => ({ TopicArn })), ...next };
      },
    },
    GetTopicAttributes: {
      mutates: false,
      ...onTopic(({ TopicArn }) => TopicArn),
      run: async ({ TopicArn }, call) => {
        const topic = await needTopic(call.tables, ownTopicArn(TopicArn, call));
        const counts = await countSubscriptions(call.tables, topic.arn, call.now);
        return { Attributes: shownTopicAttributes(topic, counts) };
      },
    },
    SetTopicAttributes: {
      mutates: true,
      ...onTopic(({ TopicArn }) => TopicArn),
      run: async ({ TopicArn, AttributeName, AttributeValue = "" }, call) => {
        await setTopicAttribute(call.tables, ownTopicArn(TopicArn, call), AttributeName, AttributeValue);
        return undefined;
      },
    },
  };
}
