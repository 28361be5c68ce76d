import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../../server.ts";
import { until } from "../../trail.ts";
import { type Answer, type AwsClient, list, type Parameters, text } from "../client.ts";
import { CLIENTS, whySkipped } from "../clients.ts";
import { startWebhook, type Webhook } from "../receivers.ts";
import { follow, messageTo, requestsTo, settle, TO_THIS_MACHINE, topicArn } from "./topics-world.ts";

let server: TestServer;
let hook: Webhook;

beforeAll(async () => {
  server = await startServer({ flags: TO_THIS_MACHINE });
  hook = await startWebhook();
});

afterAll(async () => {
  await Promise.all([server.stop(), hook.stop()]);
});

/** One client's words; `say` must succeed, `refused` must not. */
function speaker(client: AwsClient): {
  readonly say: (operation: string, parameters: Parameters) => Promise<NonNullable<Answer["output"]>>;
  readonly refused: (operation: string, parameters: Parameters) => Promise<NonNullable<Answer["error"]>>;
} {
  const call = (operation: string, parameters: Parameters): Promise<Answer> =>
    client.call("sns", operation, parameters, { credentials: server.root });
  return {
    say: async (operation, parameters) => {
      const { output, error } = await call(operation, parameters);
      expect({ operation, error }).toEqual({ operation, error: undefined });
      return output ?? {};
    },
    refused: async (operation, parameters) => {
      const { error } = await call(operation, parameters);
      if (error === undefined) throw new Error(`${operation} was not refused`);
      return error;
    },
  };
}

describe.concurrent.each(CLIENTS.map((client, index) => ({ ...client, short: `client-${index}` })))(
  "$name",
  ({ missing, open, short }) => {
    test.skipIf(missing !== undefined)(
      `makes a topic, subscribes, publishes and takes it all away${whySkipped(missing)}`,
      async ({ expect }) => {
        const client = open(server.endpoint);
        const { say, refused } = speaker(client);
        const TopicArn = topicArn(short);
        const made = await say("CreateTopic", {
          Name: short,
          Attributes: { DisplayName: "Alarms, and more", SignatureVersion: "2" },
          Tags: [{ Key: "team", Value: "audit" }],
        });
        expect(made).toEqual({ TopicArn });
        expect((await say("GetTopicAttributes", { TopicArn }))["Attributes"]).toMatchObject({
          DisplayName: "Alarms, and more",
          SignatureVersion: "2",
        });

        const path = `/${short}`;
        const FilterPolicy = JSON.stringify({ store: ["one", { prefix: "tw" }] });
        const subscribed = await say("Subscribe", {
          TopicArn,
          Protocol: "http",
          Endpoint: hook.url + path,
          Attributes: { FilterPolicy },
          ReturnSubscriptionArn: true,
        });
        const SubscriptionArn = text(subscribed, "SubscriptionArn");
        expect(SubscriptionArn).toMatch(new RegExp(`^${TopicArn}:[0-9a-f-]{36}$`));
        const { Token } = await messageTo(hook, path, "SubscriptionConfirmation");
        expect(await say("ConfirmSubscription", { TopicArn, Token })).toEqual({ SubscriptionArn });
        expect(list(await say("ListSubscriptionsByTopic", { TopicArn }), "Subscriptions")).toMatchObject([
          { SubscriptionArn, Protocol: "http", Endpoint: hook.url + path },
        ]);

        const store = (StringValue: string): object => ({ store: { DataType: "String", StringValue } });
        const { MessageId } = await say("Publish", {
          TopicArn,
          Message: '{"default": "for all, and \\u00fc", "http": "for hooks"}',
          MessageStructure: "json",
          Subject: "Hallo, Wörld",
          MessageAttributes: store("two"),
        });
        expect(await messageTo(hook, path)).toMatchObject({
          MessageId,
          Message: "for hooks",
          Subject: "Hallo, Wörld",
          SignatureVersion: "2",
          MessageAttributes: { store: { Type: "String", Value: "two" } },
        });
        const batch = await say("PublishBatch", {
          TopicArn,
          PublishBatchRequestEntries: [
            { Id: "good", Message: "of a batch", MessageAttributes: store("one") },
            { Id: "bad", Message: "x", MessageAttributes: { "AWS.x": { DataType: "String", StringValue: "1" } } },
          ],
        });
        expect(batch).toMatchObject({
          Successful: [{ Id: "good" }],
          Failed: [{ Id: "bad", Code: "ParameterValueInvalid", SenderFault: true }],
        });
        expect(await messageTo(hook, path, "Notification", 2)).toMatchObject({ Message: "of a batch" });

        expect(await refused("CreateTopic", { Name: "orders.fifo", Attributes: { FifoTopic: "true" } })).toMatchObject({
          code: "InvalidParameter",
          message: expect.stringContaining("FIFO"),
        });
        await say("Unsubscribe", { SubscriptionArn });
        await say("DeleteTopic", { TopicArn });
        client.close();
      },
    );
  },
);

const SDKS = CLIENTS.filter(({ command }) => command === undefined);

describe.each(SDKS)("$name", ({ name, missing, open }) => {
  test.skipIf(missing !== undefined)(
    `reads hundreds of topics and subscriptions in pages${whySkipped(missing)}`,
    async () => {
      const client = open(server.endpoint);
      const { say } = speaker(client);
      const prefix = `${name.replaceAll(/\W/g, "")}-`;
      const wanted = Array.from({ length: 130 }, (_, index) => topicArn(prefix + index));
      for (const arn of wanted) await say("CreateTopic", { Name: arn.split(":").at(-1) });
      const TopicArn = wanted[0] ?? "";
      for (let nth = 0; nth < 101; nth += 1) {
        await say("Subscribe", { TopicArn, Protocol: "email", Endpoint: `${nth}@example.org` });
      }
      const pages = async (
        operation: string,
        member: string,
        more = {},
      ): Promise<readonly (readonly Parameters[])[]> => {
        const all: (readonly Parameters[])[] = [];
        let NextToken: unknown;
        do {
          const page = await say(operation, { ...more, ...(NextToken === undefined ? {} : { NextToken }) });
          all.push(list(page, member));
          NextToken = page["NextToken"];
        } while (NextToken !== undefined);
        return all;
      };
      const topics = await pages("ListTopics", "Topics");
      expect(topics.slice(0, -1).map(({ length }) => length)).toEqual(topics.slice(1).map(() => 100));
      const own = topics
        .flat()
        .map((topic) => text(topic, "TopicArn"))
        .filter((arn) => arn.includes(`:${prefix}`));
      expect(own.toSorted()).toEqual(wanted.toSorted());
      const subscriptions = await pages("ListSubscriptionsByTopic", "Subscriptions", { TopicArn });
      expect(subscriptions.map(({ length }) => length)).toEqual([100, 1]);
      expect(new Set(subscriptions.flat().map(({ Endpoint }) => Endpoint)).size).toBe(101);
      expect(subscriptions.flat()).toContainEqual({
        SubscriptionArn: "PendingConfirmation",
        Owner: "123456789012",
        Protocol: "email",
        Endpoint: "100@example.org",
        TopicArn,
      });
      expect((await pages("ListSubscriptions", "Subscriptions")).flat().length).toBeGreaterThanOrEqual(101);
      await say("DeleteTopic", { TopicArn });
      client.close();
    },
  );

  test.skipIf(missing !== undefined)(`sets attributes, permissions and tags${whySkipped(missing)}`, async () => {
    const client = open(server.endpoint);
    const { say, refused } = speaker(client);
    const { TopicArn } = await say("CreateTopic", { Name: `settings-${name.replaceAll(/\W/g, "")}` });
    const policy = async (): Promise<unknown> =>
      JSON.parse(text(await say("GetTopicAttributes", { TopicArn }), "Attributes", "Policy"));
    await say("SetTopicAttributes", { TopicArn, AttributeName: "DisplayName", AttributeValue: "Ä & <b>" });
    const friend = { AWSAccountId: ["210987654321"], ActionName: ["Publish"] };
    await say("AddPermission", { TopicArn, Label: "friend", ...friend });
    expect(await refused("AddPermission", { TopicArn, Label: "friend", ...friend })).toMatchObject({ status: 400 });
    expect(await policy()).toMatchObject({
      Statement: [
        { Sid: "__default_statement_ID" },
        { Sid: "friend", Principal: { AWS: "arn:aws:iam::210987654321:root" }, Action: "SNS:Publish" },
      ],
    });
    await say("RemovePermission", { TopicArn, Label: "friend" });
    expect(await policy()).toMatchObject({ Statement: [{ Sid: "__default_statement_ID" }] });
    const Tags = [
      { Key: "cost", Value: "" },
      { Key: "team", Value: "audit" },
    ];
    await say("TagResource", { ResourceArn: TopicArn, Tags });
    expect(await say("ListTagsForResource", { ResourceArn: TopicArn })).toEqual({ Tags });
    await say("UntagResource", { ResourceArn: TopicArn, TagKeys: ["team", "none"] });
    expect(await say("ListTagsForResource", { ResourceArn: TopicArn })).toEqual({ Tags: Tags.slice(0, 1) });
    await say("DeleteTopic", { TopicArn });
    await say("DeleteTopic", { TopicArn });
    expect(await refused("GetTopicAttributes", { TopicArn })).toMatchObject({
      code: expect.stringContaining("NotFound"),
    });
    client.close();
  });

  test.skipIf(missing !== undefined)(`is refused with AWS's codes and statuses${whySkipped(missing)}`, async () => {
    const client = open(server.endpoint);
    const { say, refused } = speaker(client);
    const TopicArn = text(await say("CreateTopic", { Name: "refusals", Tags: [{ Key: "a", Value: "1" }] }), "TopicArn");
    const subscribe = { TopicArn, Protocol: "http", Endpoint: "http://example.org/" };
    const publish = { TopicArn, Message: "x" };
    const text256k = "x".repeat(256 * 1024);
    const entry = (Id: string, Message = "x"): object => ({ Id, Message });
    const cases: readonly (readonly [
      operation: string,
      parameters: Parameters,
      status: number,
      code: string,
      message: RegExp,
    ])[] = [
      ["CreateTopic", { Name: "a topic" }, 400, "InvalidParameter", /^Invalid parameter: Topic Name/],
      [
        "CreateTopic",
        { Name: "refusals", Tags: [{ Key: "a", Value: "2" }] },
        400,
        "InvalidParameter",
        /^Invalid parameter: Tags Reason: Topic already exists with different tags$/,
      ],
      [
        "GetTopicAttributes",
        { TopicArn: "refusals" },
        400,
        "InvalidParameter",
        /^Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1$/,
      ],
      ["GetTopicAttributes", { TopicArn: topicArn("absent") }, 404, "NotFound", /^Topic does not exist$/],
      [
        "SetTopicAttributes",
        { TopicArn, AttributeName: "Colour", AttributeValue: "red" },
        400,
        "InvalidParameter",
        /^Invalid parameter: AttributeName/,
      ],
      [
        "SetTopicAttributes",
        { TopicArn, AttributeName: "Policy", AttributeValue: "{" },
        400,
        "InvalidParameter",
        /^Invalid parameter: Policy Error: /,
      ],
      ["ListTagsForResource", { ResourceArn: topicArn("absent") }, 404, "ResourceNotFound", /./],
      ["Subscribe", { ...subscribe, TopicArn: topicArn("absent") }, 404, "NotFound", /^Topic does not exist$/],
      [
        "Subscribe",
        { ...subscribe, Protocol: "pigeon" },
        400,
        "InvalidParameter",
        /^Invalid parameter: Amazon SNS does not support this protocol string: pigeon$/,
      ],
      [
        "Subscribe",
        { ...subscribe, Protocol: "https" },
        400,
        "InvalidParameter",
        /^Invalid parameter: Endpoint must match the specified protocol$/,
      ],
      [
        "Subscribe",
        { ...subscribe, Protocol: "email", Endpoint: "no address" },
        400,
        "InvalidParameter",
        /^Invalid parameter: /,
      ],
      [
        "Subscribe",
        { ...subscribe, Protocol: "sqs", Endpoint: "http://queue" },
        400,
        "InvalidParameter",
        /^Invalid parameter: SQS endpoint ARN$/,
      ],
      [
        "Subscribe",
        { ...subscribe, Attributes: { FilterPolicy: '{"a":{"b":["c"]}}' } },
        400,
        "InvalidParameter",
        /^Invalid parameter: Attributes Reason: .*nested filter policy/,
      ],
      [
        "Subscribe",
        { ...subscribe, Attributes: { FilterPolicy: '{"a":"b"}' } },
        400,
        "InvalidParameter",
        /^Invalid parameter: Attributes Reason: FilterPolicy: /,
      ],
      ["ConfirmSubscription", { TopicArn, Token: "0".repeat(64) }, 400, "InvalidParameter", /^Invalid token$/],
      ["ConfirmSubscription", { TopicArn, Token: "abc" }, 400, "InvalidParameter", /^Invalid parameter: Token$/],
      [
        "GetSubscriptionAttributes",
        { SubscriptionArn: `${TopicArn}:01234567-89ab-cdef-0123-456789abcdef` },
        404,
        "NotFound",
        /^Subscription does not exist$/,
      ],
      ["Publish", { ...publish, Message: "" }, 400, "InvalidParameter", /^Invalid parameter: Empty message$/],
      [
        "Publish",
        { ...publish, Message: `${text256k}x` },
        400,
        "InvalidParameter",
        /^Invalid parameter: Message too long$/,
      ],
      ["Publish", { ...publish, Subject: "two\nlines" }, 400, "InvalidParameter", /^Invalid parameter: Subject$/],
      [
        "Publish",
        { ...publish, MessageStructure: "json" },
        400,
        "InvalidParameter",
        /^Invalid parameter: Message Structure - JSON message body failed to parse$/,
      ],
      [
        "Publish",
        { ...publish, MessageStructure: "json", Message: "{}" },
        400,
        "InvalidParameter",
        /^Invalid parameter: Message Structure - No default entry in JSON message body$/,
      ],
      [
        "Publish",
        { ...publish, MessageAttributes: { a: { DataType: "Text", StringValue: "x" } } },
        400,
        "ParameterValueInvalid",
        /^The message attribute 'a' has an invalid message attribute type/,
      ],
      ["Publish", { PhoneNumber: "+15550100", Message: "x" }, 400, "InvalidParameter", /PhoneNumber/],
      ["Publish", { ...publish, MessageGroupId: "g" }, 400, "InvalidParameter", /^Invalid parameter: MessageGroupId/],
      ["PublishBatch", { TopicArn, PublishBatchRequestEntries: [] }, 400, "EmptyBatchRequest", /./],
      [
        "PublishBatch",
        { TopicArn, PublishBatchRequestEntries: [entry("a"), entry("a")] },
        400,
        "BatchEntryIdsNotDistinct",
        /./,
      ],
      ["PublishBatch", { TopicArn, PublishBatchRequestEntries: [entry("a b")] }, 400, "InvalidBatchEntryId", /./],
      [
        "PublishBatch",
        { TopicArn, PublishBatchRequestEntries: [entry("a", text256k), entry("b")] },
        400,
        "BatchRequestTooLong",
        /./,
      ],
      [
        "PublishBatch",
        { TopicArn, PublishBatchRequestEntries: Array.from({ length: 11 }, (_, id) => entry(String(id))) },
        400,
        "TooManyEntriesInBatchRequest",
        /./,
      ],
    ];
    for (const [operation, parameters, status, code, message] of cases) {
      expect({ operation, parameters, ...(await refused(operation, parameters)) }).toMatchObject({
        operation,
        parameters,
        status,
        code: expect.stringMatching(new RegExp(`^${code}(Exception)?$`)),
        message: expect.stringMatching(message),
      });
    }
    client.close();
  });

  test.skipIf(missing !== undefined)(
    `publishes attributes of every type to each protocol${whySkipped(missing)}`,
    async () => {
      const client = open(server.endpoint);
      const { say } = speaker(client);
      const path = `/attributes-${name.replaceAll(/\W/g, "")}`;
      const { TopicArn } = await say("CreateTopic", { Name: path.slice(1) });
      for (const [raw, suffix] of [
        ["false", ""],
        ["true", "-raw"],
      ] as const) {
        const Endpoint = `${hook.url}${path}${suffix}`;
        await say("Subscribe", { TopicArn, Protocol: "http", Endpoint, Attributes: { RawMessageDelivery: raw } });
        await follow((await messageTo(hook, path + suffix, "SubscriptionConfirmation"))["SubscribeURL"] ?? "");
      }
      await say("Publish", {
        TopicArn,
        Message: "& <x> \u{1f600}",
        MessageAttributes: {
          bytes: { DataType: "Binary", BinaryValue: new Uint8Array([0, 1, 254, 255]) },
          count: { DataType: "Number", StringValue: "300.0" },
          list: { DataType: "String.Array", StringValue: '["a", 1, null]' },
          text: { DataType: "String.own", StringValue: 'ü, "quoted"' },
        },
      });
      expect(await messageTo(hook, path)).toMatchObject({
        Message: "& <x> \u{1f600}",
        MessageAttributes: {
          bytes: { Type: "Binary", Value: Buffer.from([0, 1, 254, 255]).toString("base64") },
          count: { Type: "Number", Value: "300.0" },
          list: { Type: "String.Array", Value: '["a", 1, null]' },
          text: { Type: "String.own", Value: 'ü, "quoted"' },
        },
      });
      const [, raw] = await until(
        "raw message",
        () => requestsTo(hook, `${path}-raw`),
        ({ length }) => length >= 2,
      );
      expect(raw?.body).toBe("& <x> \u{1f600}");
      client.close();
    },
  );
});

test("a subscription of each protocol is made as AWS makes it", async () => {
  const client = CLIENTS.at(-1)?.open(server.endpoint);
  if (client === undefined) throw new Error("no client");
  const { say } = speaker(client);
  const { TopicArn } = await say("CreateTopic", { Name: "protocols" });
  const role = { SubscriptionRoleArn: "arn:aws:iam::123456789012:role/firehose" };
  const subscribe = (Protocol: string, Endpoint: string, Attributes = {}): Promise<unknown> =>
    say("Subscribe", { TopicArn, Protocol, Endpoint, Attributes }).then(({ SubscriptionArn }) => SubscriptionArn);
  const pending = "pending confirmation";
  const arn = expect.stringMatching(/^arn:aws:sns:us-east-1:123456789012:protocols:/);
  expect(await subscribe("http", "http://127.0.0.1:1/x")).toBe(pending);
  expect(await subscribe("https", "https://127.0.0.1:1/x")).toBe(pending);
  expect(await subscribe("email", "ann@example.org")).toBe(pending);
  expect(await subscribe("email-json", "ann@example.org")).toBe(pending);
  expect(await subscribe("sqs", "arn:aws:sqs:us-east-1:123456789012:q")).toEqual(arn);
  expect(await subscribe("sqs", "arn:aws:sqs:us-east-1:210987654321:q")).toBe(pending);
  expect(await subscribe("lambda", "arn:aws:lambda:us-east-1:123456789012:function:f")).toEqual(arn);
  expect(await subscribe("firehose", "arn:aws:firehose:us-east-1:123456789012:deliverystream/s", role)).toEqual(arn);
  expect((await say("GetTopicAttributes", { TopicArn }))["Attributes"]).toMatchObject({
    SubscriptionsConfirmed: "3",
    SubscriptionsPending: "5",
    SubscriptionsDeleted: "0",
  });
  await settle();
  client.close();
});
