import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inputTemplates } from "../../../src/rules/index.ts";
import { readCredentials, startServer, type TestServer } from "../../server.ts";
import { ACCOUNT, until } from "../../trail.ts";
import { whySkipped } from "../clients.ts";
import { type Moto, MOTO_MISSING, startMoto } from "../gateway/moto.ts";
import { MAIL_MISSING, type MailServer, startMailServer, startWebhook, type Webhook } from "../receivers.ts";
import { arnOf, REACH_THIS_MACHINE, received, REGION, rulesOf, type RulesWorld } from "./rules-world.ts";

const missing = MOTO_MISSING ?? MAIL_MISSING;

let directory: string;
let moto: Moto;
let mail: MailServer;
let hook: Webhook;
let server: TestServer;
let world: RulesWorld;
let sqs: SQSClient;

/** What was asked of the function. */
interface Invocation {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
const invoked: Invocation[] = [];
/** Lambda as far as targets see it. */
const lambda = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    invoked.push({ path: request.url ?? "", headers: request.headers, body });
    response.writeHead(202).end();
  });
});

describe.skipIf(missing !== undefined)(`targets${whySkipped(missing)}`, () => {
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "opentrail-targets-"));
    await new Promise<void>((listening) => lambda.listen(0, "127.0.0.1", listening));
    [moto, mail, hook] = await Promise.all([startMoto(), startMailServer(), startWebhook()]);
    const config = join(directory, "opentrail.yaml");
    const command = [process.execPath, "-e", KEEP_INPUT, join(directory, "command.txt")];
    writeFileSync(config, `targets:\n  commands:\n    keep: ${JSON.stringify(command)}\n`);
    const credentials = join(directory, "credentials");
    writeFileSync(credentials, "[default]\naws_access_key_id = 123456789012\naws_secret_access_key = moto\n");
    const endpoints = {
      "smtp-url": mail.url,
      "targets-sqs-endpoint": moto.endpoint,
      "targets-firehose-endpoint": moto.endpoint,
      "targets-lambda-endpoint": `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`,
      "targets-credentials-file": credentials,
      config,
    };
    const flags = Object.entries(endpoints).flatMap(([name, value]) => [`--${name}`, value]);
    server = await startServer({ flags: [...flags, ...REACH_THIS_MACHINE] });
    world = rulesOf(server);
    const { accessKeyId, secretAccessKey } = readCredentials(credentials);
    sqs = new SQSClient({ endpoint: moto.endpoint, region: REGION, credentials: { accessKeyId, secretAccessKey } });
  });

  afterAll(async () => {
    await server.stop();
    sqs.destroy();
    await Promise.all([moto.stop(), mail.stop(), hook.stop()]);
    lambda.closeAllConnections();
    lambda.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test("a queue, an ordered queue, a function, a mail, a command and a log group get the event as it is", async () => {
    const plain = await makeQueue("plain");
    const ordered = await makeQueue("ordered.fifo");
    await call("logs", "CreateLogGroup", { logGroupName: "/events/all" });
    const group = arnOf("logs", "log-group:/events/*");
    const policyDocument = policyFor(group, ["logs:CreateLogStream", "logs:PutLogEvents"]);
    await call("logs", "PutResourcePolicy", { policyName: "rules", policyDocument });
    const owners = [
      await world.rule("machines", { source: ["all"] }, [
        { Id: "plain", Arn: plain.arn },
        { Id: "ordered", Arn: ordered.arn, SqsParameters: { MessageGroupId: "g" } },
        { Id: "function", Arn: arnOf("lambda", "function:watch:live") },
      ]),
      await world.rule("people", { source: ["all"] }, [
        { Id: "mail", Arn: arnOf("x-opentrail", "email/owner@example.org") },
        { Id: "command", Arn: arnOf("x-opentrail", "command/keep") },
        { Id: "log", Arn: arnOf("logs", "log-group:/events/all") },
      ]),
    ];
    const id = await world.put("all", { who: "Jörg", text: 'a"b\\c' });
    for (const owner of owners) {
      const ended = await world.ended(owner, 3);
      expect(ended.map(({ TargetId, State, LastError }) => ({ TargetId, State, LastError }))).toEqual(
        ended.map(({ TargetId }) => ({ TargetId, State: "DELIVERED", LastError: undefined })),
      );
    }
    const [message] = await messagesIn(plain.url, 1);
    const event = message?.Body ?? "";
    expect(JSON.parse(event)).toMatchObject({ id, source: "all", account: ACCOUNT, detail: { text: 'a"b\\c' } });
    const [inOrder] = await messagesIn(ordered.url, 1);
    expect(inOrder).toMatchObject({ Body: event, Attributes: { MessageGroupId: "g" } });

    const [invocation] = invoked;
    const name = encodeURIComponent(arnOf("lambda", "function:watch:live"));
    expect(invocation).toMatchObject({ path: `/2015-03-31/functions/${name}/invocations`, body: event });
    expect(invocation?.headers["authorization"]).toMatch(
      /^AWS4-HMAC-SHA256 Credential=123456789012\/\d{8}\/us-east-1\/lambda\/aws4_request, SignedHeaders=.*x-opentrail-delivery.*, Signature=[0-9a-f]{64}$/,
    );
    expect(invocation?.headers["x-amz-invocation-type"]).toBe("Event");

    expect(mail.mails()).toHaveLength(1);
    expect(mail.mails()[0]).toMatch(/^To: owner@example\.org\r?$/m);
    expect(mail.mails()[0]).toMatch(/^Subject: Test \(all\)\r?$/m);
    expect(JSON.parse(bodyOf(mail.mails()[0] ?? ""))).toEqual(JSON.parse(event));
    expect(readFileSync(join(directory, "command.txt"), "utf8")).toBe(event);

    const { events } = await call("logs", "FilterLogEvents", { logGroupName: "/events/all" });
    const logged = events as readonly { readonly message: string; readonly timestamp: number }[];
    expect(logged.map(({ message: text, timestamp }) => ({ text, timestamp }))).toEqual([
      { text: event, timestamp: Date.parse((JSON.parse(event) as { time: string }).time) },
    ]);
  });

  test("a stream of Firehose gets records", async () => {
    const bucket = { RoleARN: arnOf("iam", "role/r").replace(REGION, ""), BucketARN: "arn:aws:s3:::stream" };
    const firehose = { DeliveryStreamName: "events", ExtendedS3DestinationConfiguration: bucket };
    await fetch(`${moto.endpoint}/stream`, { method: "PUT", headers: motoHeaders("s3") });
    const made = await fetch(moto.endpoint, {
      method: "POST",
      headers: { ...motoHeaders("firehose"), "x-amz-target": "Firehose_20150804.CreateDeliveryStream" },
      body: JSON.stringify(firehose),
    });
    expect(made.status).toBe(200);
    const Arn = arnOf("firehose", "deliverystream/events");
    const owner = await world.rule("stream", { source: ["stream"] }, [{ Id: "s", Arn, Input: '{"a":1}' }]);
    await world.put("stream", {});
    expect(await world.ended(owner, 1)).toMatchObject([{ State: "DELIVERED", Attempts: 1 }]);
    const listed = await (await fetch(`${moto.endpoint}/stream`, { headers: motoHeaders("s3") })).text();
    const key = /<Key>([^<]+)<\/Key>/.exec(listed)?.[1] ?? "";
    const object = await fetch(`${moto.endpoint}/stream/${key}`, { headers: motoHeaders("s3") });
    expect(await object.text()).toBe('{"a":1}');
  });

  test("a topic hands on to its subscriptions, another bus to its rules", async () => {
    const queue = await makeQueue("subscribed");
    const { TopicArn } = await call("sns", "CreateTopic", { Name: "news" });
    const Policy = policyFor(TopicArn as string, "sns:Publish");
    await call("sns", "SetTopicAttributes", { TopicArn, AttributeName: "Policy", AttributeValue: Policy });
    const raw = { RawMessageDelivery: "true" };
    await call("sns", "Subscribe", { TopicArn, Protocol: "sqs", Endpoint: queue.arn, Attributes: raw });
    const { EventBusArn } = await world.events("CreateEventBus", { Name: "second" });
    const onSecond = { EventBusName: "second" };
    const topic = { Id: "topic", Arn: TopicArn, InputPath: "$.detail" };
    await world.rule("handed-on", { source: ["far"] }, [topic], onSecond);
    await world.rule("far", { source: ["far"] }, [{ Id: "bus", Arn: EventBusArn }]);
    await world.put("far", { from: "the default bus" });
    const [message] = await messagesIn(queue.url, 1);
    expect(JSON.parse(message?.Body ?? "")).toEqual({ from: "the default bus" });
  });

  test("inputs say what a target gets", async () => {
    const queue = await makeQueue("inputs");
    const paths = { InputPathsMap: { n: "$.detail.n", who: "$.detail.who" } };
    await world.rule("inputs", { source: ["inputs"] }, [
      { Id: "a", Arn: queue.arn, Input: '{"fixed": true}' },
      { Id: "b", Arn: queue.arn, InputPath: "$.detail.who" },
      { Id: "c", Arn: queue.arn, InputTransformer: { ...paths, InputTemplate: '{"n": <n>, "who": "it was <who>"}' } },
      {
        Id: "d",
        Arn: queue.arn,
        InputTransformer: { ...paths, InputTemplate: '"<who> did <n>, says <aws.events.rule-name>"' },
      },
    ]);
    await world.put("inputs", { n: [1, null], who: 'O"Neil' });
    const bodies = (await messagesIn(queue.url, 4)).map(({ Body }) => Body);
    expect(new Set(bodies)).toEqual(
      new Set([
        '{"fixed": true}',
        JSON.stringify('O"Neil'),
        '{"n": [1,null], "who": "it was O\\"Neil"}',
        '"O\\"Neil did [1,null], says inputs"',
      ]),
    );
  });

  test("what cannot be delivered lies in the dead-letter queue, which says why", async () => {
    const dead = await makeQueue("dead");
    const ill = await startWebhook(() => 404);
    const endpoint = await world.destination("gone", `${ill.url}/`);
    const DeadLetterConfig = { Arn: dead.arn };
    const noQueue = arnOf("sqs", "not-there");
    const owner = await world.rule("lost", { source: ["lost"] }, [
      { Id: "hook", Arn: endpoint, DeadLetterConfig },
      { Id: "queue", Arn: noQueue, DeadLetterConfig },
    ]);
    const id = await world.put("lost", {});
    const messages = await messagesIn(dead.url, 2);
    await ill.stop();
    const told = messages.map(({ Body = "", MessageAttributes = {} }) => ({
      id: (JSON.parse(Body) as { id: string }).id,
      ...Object.fromEntries(Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue])),
    }));
    const common = { id, RULE_ARN: owner, RETRY_ATTEMPTS: "0", ERROR_CODE: "SDK_CLIENT_ERROR" };
    expect(told.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))).toEqual(
      expect.arrayContaining([
        { ...common, TARGET_ARN: endpoint, ERROR_MESSAGE: "the API destination answered 404" },
        { ...common, TARGET_ARN: noQueue, ERROR_MESSAGE: expect.stringMatching(/NonExistentQueue/) },
      ]),
    );
    expect(await world.ended(owner, 2)).toMatchObject([{ DeadLettered: true }, { DeadLettered: true }]);
  });

  test("templates for Slack, Teams and PagerDuty make what these take of a recorded call", async () => {
    const owners = [];
    const key = { Key: "routing_key", Value: "a-routing-key", IsValueSecret: true };
    for (const [name, { InputPathsMap, InputTemplate }] of Object.entries(inputTemplates)) {
      const Arn = await world.destination(name, `${hook.url}/${name}`, {
        AuthorizationType: "API_KEY",
        AuthParameters: {
          ApiKeyAuthParameters: { ApiKeyName: "x-key", ApiKeyValue: "k" },
          InvocationHttpParameters: { BodyParameters: name === "pagerduty" ? [key] : [] },
        },
      });
      const pattern = { detail: { eventName: ["DeleteEventBus"], errorCode: [{ exists: true }] } };
      const InputTransformer = { InputPathsMap, InputTemplate };
      owners.push(await world.rule(name, pattern, [{ Id: name, Arn, InputTransformer }]));
    }
    const { code } = await world.call("events", "DeleteEventBus", { Name: "default" });
    expect(code).toBe("ValidationException");
    const requests = await received(hook, owners.length);
    const bodies = Object.fromEntries(requests.map(({ path, body }) => [path, JSON.parse(body) as unknown]));
    const [record = ""] = await world.lookup("DeleteEventBus");
    const { eventID, eventTime } = JSON.parse(record) as { eventID: string; eventTime: string };
    const root = `arn:aws:iam::${ACCOUNT}:root`;
    expect(bodies).toMatchObject({
      "/slack": { text: `DeleteEventBus in account ${ACCOUNT}`, blocks: [{ type: "section" }, { type: "section" }] },
      "/teams": {
        type: "message",
        attachments: [{ content: { type: "AdaptiveCard", body: [{ text: `DeleteEventBus by ${root}` }, {}] } }],
      },
      "/pagerduty": {
        routing_key: "a-routing-key",
        event_action: "trigger",
        dedup_key: eventID,
        payload: {
          severity: "warning",
          timestamp: eventTime,
          source: "events.amazonaws.com",
          custom_details: { Error: "ValidationException", Who: root, From: "127.0.0.1" },
        },
      },
    });
  });
});

/** Writes what comes on its standard input into the file that it is given. */
const KEEP_INPUT = `require("fs").writeFileSync(process.argv[1], require("fs").readFileSync(0))`;

async function call(
  service: Parameters<RulesWorld["call"]>[0],
  operation: string,
  input: Record<string, unknown>,
): Promise<Readonly<Record<string, unknown>>> {
  const { code, message, output } = await world.call(service, operation, input);
  if (code !== "") throw new Error(`${operation}: ${code}: ${message}`);
  return output;
}

/** What lets rules use the resource. */
function policyFor(Resource: string, Action: string | readonly string[]): string {
  const Principal = { Service: "events.amazonaws.com" };
  return JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal, Action, Resource }] });
}

async function makeQueue(QueueName: string): Promise<{ readonly url: string; readonly arn: string }> {
  const fifo = QueueName.endsWith(".fifo");
  const { QueueUrl: url = "" } = await sqs.send(
    new CreateQueueCommand({ QueueName, ...(fifo ? { Attributes: { FifoQueue: "true" } } : {}) }),
  );
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }));
  return { url, arn: Attributes?.["QueueArn"] ?? "" };
}

/** What lies in the queue, once it is so many. */
async function messagesIn(QueueUrl: string, count: number): Promise<readonly Message[]> {
  const found: Message[] = [];
  await until(
    `${count} messages in ${QueueUrl}`,
    async () => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ["All"],
          MessageAttributeNames: ["All"],
        }),
      );
      found.push(...Messages);
      return found.length;
    },
    (length) => length >= count,
  );
  return found;
}

/** moto asks only which service is meant. */
function motoHeaders(service: string): Record<string, string> {
  const scope = `20261120/${REGION}/${service}/aws4_request`;
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=AKIA/${scope}, SignedHeaders=host, Signature=0`,
    "content-type": "application/x-amz-json-1.1",
  };
}

/** The text of a mail. */
function bodyOf(mailText: string): string {
  return mailText
    .split(/\r?\n\r?\n/)
    .slice(1)
    .join("\n\n");
}
