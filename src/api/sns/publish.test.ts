import { createVerify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ACCOUNT, headersOf, openTopicsWorld, type TopicsWorld, URL_OF_API } from "../../topics/open-topics.fixture.ts";
import { openSns, refusal, type Sns } from "./open-sns.fixture.ts";

const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:news`;
const HOOK = "https://hooks.example.org/sns";
const arn = (service: string, name: string) => `arn:aws:${service}:us-east-1:${ACCOUNT}:${name}`;

async function open(): Promise<{ readonly sns: Sns; readonly world: TopicsWorld }> {
  const world = await openTopicsWorld();
  const sns = openSns(world, ACCOUNT);
  await sns.call("CreateTopic", { Name: "news" });
  return { sns, world };
}

/** Subscribes and confirms; what that told nobody needs. */
async function subscribe(
  { sns, world }: { readonly sns: Sns; readonly world: TopicsWorld },
  Protocol: string,
  Endpoint: string,
  Attributes: Readonly<Record<string, string>> = {},
): Promise<string> {
  const input = { TopicArn: TOPIC, Protocol, Endpoint, Attributes, ReturnSubscriptionArn: true };
  const { SubscriptionArn = "" } = await sns.call("Subscribe", input);
  const Token = world.deliveries.map(({ body }) => /Token=([0-9a-f]+)/.exec(body)?.[1]).at(-1);
  if (Token !== undefined) await sns.call("ConfirmSubscription", { TopicArn: TOPIC, Token });
  world.deliveries.length = 0;
  return SubscriptionArn;
}

const NOTIFICATION = ["Message", "MessageId", "Timestamp", "TopicArn", "Type"];

function isSigned(message: Readonly<Record<string, string>>, names: readonly string[], certificate: string): boolean {
  const text = names.map((name) => `${name}\n${message[name]}\n`).join("");
  const verify = createVerify(message.SignatureVersion === "1" ? "RSA-SHA1" : "RSA-SHA256").update(text);
  return verify.verify(certificate, message.Signature ?? "", "base64");
}

describe("Publish over HTTP", () => {
  test("has AWS's members, headers and signature", async () => {
    const { sns, world } = await open();
    const subscription = await subscribe({ sns, world }, "https", HOOK);
    const { MessageId } = await sns.call("Publish", {
      TopicArn: TOPIC,
      Message: 'Hello "world"\n',
      Subject: "Grüezi",
      MessageAttributes: { kind: { DataType: "String", StringValue: "a" } },
    });
    const told = sns.told();
    expect(told).toEqual({
      Type: "Notification",
      MessageId,
      TopicArn: TOPIC,
      Subject: "Grüezi",
      Message: 'Hello "world"\n',
      Timestamp: "2026-11-20T12:00:00.789Z",
      SignatureVersion: "1",
      Signature: expect.any(String),
      SigningCertURL: expect.stringMatching(`^${URL_OF_API}/SimpleNotificationService-[0-9a-f]{32}.pem$`),
      UnsubscribeURL: `${URL_OF_API}/?Action=Unsubscribe&SubscriptionArn=${subscription}`,
      MessageAttributes: { kind: { Type: "String", Value: "a" } },
    });
    expect(sns.newest().body).toContain(`{\n  "Type" : "Notification",\n  "MessageId" : "${MessageId}",\n`);
    const signedNames = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
    expect(isSigned(told, signedNames, world.certificate)).toBe(true);
    for (const name of signedNames) {
      expect(isSigned({ ...told, [name]: `${told[name]}!` }, signedNames, world.certificate)).toBe(false);
    }
    expect(headersOf(sns.newest())).toEqual({
      "x-amz-sns-message-type": "Notification",
      "x-amz-sns-message-id": MessageId,
      "x-amz-sns-topic-arn": TOPIC,
      "x-amz-sns-subscription-arn": subscription,
      "content-type": "text/plain; charset=UTF-8",
      "user-agent": "Amazon Simple Notification Service Agent",
    });
    expect(sns.newest()).toMatchObject({
      owner: subscription,
      kind: "http",
      endpoint: HOOK,
      eventId: MessageId,
      hops: 1,
      retry: { kind: "delays", delaysMs: [20_000, 20_000, 20_000] },
    });
  });

  test("signs with SHA-256 where the topic says version 2", async () => {
    const { sns, world } = await open();
    await sns.call("SetTopicAttributes", { TopicArn: TOPIC, AttributeName: "SignatureVersion", AttributeValue: "2" });
    await subscribe({ sns, world }, "https", HOOK);
    await sns.call("Publish", { TopicArn: TOPIC, Message: "m" });
    expect(sns.told().SignatureVersion).toBe("2");
    expect(sns.told()).not.toHaveProperty("Subject");
    expect(isSigned(sns.told(), NOTIFICATION, world.certificate)).toBe(true);
  });

  test("sends raw messages, other content types, retries and failures as the subscription says", async () => {
    const { sns, world } = await open();
    const queue = arn("sqs", "failed");
    await subscribe({ sns, world }, "https", HOOK, {
      RawMessageDelivery: "true",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queue }),
      DeliveryPolicy: JSON.stringify({
        healthyRetryPolicy: { numRetries: 2, minDelayTarget: 1, maxDelayTarget: 9 },
        requestPolicy: { headerContentType: "application/json" },
      }),
    });
    await sns.call("Publish", { TopicArn: TOPIC, Message: "{}", Subject: "s" });
    expect(sns.newest()).toMatchObject({
      body: "{}",
      deadLetterArn: queue,
      retry: { kind: "delays", delaysMs: [1000, 9000] },
    });
    expect(headersOf(sns.newest())).toMatchObject({
      "x-amz-sns-rawdelivery": "true",
      "content-type": "application/json",
    });
  });
});

describe("Publish to everything else", () => {
  test("puts the envelope into queues, or the raw message with its attributes", async () => {
    const { sns, world } = await open();
    await subscribe({ sns, world }, "sqs", arn("sqs", "one"));
    await subscribe({ sns, world }, "sqs", arn("sqs", "two"), { RawMessageDelivery: "true" });
    const MessageAttributes = {
      text: { DataType: "String", StringValue: "t" },
      bytes: { DataType: "Binary", BinaryValue: Uint8Array.of(0, 255) },
    };
    await sns.call("Publish", { TopicArn: TOPIC, Message: "m", MessageAttributes });
    const byEndpoint = new Map(world.deliveries.map((delivery) => [delivery.endpoint, delivery]));
    const enveloped = byEndpoint.get(arn("sqs", "one"));
    expect(enveloped).toMatchObject({ kind: "queue", parameters: {} });
    expect(JSON.parse(enveloped?.body ?? "")).toMatchObject({
      Type: "Notification",
      MessageAttributes: { text: { Type: "String", Value: "t" }, bytes: { Type: "Binary", Value: "AP8=" } },
    });
    expect(byEndpoint.get(arn("sqs", "two"))).toMatchObject({
      body: "m",
      parameters: {
        attributes: {
          text: { DataType: "String", StringValue: "t" },
          bytes: { DataType: "Binary", BinaryValue: "AP8=" },
        },
      },
      retry: { kind: "exponential", attemptsMax: 100_015 },
    });
  });

  test("calls functions with an event", async () => {
    const { sns, world } = await open();
    const subscription = await subscribe({ sns, world }, "lambda", arn("lambda", "function:f"));
    const { MessageId } = await sns.call("Publish", { TopicArn: TOPIC, Message: "m" });
    expect(sns.newest().kind).toBe("function");
    expect(JSON.parse(sns.newest().body)).toEqual({
      Records: [
        {
          EventSource: "aws:sns",
          EventVersion: "1.0",
          EventSubscriptionArn: subscription,
          Sns: {
            Type: "Notification",
            MessageId,
            TopicArn: TOPIC,
            Subject: null,
            Message: "m",
            Timestamp: "2026-11-20T12:00:00.789Z",
            SignatureVersion: "1",
            Signature: expect.any(String),
            SigningCertUrl: expect.stringMatching(/\.pem$/),
            UnsubscribeUrl: expect.stringContaining(subscription),
            MessageAttributes: {},
          },
        },
      ],
    });
  });

  test("mails the message and how to end it, or JSON", async () => {
    const { sns, world } = await open();
    const subscription = await subscribe({ sns, world }, "email", "a@example.org");
    await subscribe({ sns, world }, "email-json", "b@example.org");
    await sns.call("Publish", { TopicArn: TOPIC, Message: "m" });
    await sns.call("Publish", { TopicArn: TOPIC, Message: "m", Subject: "s" });
    const [plain] = world.deliveries.filter(({ endpoint }) => endpoint === "a@example.org");
    expect(plain?.parameters).toEqual({ subject: "AWS Notification Message" });
    expect(plain?.body).toMatch(/^m\n\n--\n/);
    expect(plain?.body).toContain(`\n${URL_OF_API}/?Action=Unsubscribe&SubscriptionArn=${subscription}\n`);
    const json = world.deliveries.filter(({ endpoint }) => endpoint === "b@example.org").at(-1);
    expect(json?.parameters).toEqual({ subject: "s" });
    expect(JSON.parse(json?.body ?? "")).toMatchObject({ Type: "Notification", Subject: "s" });
  });

  test("puts lines into streams, in a role", async () => {
    const { sns, world } = await open();
    const stream = arn("firehose", "deliverystream/s");
    expect(await refusal(sns.call("Subscribe", { TopicArn: TOPIC, Protocol: "firehose", Endpoint: stream }))).toMatch(
      /SubscriptionRoleArn/,
    );
    const SubscriptionRoleArn = `arn:aws:iam::${ACCOUNT}:role/delivery`;
    await subscribe({ sns, world }, "firehose", stream, { SubscriptionRoleArn, RawMessageDelivery: "true" });
    await sns.call("Publish", { TopicArn: TOPIC, Message: "m" });
    expect(sns.newest()).toMatchObject({ kind: "stream", endpoint: stream, body: "m\n" });
  });

  test("has a text for each protocol with MessageStructure json", async () => {
    const { sns, world } = await open();
    await subscribe({ sns, world }, "sqs", arn("sqs", "one"), { RawMessageDelivery: "true" });
    await subscribe({ sns, world }, "lambda", arn("lambda", "function:f"));
    const Message = JSON.stringify({ default: "d", sqs: "q", lambda: 1, __proto__: null });
    await sns.call("Publish", { TopicArn: TOPIC, Message, MessageStructure: "json" });
    const texts = world.deliveries.map(({ kind, body }) => [kind, /"Message":"(.*?)"/.exec(body)?.[1] ?? body]);
    expect(new Map(texts as [string, string][])).toEqual(
      new Map([
        ["queue", "q"],
        ["function", "d"],
      ]),
    );
  });

  test("reaches hundreds of subscriptions, each once", async () => {
    const { sns, world } = await open();
    const queues = Array.from({ length: 120 }, (_, index) => arn("sqs", `q${index}`));
    for (const Endpoint of queues) await sns.call("Subscribe", { TopicArn: TOPIC, Protocol: "sqs", Endpoint });
    await sns.call("Publish", { TopicArn: TOPIC, Message: "m" });
    expect(world.deliveries.map(({ endpoint }) => endpoint).toSorted()).toEqual(queues.toSorted());
  });
});

describe("filter policies", () => {
  test.each<[string, string, Readonly<Record<string, string>>, number]>([
    ["an attribute that it wants", '{"kind":["a"]}', { kind: "a" }, 1],
    ["an attribute that it does not", '{"kind":["a"]}', { kind: "b" }, 0],
    ["no attribute", '{"kind":["a"]}', {}, 0],
    ["anything, when it says nothing", "{}", {}, 1],
  ])("on attributes: %s", async (_, FilterPolicy, attributes, count) => {
    const { sns, world } = await open();
    await subscribe({ sns, world }, "sqs", arn("sqs", "one"), { FilterPolicy });
    const MessageAttributes = Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
    );
    await sns.call("Publish", { TopicArn: TOPIC, Message: "m", MessageAttributes });
    expect(world.deliveries.length).toBe(count);
  });

  test.each([
    ['{"detail":{"n":5}}', 1],
    ['{"detail":{"n":50}}', 0],
    ["[]", 0],
    ["text", 0],
  ])("on the body: %s", async (Message, count) => {
    const { sns, world } = await open();
    const FilterPolicy = '{"detail":{"n":[{"numeric":["<",10]}]}}';
    await subscribe({ sns, world }, "sqs", arn("sqs", "one"), { FilterPolicy, FilterPolicyScope: "MessageBody" });
    await sns.call("Publish", { TopicArn: TOPIC, Message });
    expect(world.deliveries.length).toBe(count);
  });

  test("count to 200 in a topic", async () => {
    const { sns } = await open();
    const input = (index: number) => ({ TopicArn: TOPIC, Protocol: "sqs", Endpoint: arn("sqs", `q${index}`) });
    const Attributes = { FilterPolicy: '{"a":["b"]}' };
    for (let index = 0; index < 200; index += 1) await sns.call("Subscribe", { ...input(index), Attributes });
    expect(await refusal(sns.call("Subscribe", { ...input(200), Attributes }))).toBe(
      "FilterPolicyLimitExceeded: FilterPolicy limit exceeded",
    );
    const { SubscriptionArn = "" } = await sns.call("Subscribe", input(200));
    const set = { SubscriptionArn, AttributeName: "FilterPolicy", AttributeValue: Attributes.FilterPolicy };
    expect(await refusal(sns.call("SetSubscriptionAttributes", set))).toMatch(/^FilterPolicyLimitExceeded/);
  });
});

describe("SetSubscriptionAttributes", () => {
  test("sets, shows and takes away", async () => {
    const { sns, world } = await open();
    const SubscriptionArn = await subscribe({ sns, world }, "https", HOOK);
    const set = (AttributeName: string, AttributeValue?: string) =>
      sns.call("SetSubscriptionAttributes", {
        SubscriptionArn,
        AttributeName,
        ...(AttributeValue === undefined ? {} : { AttributeValue }),
      });
    await set("RawMessageDelivery", "true");
    await set("FilterPolicy", '{"a":["b"]}');
    await set("DeliveryPolicy", '{"healthyRetryPolicy":{"numRetries":1}}');
    const attributes = async () => (await sns.call("GetSubscriptionAttributes", { SubscriptionArn })).Attributes ?? {};
    expect(await attributes()).toMatchObject({
      RawMessageDelivery: "true",
      FilterPolicy: '{"a":["b"]}',
      FilterPolicyScope: "MessageAttributes",
      DeliveryPolicy: '{"healthyRetryPolicy":{"numRetries":1}}',
    });
    expect(JSON.parse((await attributes()).EffectiveDeliveryPolicy ?? "")).toMatchObject({
      healthyRetryPolicy: { numRetries: 1, minDelayTarget: 20 },
      sicklyRetryPolicy: null,
      requestPolicy: { headerContentType: "text/plain; charset=UTF-8" },
      guaranteed: false,
    });
    await set("FilterPolicy", "{}");
    await set("DeliveryPolicy");
    expect(await attributes()).not.toHaveProperty("FilterPolicy");
    expect(await attributes()).not.toHaveProperty("DeliveryPolicy");
  });

  test.each([
    ["an unknown name", "Colour", "red", "AttributeName"],
    ["an unknown name without value", "Colour", "", "AttributeName"],
    ["half raw", "RawMessageDelivery", "maybe", "RawMessageDelivery: Invalid value [maybe]. Must be true or false."],
    [
      "raw mail",
      "RawMessageDelivery",
      "true",
      "RawMessageDelivery: Delivery protocol [email] does not support raw message delivery.",
    ],
    [
      "another scope",
      "FilterPolicyScope",
      "Subject",
      "FilterPolicyScope: Invalid value [Subject]. Please use either MessageBody or MessageAttributes",
    ],
    [
      "six keys",
      "FilterPolicy",
      JSON.stringify(Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((key) => [key, ["x"]]))),
      "FilterPolicy: Filter policy can not have more than 5 keys",
    ],
    [
      "a nested filter on attributes",
      "FilterPolicy",
      '{"a":{"b":["c"]}}',
      "Filter policy scope MessageAttributes does not support nested filter policy",
    ],
    [
      "a dead-letter topic",
      "RedrivePolicy",
      JSON.stringify({ deadLetterTargetArn: TOPIC }),
      "RedrivePolicy: deadLetterTargetArn is an invalid arn",
    ],
    ["a redrive policy that is none", "RedrivePolicy", "{", "RedrivePolicy: failed to parse JSON."],
    [
      "retries of mail",
      "DeliveryPolicy",
      "{}",
      "DeliveryPolicy: Delivery protocol [email] does not support delivery policies.",
    ],
  ])("refuses %s", async (_, AttributeName, AttributeValue, message) => {
    const { sns, world } = await open();
    const SubscriptionArn = await subscribe({ sns, world }, "email", "a@example.org");
    const set = { SubscriptionArn, AttributeName, AttributeValue };
    expect(await refusal(sns.call("SetSubscriptionAttributes", set))).toBe(
      `InvalidParameter: Invalid parameter: ${message}`,
    );
  });
});

describe("Publish refuses", () => {
  const attribute = (name: string, value: object) => ({
    MessageAttributes: { [name]: { DataType: "String", ...value } },
  });
  const value = (message: string) => `ParameterValueInvalid: ${message}`;
  const parameter = (message: string) => `InvalidParameter: Invalid parameter: ${message}`;

  test.each<[string, object, string]>([
    ["nothing", { Message: "" }, parameter("Empty message")],
    ["too much", { Message: "m".repeat(256 * 1024 + 1) }, parameter("Message too long")],
    [
      "too much with its attributes",
      { Message: "m".repeat(256 * 1024), ...attribute("a", { StringValue: "b" }) },
      parameter("Message too long"),
    ],
    ["an empty subject", { Subject: "" }, parameter("Subject")],
    ["a long subject", { Subject: "s".repeat(101) }, parameter("Subject")],
    ["a subject of two lines", { Subject: "a\nBcc: b" }, parameter("Subject")],
    ["an unknown structure", { MessageStructure: "xml" }, parameter("MessageStructure")],
    [
      "a structure that is none",
      { MessageStructure: "json" },
      parameter("Message Structure - JSON message body failed to parse"),
    ],
    [
      "a structure without default",
      { MessageStructure: "json", Message: '{"sqs":"a"}' },
      parameter("Message Structure - No default entry in JSON message body"),
    ],
    [
      "a structure with no text by default",
      { MessageStructure: "json", Message: '{"default":1}' },
      parameter("Message Structure - No default entry in JSON message body"),
    ],
    [
      "a message group",
      { MessageGroupId: "g" },
      parameter(
        "MessageGroupId Reason: The request includes MessageGroupId parameter that is not valid for this topic type",
      ),
    ],
    [
      "a phone number",
      { TopicArn: undefined, PhoneNumber: "+41791234567" },
      parameter("PhoneNumber Reason: text messages are not supported by OpenTrail"),
    ],
    ["no topic", { TopicArn: undefined }, parameter("TopicArn or TargetArn Reason: no value for required parameter")],
    [
      "a target that is none",
      { TopicArn: undefined, TargetArn: "x" },
      parameter("TargetArn Reason: An ARN must have at least 6 elements, not 1"),
    ],
    [
      "a FIFO topic",
      { TopicArn: `${TOPIC}.fifo` },
      parameter("TopicArn Reason: FIFO topics are not supported by OpenTrail"),
    ],
    ["a topic that is not there", { TopicArn: `${TOPIC}2` }, "NotFound: Topic does not exist"],
    [
      "an attribute without value",
      attribute("a", {}),
      value(
        "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.",
      ),
    ],
    [
      "an attribute with an empty value",
      attribute("a", { StringValue: "" }),
      value(
        "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.",
      ),
    ],
    [
      "text in bytes",
      attribute("a", { BinaryValue: Uint8Array.of(1) }),
      value("The message attribute 'a' with type 'String' must use field 'String'."),
    ],
    [
      "an unknown type",
      attribute("a", { DataType: "Date", StringValue: "x" }),
      value(
        "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
      ),
    ],
    [
      "a number that is none",
      attribute("a", { DataType: "Number", StringValue: "x" }),
      value("Could not cast message attribute 'a' value to number."),
    ],
    [
      "a name that begins with a dot",
      attribute(".a", { StringValue: "x" }),
      value("Invalid message attribute name starting with character '.' was found."),
    ],
    [
      "a name with a space",
      attribute("a b", { StringValue: "x" }),
      value("Message attribute name can only contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.)."),
    ],
  ])("%s", async (_, wrong, message) => {
    const { sns, world } = await open();
    await subscribe({ sns, world }, "sqs", arn("sqs", "one"));
    expect(await refusal(sns.call("Publish", { TopicArn: TOPIC, Message: "m", ...wrong }))).toBe(message);
    expect(world.deliveries).toEqual([]);
  });
});

describe("PublishBatch", () => {
  const batch = (sns: Sns, PublishBatchRequestEntries: readonly { Id: string; Message: string; Subject?: string }[]) =>
    sns.call("PublishBatch", { TopicArn: TOPIC, PublishBatchRequestEntries });

  test("publishes what it can, and tells what it cannot", async () => {
    const { sns, world } = await open();
    await subscribe({ sns, world }, "sqs", arn("sqs", "one"), { RawMessageDelivery: "true" });
    const answer = await batch(sns, [
      { Id: "a", Message: "1" },
      { Id: "b", Message: "2", Subject: "" },
      { Id: "c", Message: "3" },
    ]);
    expect(answer).toEqual({
      Successful: [
        { Id: "a", MessageId: world.deliveries[0]?.eventId },
        { Id: "c", MessageId: world.deliveries[1]?.eventId },
      ],
      Failed: [{ Id: "b", Code: "InvalidParameter", Message: "Invalid parameter: Subject", SenderFault: true }],
    });
    expect(world.deliveries.map(({ body }) => body)).toEqual(["1", "3"]);
  });

  test.each([
    ["nothing", [], "EmptyBatchRequest: The batch request doesn't contain any entries."],
    [
      "eleven",
      Array.from({ length: 11 }, (_, index) => ({ Id: `${index}`, Message: "m" })),
      "TooManyEntriesInBatchRequest: The batch request contains more entries than permissible.",
    ],
    [
      "an id twice",
      [
        { Id: "a", Message: "m" },
        { Id: "a", Message: "n" },
      ],
      "BatchEntryIdsNotDistinct: Two or more batch entries in the request have the same Id.",
    ],
    [
      "a bad id",
      [{ Id: "a b", Message: "m" }],
      "InvalidBatchEntryId: The Id of a batch entry in a batch request doesn't abide by the specification.",
    ],
    [
      "too much together",
      [
        { Id: "a", Message: "m".repeat(131_072) },
        { Id: "b", Message: "m".repeat(131_073) },
      ],
      "BatchRequestTooLong: The length of all the batch messages put together is more than the limit.",
    ],
  ])("refuses %s", async (_, entries, message) => {
    const { sns } = await open();
    expect(await refusal(batch(sns, entries))).toBe(message);
  });
});
