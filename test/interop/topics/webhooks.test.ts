import { CreateConnectionCommand, EventBridgeClient, UpdateConnectionCommand } from "@aws-sdk/client-eventbridge";
import {
  ConfirmSubscriptionCommand,
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  SetSubscriptionAttributesCommand,
  type SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditRecord } from "../../../src/record/index.ts";
import type { TestServer } from "../../server.ts";
import { until } from "../../trail.ts";
import { freePort, type HookRequest, startWebhook, type Webhook } from "../receivers.ts";
import {
  arnOf,
  type AuditedServer,
  createTopic,
  follow,
  messagesTo,
  messageTo,
  REGION,
  requestsTo,
  settle,
  snsOf,
  startAudited,
  subscribeHook,
} from "./topics-world.ts";

/** What paths of the webhook answer, by how often they were called; 200 for the others. */
const ANSWERS: Readonly<Record<string, (nth: number) => number>> = {
  // The first call brings the confirmation.
  "/moody": (nth) => (nth === 2 || nth === 3 ? 500 : 200),
  "/gone": (nth) => (nth === 1 ? 200 : 410),
  "/busy": (nth) => (nth === 2 ? 429 : 200),
};
const counts = new Map<string, number>();

function answer({ path }: HookRequest): number {
  const nth = (counts.get(path) ?? 0) + 1;
  counts.set(path, nth);
  return ANSWERS[path]?.(nth) ?? 200;
}

let audited: AuditedServer;
let server: TestServer;
let hook: Webhook;
let sns: SNSClient;
const tokens: string[] = [];

beforeAll(async () => {
  hook = await startWebhook(answer);
  // Everything that OpenTrail does not serve itself goes to nobody: what follows a link must not.
  const upstream = ["--upstream", `http://127.0.0.1:${await freePort()}`];
  audited = await startAudited(upstream);
  server = audited.server;
  sns = snsOf(server);
});

afterAll(async () => {
  sns.destroy();
  await hook.stop();
  await audited.remove();
});

const SECRET = "s3cret-of-the-chat";

const PENDING = "PendingConfirmation";

async function listed(TopicArn: string): Promise<readonly (string | undefined)[]> {
  const { Subscriptions = [] } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
  return Subscriptions.map(({ SubscriptionArn }) => SubscriptionArn);
}

async function publish(TopicArn: string, Message: string, more = {}): Promise<string> {
  const { MessageId = "" } = await sns.send(new PublishCommand({ TopicArn, Message, ...more }));
  return MessageId;
}

test("a webhook is asked first, then notified, with AWS's headers and members", async () => {
  const TopicArn = await createTopic(sns, "headers");
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "http", Endpoint: `${hook.url}/headers` }));
  const asked = await messageTo(hook, "/headers", "SubscriptionConfirmation");
  expect(Object.keys(asked)).toEqual([
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
  expect(asked).toMatchObject({
    TopicArn,
    Message: `You have chosen to subscribe to the topic ${TopicArn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
    SubscribeURL: `${server.endpoint}/?Action=ConfirmSubscription&TopicArn=${TopicArn}&Token=${asked["Token"]}`,
    SignatureVersion: "1",
    SigningCertURL: expect.stringMatching(/\/SimpleNotificationService-[0-9a-f]{32}\.pem$/),
  });
  tokens.push(asked["Token"] ?? "");
  const [request] = requestsTo(hook, "/headers");
  expect(request).toMatchObject({
    method: "POST",
    headers: {
      "content-type": "text/plain; charset=UTF-8",
      "user-agent": "Amazon Simple Notification Service Agent",
      "x-amz-sns-message-type": "SubscriptionConfirmation",
      "x-amz-sns-message-id": asked["MessageId"],
      "x-amz-sns-topic-arn": TopicArn,
      host: new URL(hook.url).host,
    },
  });
  expect(request?.headers).not.toHaveProperty("x-amz-sns-subscription-arn");
  expect(await listed(TopicArn)).toEqual([PENDING]);
  await publish(TopicArn, "nobody listens");

  const xml = await follow(asked["SubscribeURL"] ?? "");
  expect(xml).toMatch(/^<ConfirmSubscriptionResponse xmlns="http:\/\/sns\.amazonaws\.com\/doc\/2010-03-31\/">/);
  const arn = arnOf(xml);
  expect(arnOf(await follow(asked["SubscribeURL"] ?? ""))).toBe(arn);
  expect(await listed(TopicArn)).toEqual([arn]);

  const MessageId = await publish(TopicArn, 'say "hi"\n', { Subject: "Hi" });
  const told = await messageTo(hook, "/headers");
  expect(Object.keys(told)).toEqual([
    "Type",
    "MessageId",
    "TopicArn",
    "Subject",
    "Message",
    "Timestamp",
    "SignatureVersion",
    "Signature",
    "SigningCertURL",
    "UnsubscribeURL",
  ]);
  expect(told).toMatchObject({ MessageId, Subject: "Hi", Message: 'say "hi"\n' });
  expect(told["Timestamp"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(requestsTo(hook, "/headers")[1]?.headers).toMatchObject({
    "x-amz-sns-message-type": "Notification",
    "x-amz-sns-message-id": MessageId,
    "x-amz-sns-subscription-arn": arn,
  });
});

test("the certificate that a message names is served to anybody", async () => {
  const { SigningCertURL = "" } = await messageTo(hook, "/headers");
  const response = await fetch(SigningCertURL);
  expect(response.status).toBe(200);
  expect(await response.text()).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
});

test("a token that is none, or of another topic, confirms nothing", async () => {
  const TopicArn = await createTopic(sns, "wrong-tokens");
  const other = await createTopic(sns, "other-tokens");
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "http", Endpoint: `${hook.url}/wrong` }));
  const { SubscribeURL = "", Token = "" } = await messageTo(hook, "/wrong", "SubscriptionConfirmation");
  tokens.push(Token);
  const flipped = SubscribeURL.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
  for (const link of [
    flipped,
    SubscribeURL.replace(TopicArn, other),
    `${SubscribeURL}&AuthenticateOnUnsubscribe=true`,
  ]) {
    const response = await fetch(link);
    expect(response.status).toBeOneOf([400, 403]);
    expect(await response.text()).toMatch(/<Code>(InvalidParameter|AuthorizationError)<\/Code>/);
  }
  expect(await listed(TopicArn)).toEqual([PENDING]);
  // Twice subscribed it is still one subscription; each mail's link is the newest one's.
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "http", Endpoint: `${hook.url}/wrong` }));
  const again = await messageTo(hook, "/wrong", "SubscriptionConfirmation", 2);
  tokens.push(again["Token"] ?? "");
  expect((await fetch(SubscribeURL)).status).toBe(400);
  const arn = arnOf(await follow(again["SubscribeURL"] ?? ""));
  expect(await listed(TopicArn)).toEqual([arn]);
  const known = await sns.send(new SubscribeCommand({ TopicArn, Protocol: "http", Endpoint: `${hook.url}/wrong` }));
  expect(known.SubscriptionArn).toBe(arn);
});

test("the link at the end of a message ends the subscription, and the one that comes then brings it back", async () => {
  const TopicArn = await createTopic(sns, "leave");
  const arn = await subscribeHook(sns, hook, TopicArn, "/leave");
  await publish(TopicArn, "one");
  const { UnsubscribeURL = "" } = await messageTo(hook, "/leave");
  await follow(UnsubscribeURL);
  const left = await messageTo(hook, "/leave", "UnsubscribeConfirmation");
  expect(left).toMatchObject({ TopicArn, Message: expect.stringContaining(`deactivate subscription ${arn}`) });
  tokens.push(left["Token"] ?? "");
  expect(await listed(TopicArn)).toEqual([]);
  await publish(TopicArn, "unheard");
  expect(arnOf(await follow(left["SubscribeURL"] ?? ""))).toBe(arn);
  await publish(TopicArn, "two");
  expect(await messageTo(hook, "/leave", "Notification", 2)).toMatchObject({ Message: "two" });
});

test("a subscription that was confirmed with a signature takes one to end", async () => {
  const TopicArn = await createTopic(sns, "signed");
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "http", Endpoint: `${hook.url}/signed` }));
  const { Token } = await messageTo(hook, "/signed", "SubscriptionConfirmation");
  tokens.push(Token ?? "");
  const confirm = new ConfirmSubscriptionCommand({ TopicArn, Token, AuthenticateOnUnsubscribe: "true" });
  const { SubscriptionArn } = await sns.send(confirm);
  const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
  expect(Attributes).toMatchObject({ ConfirmationWasAuthenticated: "true", PendingConfirmation: "false" });
  await publish(TopicArn, "one");
  const { UnsubscribeURL = "" } = await messageTo(hook, "/signed");
  const response = await fetch(UnsubscribeURL);
  expect(response.status).toBe(403);
  expect(await response.text()).toContain("<Code>AuthorizationError</Code>");
  await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
  expect(await listed(TopicArn)).toEqual([]);
});

test("raw messages come as they were published, of the type that the owner set", async () => {
  const TopicArn = await createTopic(sns, "raw");
  const DeliveryPolicy = JSON.stringify({ requestPolicy: { headerContentType: "application/json" } });
  await subscribeHook(sns, hook, TopicArn, "/raw", { RawMessageDelivery: "true", DeliveryPolicy });
  await publish(TopicArn, '{"a":1}', { MessageAttributes: { k: { DataType: "String", StringValue: "v" } } });
  const [, request] = await until(
    "raw",
    () => requestsTo(hook, "/raw"),
    ({ length }) => length > 1,
  );
  expect(request).toMatchObject({
    body: '{"a":1}',
    headers: { "x-amz-sns-rawdelivery": "true", "content-type": "application/json" },
  });
});

describe("filter policies", () => {
  const said = (path: string): readonly string[] => messagesTo(hook, path).map(({ Message = "" }) => Message);

  test("a filter looks at attributes, or at the body, and may be changed", async () => {
    const TopicArn = await createTopic(sns, "filters");
    const FilterPolicy = JSON.stringify({ kind: ["alarm"], level: [{ numeric: [">=", 3] }] });
    await subscribeHook(sns, hook, TopicArn, "/by-attributes", { FilterPolicy });
    const body = JSON.stringify({ detail: { errorCode: [{ prefix: "AccessDenied" }] } });
    const bodyArn = await subscribeHook(sns, hook, TopicArn, "/by-body", {
      FilterPolicyScope: "MessageBody",
      FilterPolicy: body,
    });
    await subscribeHook(sns, hook, TopicArn, "/all");
    const alarm = (level: string): object => ({
      MessageAttributes: {
        kind: { DataType: "String.Array", StringValue: '["alarm", "other"]' },
        level: { DataType: "Number", StringValue: level },
      },
    });
    const denied = '{"detail":{"errorCode":"AccessDeniedException"}}';
    await publish(TopicArn, "low", alarm("2.9"));
    await publish(TopicArn, "high", alarm("3"));
    await publish(TopicArn, denied);
    await publish(TopicArn, '{"detail":{"errorCode":"Throttling"}}');
    await until(
      "all four",
      () => said("/all"),
      ({ length }) => length === 4,
    );
    await until(
      "by attributes",
      () => said("/by-attributes"),
      ({ length }) => length > 0,
    );
    await until(
      "by body",
      () => said("/by-body"),
      ({ length }) => length > 0,
    );
    const change = { SubscriptionArn: bodyArn, AttributeName: "FilterPolicy", AttributeValue: "{}" };
    await sns.send(new SetSubscriptionAttributesCommand(change));
    await publish(TopicArn, "everything");
    await until(
      "the last",
      () => said("/by-body"),
      ({ length }) => length > 1,
    );
    await settle();
    expect(said("/by-attributes")).toEqual(["high"]);
    expect(said("/by-body")).toEqual([denied, "everything"]);
  });
});

describe("failing webhooks", () => {
  const DeliveryPolicy = JSON.stringify({
    healthyRetryPolicy: { numRetries: 3, numNoDelayRetries: 2, minDelayTarget: 1, maxDelayTarget: 1 },
  });
  test.each([
    ["/moody", "is tried again as its policy says until it takes the message", [500, 500, 200]],
    ["/busy", "is tried again after 429", [429, 200]],
    ["/gone", "is not tried again after another status of 4xx", [410]],
  ])("%s %s", async (path, _, statuses) => {
    const TopicArn = await createTopic(sns, path.slice(1));
    await subscribeHook(sns, hook, TopicArn, path, { DeliveryPolicy });
    const MessageId = await publish(TopicArn, "x");
    const attempts = (): readonly HookRequest[] => requestsTo(hook, path).slice(1);
    await until("attempts", attempts, ({ length }) => length >= statuses.length);
    await settle();
    expect(attempts().map(({ headers }) => headers["x-amz-sns-message-id"])).toEqual(statuses.map(() => MessageId));
  });
});

/** A connection holds a secret of its owner's. */
async function keepSecret(): Promise<void> {
  const { endpoint, root } = server;
  const rules = new EventBridgeClient({ endpoint, region: REGION, credentials: root });
  const ApiKeyAuthParameters = { ApiKeyName: "x-api-key", ApiKeyValue: SECRET };
  const connection = { Name: "chat", AuthorizationType: "API_KEY" as const, AuthParameters: { ApiKeyAuthParameters } };
  await rules.send(new CreateConnectionCommand(connection));
  await rules.send(new UpdateConnectionCommand(connection));
  rules.destroy();
}

test("no record has a token, a secret or a message in it, and each shows who subscribed, published and followed a link", async () => {
  await keepSecret();
  const records = await audited.records();
  const texts = JSON.stringify(records);
  expect(tokens.length).toBeGreaterThan(4);
  for (const token of tokens) {
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(texts).not.toContain(token);
    expect(server.log()).not.toContain(token);
  }
  expect(texts).toContain('"CreateConnection"');
  for (const kept of [SECRET, "nobody listens"]) expect(texts + server.log()).not.toContain(kept);
  const named = (name: string): readonly AuditRecord[] => records.filter(({ eventName }) => eventName === name);
  const links = named("ConfirmSubscription").filter(({ userIdentity }) => userIdentity.type !== "Root");
  expect(links.length).toBeGreaterThan(8);
  expect(links[0]).toMatchObject({
    eventSource: "sns.amazonaws.com",
    requestParameters: { topicArn: expect.stringMatching(/^arn:aws:sns:/) },
    readOnly: false,
  });
  expect(named("Subscribe")[0]).toMatchObject({
    userIdentity: { type: "Root" },
    requestParameters: { protocol: "http", topicArn: expect.stringMatching(/:headers$/) },
    responseElements: { subscriptionArn: "pending confirmation" },
  });
  expect(named("Unsubscribe").map(({ errorCode }) => errorCode ?? "")).toEqual(["", "AuthorizationError", ""]);
});
