import { createVerify } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  ACCOUNT,
  headersOf,
  NOW,
  OTHER_ACCOUNT,
  openTopicsWorld,
  type TopicsWorld,
  URL_OF_API,
} from "../../topics/open-topics.fixture.ts";
import { openSns, refusal, type Sns } from "./open-sns.fixture.ts";

const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:news`;
const HOOK = "https://hooks.example.org/sns?a=b";
const QUEUE = `arn:aws:sqs:us-east-1:${ACCOUNT}:inbox`;
const DAY_MS = 24 * 60 * 60 * 1000;

async function open(): Promise<{ readonly sns: Sns; readonly world: TopicsWorld }> {
  const world = await openTopicsWorld();
  const sns = openSns(world, ACCOUNT);
  await sns.call("CreateTopic", { Name: "news" });
  return { sns, world };
}

const subscribe = (sns: Sns, Protocol: string, Endpoint: string, Attributes: Readonly<Record<string, string>> = {}) =>
  sns.call("Subscribe", { TopicArn: TOPIC, Protocol, Endpoint, Attributes });

/** Subscribes, follows the link, answers the subscription's ARN. */
async function subscribed(sns: Sns, Protocol = "https", Endpoint = HOOK): Promise<string> {
  await subscribe(sns, Protocol, Endpoint);
  const { SubscriptionArn = "" } = await sns.unsigned("ConfirmSubscription", { TopicArn: TOPIC, Token: tokenOf(sns) });
  return SubscriptionArn;
}

function tokenOf(sns: Sns): string {
  return /Token=([0-9a-f]+)/.exec(sns.newest().body)?.[1] ?? "";
}

function isSigned(message: Readonly<Record<string, string>>, names: readonly string[], certificate: string): boolean {
  const text = names.map((name) => `${name}\n${message[name]}\n`).join("");
  const verify = createVerify(message.SignatureVersion === "1" ? "RSA-SHA1" : "RSA-SHA256").update(text);
  return verify.verify(certificate, message.Signature ?? "", "base64");
}

const CONFIRMATION = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

describe("Subscribe", () => {
  test("tells an HTTP endpoint a token, and nobody else", async () => {
    const { sns, world } = await open();
    expect(await subscribe(sns, "https", HOOK)).toEqual({ SubscriptionArn: "pending confirmation" });
    const told = sns.told();
    expect(Object.keys(told)).toEqual([
      "Type",
      "MessageId",
      "Token",
      "TopicArn",
      "Message",
      "SubscribeURL",
      "Timestamp",
      "SignatureVersion",
      "Signature",
      "SigningCertURL",
    ]);
    expect(told).toMatchObject({
      Type: "SubscriptionConfirmation",
      TopicArn: TOPIC,
      Token: expect.stringMatching(/^[0-9a-f]{64}$/),
      Message: `You have chosen to subscribe to the topic ${TOPIC}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
      SubscribeURL: `${URL_OF_API}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=${told.Token}`,
      Timestamp: "2026-11-20T12:00:00.789Z",
      SignatureVersion: "1",
    });
    const certificate = await world.topics.certificateFor(new URL(told.SigningCertURL ?? "").pathname);
    expect(certificate).toBe(world.certificate);
    expect(isSigned(told, CONFIRMATION, world.certificate)).toBe(true);
    expect(isSigned({ ...told, Token: "f".repeat(64) }, CONFIRMATION, world.certificate)).toBe(false);
    expect(headersOf(sns.newest())).toEqual({
      "x-amz-sns-message-type": "SubscriptionConfirmation",
      "x-amz-sns-message-id": told.MessageId,
      "x-amz-sns-topic-arn": TOPIC,
      "content-type": "text/plain; charset=UTF-8",
      "user-agent": "Amazon Simple Notification Service Agent",
    });
    expect(sns.newest()).toMatchObject({ kind: "http", endpoint: HOOK, eventId: told.MessageId, hops: 1 });
    expect(JSON.stringify(await world.tables.selectFrom("subscriptions").selectAll().execute())).not.toContain(
      told.Token,
    );
    expect((await sns.call("ListSubscriptions", {})).Subscriptions).toEqual([
      { SubscriptionArn: "PendingConfirmation", Owner: ACCOUNT, Protocol: "https", Endpoint: HOOK, TopicArn: TOPIC },
    ]);
    expect(world.wakes()).toBe(1);
  });

  test("needs nobody's confirmation for a queue of the same account", async () => {
    const { sns, world } = await open();
    const { SubscriptionArn = "" } = await subscribe(sns, "sqs", QUEUE);
    expect(SubscriptionArn).toMatch(new RegExp(`^${TOPIC}:[0-9a-f-]{36}$`));
    expect(world.deliveries).toEqual([]);
    expect((await sns.call("GetSubscriptionAttributes", { SubscriptionArn })).Attributes).toEqual({
      SubscriptionArn,
      TopicArn: TOPIC,
      Protocol: "sqs",
      Endpoint: QUEUE,
      Owner: ACCOUNT,
      PendingConfirmation: "false",
      ConfirmationWasAuthenticated: "true",
      RawMessageDelivery: "false",
    });
  });

  test("tells the queue of another account a token in its own words", async () => {
    const { sns } = await open();
    const Endpoint = QUEUE.replace(ACCOUNT, OTHER_ACCOUNT);
    expect(await subscribe(sns, "sqs", Endpoint)).toEqual({ SubscriptionArn: "pending confirmation" });
    expect(sns.newest()).toMatchObject({ kind: "queue", endpoint: Endpoint, parameters: {} });
    expect(sns.told().Type).toBe("SubscriptionConfirmation");
  });

  test("mails a link", async () => {
    const { sns } = await open();
    await subscribe(sns, "email", "somebody@example.org");
    const { kind, endpoint, body, parameters } = sns.newest();
    expect({ kind, endpoint, parameters }).toEqual({
      kind: "email",
      endpoint: "somebody@example.org",
      parameters: { subject: "AWS Notification - Subscription Confirmation", confidential: true },
    });
    expect(body).toContain(`\n${URL_OF_API}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=${tokenOf(sns)}\n`);
  });

  test("again sends a new token until it is confirmed, and then answers the same ARN", async () => {
    const { sns, world } = await open();
    await subscribe(sns, "https", HOOK);
    const first = tokenOf(sns);
    const again = { TopicArn: TOPIC, Protocol: "https", Endpoint: HOOK, ReturnSubscriptionArn: true };
    const { SubscriptionArn } = await sns.call("Subscribe", again);
    const second = tokenOf(sns);
    expect(second).not.toBe(first);
    expect(await refusal(sns.unsigned("ConfirmSubscription", { TopicArn: TOPIC, Token: first }))).toBe(
      "InvalidParameter: Invalid token",
    );
    expect(await sns.unsigned("ConfirmSubscription", { TopicArn: TOPIC, Token: second })).toEqual({ SubscriptionArn });
    expect(await subscribe(sns, "https", HOOK)).toEqual({ SubscriptionArn });
    expect(world.deliveries.length).toBe(2);
    expect(await refusal(subscribe(sns, "https", HOOK, { RawMessageDelivery: "true" }))).toBe(
      "InvalidParameter: Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
    );
  });

  test.each<[string, string, string | undefined, string]>([
    ["an unknown protocol", "fax", "x", "Amazon SNS does not support this protocol string: fax"],
    [
      "text messages by name",
      "sms",
      "+41791234567",
      "Protocol Reason: text messages (protocol sms) are not supported by OpenTrail",
    ],
    ["no endpoint", "http", undefined, "Endpoint Reason: no value for required parameter"],
    ["a URL of another scheme", "http", HOOK, "Endpoint must match the specified protocol"],
    [
      "a URL with a password",
      "https",
      "https://me:secret@example.org/",
      "Endpoint Reason: a URL must have no user, password or fragment",
    ],
    ["a URL with line breaks", "https", "https://example.org/\r\nx: y", "Endpoint"],
    ["a long URL", "https", `https://example.org/${"a".repeat(2048)}`, "Endpoint"],
    ["no host", "https", "https://", "Endpoint"],
    ["two addresses", "email", "a@example.org,b@example.org", "Email address"],
    ["an address with a line break", "email", "a@example.org\nBcc: b@example.org", "Email address"],
    ["an address with a name", "email", "A <a@example.org>", "Email address"],
    ["a queue's URL", "sqs", "https://sqs.us-east-1.amazonaws.com/123456789012/inbox", "SQS endpoint ARN"],
    [
      "a FIFO queue",
      "sqs",
      `${QUEUE}.fifo`,
      "Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
    ],
    ["a function's name", "lambda", "handler", "Lambda endpoint ARN"],
  ])("refuses %s", async (_, Protocol, Endpoint, message) => {
    const { sns, world } = await open();
    const input = { TopicArn: TOPIC, Protocol, ...(Endpoint === undefined ? {} : { Endpoint }) };
    expect(await refusal(sns.call("Subscribe", input))).toBe(`InvalidParameter: Invalid parameter: ${message}`);
    expect(world.deliveries).toEqual([]);
  });

  test("takes an IPv6 host, a port, and a long address", async () => {
    const { sns } = await open();
    await subscribe(sns, "http", "http://[2001:db8::1]:8080/x");
    await subscribe(sns, "email", "first.last+tag@sub.example-1.org");
    expect((await sns.call("ListSubscriptionsByTopic", { TopicArn: TOPIC })).Subscriptions?.length).toBe(2);
  });
});

describe("ConfirmSubscription", () => {
  test("by the link confirms, and a second time changes nothing", async () => {
    const { sns } = await open();
    const SubscriptionArn = await subscribed(sns);
    expect((await sns.call("GetSubscriptionAttributes", { SubscriptionArn })).Attributes).toMatchObject({
      PendingConfirmation: "false",
      ConfirmationWasAuthenticated: "false",
    });
    const Token = tokenOf(sns);
    expect(await sns.unsigned("ConfirmSubscription", { TopicArn: TOPIC, Token })).toEqual({ SubscriptionArn });
  });

  test("knows no token after two days, when what it was for is gone", async () => {
    const { sns, world } = await open();
    await subscribe(sns, "https", HOOK);
    const Token = tokenOf(sns);
    world.now = NOW + 2 * DAY_MS;
    expect(await refusal(sns.unsigned("ConfirmSubscription", { TopicArn: TOPIC, Token }))).toBe(
      "InvalidParameter: Invalid token",
    );
    expect((await sns.call("ListSubscriptions", {})).Subscriptions).toEqual([]);
    await subscribe(sns, "https", `${HOOK}&c`);
    expect((await world.tables.selectFrom("subscriptions").selectAll().execute()).length).toBe(1);
  });

  test.each([
    ["a token that is none", { Token: "x" }, "InvalidParameter: Invalid parameter: Token"],
    ["a token of nobody", { Token: "0".repeat(64) }, "InvalidParameter: Invalid token"],
    ["a topic that is not there", { TopicArn: `${TOPIC}2` }, "NotFound: Topic does not exist"],
    [
      "an ARN that is none",
      { TopicArn: "a:b" },
      "InvalidParameter: Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 2",
    ],
    [
      "AuthenticateOnUnsubscribe by a link",
      { AuthenticateOnUnsubscribe: "true" },
      "AuthorizationError: AuthenticateOnUnsubscribe takes a signed call",
    ],
  ])("refuses %s", async (_, wrong, message) => {
    const { sns } = await open();
    await subscribe(sns, "https", HOOK);
    const input = { TopicArn: TOPIC, Token: tokenOf(sns), ...wrong };
    expect(await refusal(sns.unsigned("ConfirmSubscription", input))).toBe(message);
  });

  test("confirms nothing of another topic", async () => {
    const { sns } = await open();
    await sns.call("CreateTopic", { Name: "other" });
    await subscribe(sns, "https", HOOK);
    const input = { TopicArn: TOPIC.replace("news", "other"), Token: tokenOf(sns) };
    expect(await refusal(sns.unsigned("ConfirmSubscription", input))).toBe("InvalidParameter: Invalid token");
  });
});

describe("Unsubscribe", () => {
  test("by the link tells the endpoint how to come back", async () => {
    const { sns, world } = await open();
    const SubscriptionArn = await subscribed(sns);
    await sns.unsigned("Unsubscribe", { SubscriptionArn });
    const told = sns.told();
    expect(told).toMatchObject({ Type: "UnsubscribeConfirmation", TopicArn: TOPIC });
    expect(told.Message).toBe(
      `You have chosen to deactivate subscription ${SubscriptionArn}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`,
    );
    expect(isSigned(told, CONFIRMATION, world.certificate)).toBe(true);
    expect(headersOf(sns.newest())).toMatchObject({
      "x-amz-sns-message-type": "UnsubscribeConfirmation",
      "x-amz-sns-subscription-arn": SubscriptionArn,
    });
    expect((await sns.call("ListSubscriptions", {})).Subscriptions).toEqual([]);
    expect((await sns.call("GetTopicAttributes", { TopicArn: TOPIC })).Attributes).toMatchObject({
      SubscriptionsConfirmed: "0",
      SubscriptionsDeleted: "1",
    });
    expect(await refusal(sns.unsigned("Unsubscribe", { SubscriptionArn }))).toBe(
      "NotFound: Subscription does not exist",
    );
    const confirmation = { TopicArn: TOPIC, Token: told.Token ?? "" };
    expect(await sns.unsigned("ConfirmSubscription", confirmation)).toEqual({ SubscriptionArn });
    expect((await sns.call("ListSubscriptions", {})).Subscriptions).toMatchObject([{ SubscriptionArn }]);
  });

  test("by a signed call tells nobody, and no token brings it back", async () => {
    const { sns, world } = await open();
    const SubscriptionArn = await subscribed(sns);
    const Token = tokenOf(sns);
    await sns.call("Unsubscribe", { SubscriptionArn });
    expect(world.deliveries.length).toBe(1);
    expect(await refusal(sns.unsigned("ConfirmSubscription", { TopicArn: TOPIC, Token }))).toBe(
      "InvalidParameter: Invalid token",
    );
  });

  test("takes a signature where the confirmation had one", async () => {
    const { sns } = await open();
    await subscribe(sns, "https", HOOK);
    const confirmation = { TopicArn: TOPIC, Token: tokenOf(sns), AuthenticateOnUnsubscribe: "true" };
    const { SubscriptionArn = "" } = await sns.call("ConfirmSubscription", confirmation);
    expect(await refusal(sns.unsigned("Unsubscribe", { SubscriptionArn }))).toBe(
      "AuthorizationError: This subscription can only be ended by a signed call",
    );
    await sns.call("Unsubscribe", { SubscriptionArn });
    expect((await sns.call("ListSubscriptions", {})).Subscriptions).toEqual([]);
  });

  test("is for the accounts of the subscription and of the topic alone", async () => {
    const { sns } = await open();
    const theirs = sns.as(OTHER_ACCOUNT);
    const { SubscriptionArn = "" } = await subscribe(theirs, "sqs", QUEUE.replace(ACCOUNT, OTHER_ACCOUNT));
    expect(await refusal(sns.as("999999999999").call("Unsubscribe", { SubscriptionArn }))).toBe(
      `AuthorizationError: User: arn:aws:iam::999999999999:root is not authorized to perform: SNS:Unsubscribe on resource: ${SubscriptionArn}`,
    );
    expect(await theirs.resources("Unsubscribe", { SubscriptionArn })).toEqual(["*"]);
    expect(await sns.resources("Unsubscribe", { SubscriptionArn })).toEqual([TOPIC]);
    await sns.call("Unsubscribe", { SubscriptionArn });
  });

  test.each([
    [
      "no ARN",
      "x",
      "InvalidParameter: Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1",
    ],
    ["a topic's ARN", TOPIC, "InvalidParameter: Invalid parameter: SubscriptionId"],
    ["one that is not there", `${TOPIC}:${"0".repeat(36)}`, "NotFound: Subscription does not exist"],
  ])("refuses %s", async (_, SubscriptionArn, message) => {
    const { sns } = await open();
    expect(await refusal(sns.call("Unsubscribe", { SubscriptionArn }))).toBe(message);
    expect(await refusal(sns.unsigned("Unsubscribe", { SubscriptionArn }))).toBe(message);
  });
});
