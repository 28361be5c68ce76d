import { describe, expect, test } from "vitest";
import { ACCOUNT, OTHER_ACCOUNT, openTopicsWorld } from "../../topics/open-topics.fixture.ts";
import { openSns, refusal, type Sns } from "./open-sns.fixture.ts";

const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:news`;

const open = async (): Promise<Sns> => openSns(await openTopicsWorld(), ACCOUNT);
const attributesOf = async (sns: Sns, TopicArn = TOPIC) =>
  (await sns.call("GetTopicAttributes", { TopicArn })).Attributes ?? {};

const DEFAULT_DELIVERY = {
  http: {
    defaultHealthyRetryPolicy: {
      minDelayTarget: 20,
      maxDelayTarget: 20,
      numRetries: 3,
      numMaxDelayRetries: 0,
      numNoDelayRetries: 0,
      numMinDelayRetries: 0,
      backoffFunction: "linear",
    },
    disableSubscriptionOverrides: false,
    defaultRequestPolicy: { headerContentType: "text/plain; charset=UTF-8" },
  },
};

function policyOf(statement: object): string {
  const rest = { Effect: "Allow", Principal: "*", Action: "sns:Publish", Resource: TOPIC };
  return JSON.stringify({ Version: "2012-10-17", Statement: [{ ...rest, ...statement }] });
}

describe("CreateTopic", () => {
  test("answers the ARN, and has AWS's attributes by default", async () => {
    const sns = await open();
    expect(await sns.call("CreateTopic", { Name: "news" })).toEqual({ TopicArn: TOPIC });
    const { Policy = "", EffectiveDeliveryPolicy = "", ...others } = await attributesOf(sns);
    expect(others).toEqual({
      Owner: ACCOUNT,
      TopicArn: TOPIC,
      DisplayName: "",
      SubscriptionsPending: "0",
      SubscriptionsConfirmed: "0",
      SubscriptionsDeleted: "0",
    });
    expect(JSON.parse(EffectiveDeliveryPolicy)).toEqual(DEFAULT_DELIVERY);
    expect(JSON.parse(Policy)).toMatchObject({
      Id: "__default_policy_ID",
      Statement: [{ Resource: TOPIC, Condition: { StringEquals: { "AWS:SourceOwner": ACCOUNT } } }],
    });
  });

  test("a second time answers the same, unless something else is asked for", async () => {
    const sns = await open();
    const Tags = [
      { Key: "a", Value: "1" },
      { Key: "b", Value: "" },
    ];
    const first = { Name: "news", Attributes: { DisplayName: "News", FifoTopic: "false" }, Tags };
    await sns.call("CreateTopic", first);
    expect(await sns.call("CreateTopic", { ...first, Tags: Tags.toReversed() })).toEqual({ TopicArn: TOPIC });
    expect(await sns.call("CreateTopic", { Name: "news" })).toEqual({ TopicArn: TOPIC });
    expect(await refusal(sns.call("CreateTopic", { ...first, Tags: [] }))).toBe(
      "InvalidParameter: Invalid parameter: Tags Reason: Topic already exists with different tags",
    );
    expect(await refusal(sns.call("CreateTopic", { Name: "news", Attributes: { DisplayName: "Old" } }))).toBe(
      "InvalidParameter: Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    );
  });

  test.each<[string, string, object, string]>([
    ["a name with spaces", "my news", {}, "Topic Name"],
    ["a long name", "n".repeat(257), {}, "Topic Name"],
    [
      "a FIFO topic by name",
      "news.fifo",
      { FifoTopic: "true" },
      "Name Reason: FIFO topics are not supported by OpenTrail",
    ],
    [
      "FifoTopic by name",
      "news",
      { FifoTopic: "true" },
      "Attributes Reason: FifoTopic Reason: FIFO topics are not supported by OpenTrail",
    ],
    [
      "a KMS key by name",
      "news",
      { KmsMasterKeyId: "alias/aws/sns" },
      "Attributes Reason: KmsMasterKeyId Reason: encryption with KMS keys is not supported by OpenTrail",
    ],
    ["an unknown attribute", "news", { Colour: "red" }, "Attributes Reason: AttributeName"],
    ["the prototype as an attribute", "news", JSON.parse('{"__proto__":"x"}'), "Attributes Reason: AttributeName"],
    [
      "a third signature version",
      "news",
      { SignatureVersion: "3" },
      "Attributes Reason: SignatureVersion Reason: 3 is none of 1, 2",
    ],
  ])("refuses %s", async (_, Name, Attributes, message) => {
    const sns = await open();
    const input = { Name, Attributes: Attributes as Record<string, string> };
    expect(await refusal(sns.call("CreateTopic", input))).toBe(`InvalidParameter: Invalid parameter: ${message}`);
    expect(await sns.call("ListTopics", {})).toEqual({ Topics: [] });
  });
});

describe("DeleteTopic", () => {
  test("takes subscriptions and tags along, and passes over what is not there", async () => {
    const sns = await open();
    await sns.call("CreateTopic", { Name: "news", Tags: [{ Key: "a", Value: "b" }] });
    await sns.call("Subscribe", { TopicArn: TOPIC, Protocol: "email", Endpoint: "a@example.org" });
    await sns.call("DeleteTopic", { TopicArn: TOPIC });
    await sns.call("DeleteTopic", { TopicArn: TOPIC });
    expect(await refusal(attributesOf(sns))).toBe("NotFound: Topic does not exist");
    await sns.call("CreateTopic", { Name: "news" });
    expect(await sns.call("ListSubscriptions", {})).toEqual({ Subscriptions: [] });
    expect(await sns.call("ListTagsForResource", { ResourceArn: TOPIC })).toEqual({ Tags: [] });
  });
});

describe("ListTopics", () => {
  test("has pages of 100, whose tokens are good for nothing else", async () => {
    const sns = await open();
    const names = Array.from({ length: 101 }, (_, index) => `topic-${String(index).padStart(3, "0")}`);
    for (const Name of names) await sns.call("CreateTopic", { Name });
    const first = await sns.call("ListTopics", {});
    const NextToken = first.NextToken ?? "";
    const second = await sns.call("ListTopics", { NextToken });
    const arns = [...(first.Topics ?? []), ...(second.Topics ?? [])].map(({ TopicArn }) => TopicArn);
    expect(first.Topics?.length).toBe(100);
    expect(second).not.toHaveProperty("NextToken");
    expect(arns).toEqual(names.map((name) => TOPIC.replace("news", name)));
    expect(await refusal(sns.call("ListSubscriptions", { NextToken }))).toMatch(/^InvalidParameter: .*NextToken/);
    expect(await refusal(sns.as(OTHER_ACCOUNT).call("ListTopics", { NextToken }))).toMatch(/NextToken/);
  });

  test("shows what is the account's in the Region alone", async () => {
    const sns = await open();
    await sns.call("CreateTopic", { Name: "news" });
    expect(await sns.in("eu-west-1").call("ListTopics", {})).toEqual({ Topics: [] });
    expect(await sns.as(OTHER_ACCOUNT).call("ListTopics", {})).toEqual({ Topics: [] });
    expect(await refusal(attributesOf(sns.in("eu-west-1")))).toBe("InvalidParameter: Invalid parameter: TopicArn");
  });
});

describe("SetTopicAttributes", () => {
  const retry = (members: object) => JSON.stringify({ http: { defaultHealthyRetryPolicy: members } });

  test("sets, shows and takes away", async () => {
    const sns = await open();
    await sns.call("CreateTopic", { Name: "news" });
    const set = (AttributeName: string, AttributeValue: string) =>
      sns.call("SetTopicAttributes", { TopicArn: TOPIC, AttributeName, AttributeValue });
    const Policy = policyOf({ Principal: { Service: "events.amazonaws.com" } });
    await set("Policy", Policy);
    await set("DisplayName", "News of today");
    await set("SignatureVersion", "2");
    await set("DeliveryPolicy", retry({ numRetries: 5, maxDelayTarget: 60 }));
    const shown = await attributesOf(sns);
    expect(shown).toMatchObject({ Policy, DisplayName: "News of today", SignatureVersion: "2" });
    expect(JSON.parse(shown.EffectiveDeliveryPolicy ?? "")).toMatchObject({
      http: { defaultHealthyRetryPolicy: { minDelayTarget: 20, maxDelayTarget: 60, numRetries: 5 } },
    });
    await set("Policy", "");
    await set("SignatureVersion", "");
    expect((await attributesOf(sns)).Policy).toContain("__default_policy_ID");
    expect(await attributesOf(sns)).not.toHaveProperty("SignatureVersion");
  });

  test.each([
    ["an unknown name", "Colour", "red", "AttributeName"],
    ["a long display name", "DisplayName", "n".repeat(101), "DisplayName"],
    ["a display name of two lines", "DisplayName", "a\r\nBcc: b@example.org", "DisplayName"],
    ["a policy that is none", "Policy", "{", /^Policy Error: /],
    [
      "a policy of all actions",
      "Policy",
      policyOf({ Action: "sns:*" }),
      "Policy statement action out of service scope!",
    ],
    [
      "a policy of another service",
      "Policy",
      policyOf({ Action: "sqs:SendMessage" }),
      "Policy statement action out of service scope!",
    ],
    [
      "a policy of all other actions",
      "Policy",
      policyOf({ Action: undefined, NotAction: "sns:Publish" }),
      "Policy statement action out of service scope!",
    ],
    [
      "a policy of Unsubscribe",
      "Policy",
      policyOf({ Action: "SNS:Unsubscribe" }),
      "Policy statement action out of service scope!",
    ],
    ["a long policy", "Policy", policyOf({ Sid: "s".repeat(31_000) }), "Policy Error: the policy is too long"],
    ["a delivery policy that is none", "DeliveryPolicy", "[", "DeliveryPolicy: failed to parse JSON."],
    ["a delivery policy of nothing", "DeliveryPolicy", "{}", "DeliveryPolicy: http must be specified"],
    ["an unknown member", "DeliveryPolicy", '{"http":{"a":1}}', "DeliveryPolicy: http: Unexpected JSON member: a"],
    [
      "too many retries",
      "DeliveryPolicy",
      retry({ numRetries: 101 }),
      "DeliveryPolicy: http.defaultHealthyRetryPolicy.numRetries must be less than or equal to 100",
    ],
    [
      "half a second",
      "DeliveryPolicy",
      retry({ minDelayTarget: 0.5 }),
      "DeliveryPolicy: http.defaultHealthyRetryPolicy.minDelayTarget must be an integer",
    ],
    [
      "delays the wrong way",
      "DeliveryPolicy",
      retry({ minDelayTarget: 30 }),
      "DeliveryPolicy: http.defaultHealthyRetryPolicy.maxDelayTarget must be greater than or equal to minDelayTarget",
    ],
    [
      "more than an hour",
      "DeliveryPolicy",
      retry({ numRetries: 100, minDelayTarget: 40, maxDelayTarget: 40 }),
      "DeliveryPolicy: http.defaultHealthyRetryPolicy: the delays of all retries together must not exceed 3600 seconds",
    ],
    [
      "an unknown curve",
      "DeliveryPolicy",
      retry({ backoffFunction: "toString" }),
      "DeliveryPolicy: http.defaultHealthyRetryPolicy.backoffFunction must be one of linear, arithmetic, geometric, exponential",
    ],
    [
      "a content type with a line break",
      "DeliveryPolicy",
      JSON.stringify({ http: { defaultRequestPolicy: { headerContentType: "text/plain\r\nx: y" } } }),
      "DeliveryPolicy: http.defaultRequestPolicy.headerContentType is not supported",
    ],
    [
      "a small message size",
      "MaximumMessageSize",
      "1000",
      "MaximumMessageSize Reason: it must be between 1024 and 1048576",
    ],
  ])("refuses %s", async (_, AttributeName, AttributeValue, message) => {
    const sns = await open();
    await sns.call("CreateTopic", { Name: "news" });
    const before = await attributesOf(sns);
    const refused = await refusal(sns.call("SetTopicAttributes", { TopicArn: TOPIC, AttributeName, AttributeValue }));
    expect(refused.replace("InvalidParameter: Invalid parameter: ", "")).toMatch(
      message instanceof RegExp ? message : new RegExp(`^${RegExp.escape(message)}$`),
    );
    expect(await attributesOf(sns)).toEqual(before);
  });
});

describe("AddPermission and RemovePermission", () => {
  test("change the policy statement by statement, to the last one", async () => {
    const sns = await open();
    await sns.call("CreateTopic", { Name: "news" });
    const permission = { TopicArn: TOPIC, Label: "their", AWSAccountId: [OTHER_ACCOUNT], ActionName: ["Publish"] };
    await sns.call("AddPermission", permission);
    const statementsOf = async () =>
      (JSON.parse((await attributesOf(sns)).Policy ?? "") as { Statement: object[] }).Statement;
    expect((await statementsOf())[1]).toEqual({
      Sid: "their",
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${OTHER_ACCOUNT}:root` },
      Action: "SNS:Publish",
      Resource: TOPIC,
    });
    expect(await refusal(sns.call("AddPermission", permission))).toBe(
      "InvalidParameter: Invalid parameter: Statement already exists",
    );
    for (const Label of ["their", "__default_statement_ID", "nothing"]) {
      await sns.call("RemovePermission", { TopicArn: TOPIC, Label });
    }
    expect(await statementsOf()).toEqual([]);
    expect((await sns.policyOf("Publish", TOPIC))?.policy).toMatchObject({ statements: [] });
    expect((await sns.policyOf("Publish", TOPIC))?.policy).not.toHaveProperty("unreadable");
  });

  test.each([
    ["a bad label", { Label: "a b" }, "Label"],
    ["no account", { AWSAccountId: [] }, "Policy Error: PrincipalNotFound"],
    ["a user as account", { AWSAccountId: ["Mary"] }, "Policy Error: PrincipalNotFound"],
    ["an unknown action", { ActionName: ["Unsubscribe"] }, "Policy statement action out of service scope!"],
  ])("refuse %s", async (_, wrong, message) => {
    const sns = await open();
    await sns.call("CreateTopic", { Name: "news" });
    const permission = { TopicArn: TOPIC, Label: "l", AWSAccountId: [OTHER_ACCOUNT], ActionName: ["Publish"] };
    expect(await refusal(sns.call("AddPermission", { ...permission, ...wrong }))).toBe(
      `InvalidParameter: Invalid parameter: ${message}`,
    );
  });
});

describe("TagResource, UntagResource and ListTagsForResource", () => {
  test("keep tags in the order in which they came", async () => {
    const sns = await open();
    await sns.call("CreateTopic", { Name: "news", Tags: [{ Key: "b", Value: "1" }] });
    const Tags = [
      { Key: "a", Value: "2" },
      { Key: "b", Value: "3" },
    ];
    await sns.call("TagResource", { ResourceArn: TOPIC, Tags });
    expect(await sns.call("ListTagsForResource", { ResourceArn: TOPIC })).toEqual({ Tags: Tags.toReversed() });
    await sns.call("UntagResource", { ResourceArn: TOPIC, TagKeys: ["b", "c"] });
    expect(await sns.call("ListTagsForResource", { ResourceArn: TOPIC })).toEqual({ Tags: [{ Key: "a", Value: "2" }] });
  });

  test("tell policies of the tags there are, and of those asked for", async () => {
    const sns = await open();
    await sns.call("CreateTopic", { Name: "news", Tags: [{ Key: "team", Value: "audit" }] });
    expect(await sns.conditions("TagResource", { ResourceArn: TOPIC, Tags: [{ Key: "a", Value: "b" }] })).toEqual({
      "aws:ResourceTag/team": "audit",
      "aws:RequestTag/a": "b",
      "aws:TagKeys": ["a"],
    });
  });

  test("refuse what no tag may be", async () => {
    const sns = await open();
    await sns.call("CreateTopic", { Name: "news" });
    const tag = (...keys: string[]) =>
      refusal(sns.call("TagResource", { ResourceArn: TOPIC, Tags: keys.map((Key) => ({ Key, Value: "x" })) }));
    expect(await tag("aws:a")).toBe(
      "InvalidParameter: Invalid parameter: Tags Reason: aws: is reserved for system use",
    );
    expect(await tag("a", "a")).toBe("InvalidParameter: Invalid parameter: Duplicated keys are not allowed.");
    expect(await tag(...Array.from({ length: 51 }, (_, index) => `key${index}`))).toMatch(/^TagLimitExceeded: /);
    const other = { ResourceArn: `${TOPIC}2`, Tags: [] };
    expect(await refusal(sns.call("TagResource", other))).toBe("ResourceNotFound: Resource does not exist");
  });
});

describe("permissions", () => {
  test("name the topic, and bring its policy", async () => {
    const sns = await open();
    await sns.call("CreateTopic", { Name: "news" });
    expect(await sns.resources("CreateTopic", { Name: "other" })).toEqual([TOPIC.replace("news", "other")]);
    expect(await sns.resources("Publish", { TargetArn: TOPIC, Message: "m" })).toEqual([TOPIC]);
    expect(await sns.resources("ListTopics", {})).toEqual(["*"]);
    expect((await sns.policyOf("Publish", TOPIC))?.policy.statements.length).toBe(1);
    expect(await sns.policyOf("Publish", `${TOPIC}2`)).toBeUndefined();
    const input = { TopicArn: TOPIC, Protocol: "https", Endpoint: "https://example.org/" };
    expect(await sns.conditions("Subscribe", input)).toEqual({
      "sns:Protocol": "https",
      "sns:Endpoint": "https://example.org/",
    });
  });
});
