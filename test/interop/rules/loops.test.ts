import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../../server.ts";
import { until } from "../../trail.ts";
import { whySkipped } from "../clients.ts";
import { type Moto, MOTO_MISSING, startMoto } from "../gateway/moto.ts";
import { freePort, startWebhook, type Webhook } from "../receivers.ts";
import { arnOf, REACH_THIS_MACHINE, received, REGION, rulesOf, type RulesWorld } from "./rules-world.ts";

/** Deliveries that cause each other. */
const HOPS_MAX = 5;
const TOKEN = "a-token-of-the-source";

let directory: string;
let moto: Moto;
let hook: Webhook;
let server: TestServer;
let world: RulesWorld;

describe.skipIf(MOTO_MISSING !== undefined)(`loops${whySkipped(MOTO_MISSING)}`, () => {
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "opentrail-loops-"));
    [moto, hook] = await Promise.all([startMoto(), startWebhook()]);
    const api = `127.0.0.1:${await freePort()}`;
    const dataDirectory = join(directory, "data");
    // Queues are moto's, behind this very server.
    const sqs = ["--upstream", moto.endpoint, "--targets-sqs-endpoint", `http://${api}`];
    const credentials = ["--targets-profile", "opentrail-root"];
    const file = ["--targets-credentials-file", join(dataDirectory, "root-credentials")];
    const config = join(directory, "opentrail.yaml");
    writeFileSync(config, `sources:\n  - { name: kube, kind: kubernetes, token: ${TOKEN} }\n`);
    const flags = [...REACH_THIS_MACHINE, ...sqs, ...credentials, ...file, "--api", api, "--config", config];
    server = await startServer({ dataDirectory, flags });
    world = rulesOf(server);
    await subscribeHook();
  });

  afterAll(async () => {
    await server.stop();
    await Promise.all([moto.stop(), hook.stop()]);
    rmSync(directory, { recursive: true, force: true });
  });

  test("a queue behind the server's own gateway, and a rule on what is sent there: broken, and told", async () => {
    const sqs = new SQSClient({ endpoint: server.endpoint, region: REGION, credentials: server.root });
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "round" }));
    const pattern = { source: ["aws.sqs"], detail: { eventName: ["SendMessage"] } };
    const owner = await world.rule("round", pattern, [{ Id: "queue", Arn: arnOf("sqs", "round") }]);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "the first" }));
    await toldOf(owner);
    expect(await world.ended(owner, HOPS_MAX)).toHaveLength(HOPS_MAX);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }),
    );
    sqs.destroy();
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: String(HOPS_MAX + 1) });
  });

  test("a rule whose target is the server's own webhook for audit logs: not taken", async () => {
    const own = await world.destination("own", `${server.status}/webhooks/kube`, {
      AuthorizationType: "API_KEY",
      AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "Authorization", ApiKeyValue: `Bearer ${TOKEN}` } },
    });
    const InputTransformer = { InputPathsMap: { id: "$.id", time: "$.time" }, InputTemplate: POD_CREATED };
    const pattern = { detail: { eventName: ["CreatePods", "CreateEventBus"] } };
    const owner = await world.rule("pods", pattern, [{ Id: "own", Arn: own, InputTransformer }]);
    await world.events("CreateEventBus", { Name: "first" });
    const [{ LastError } = {}] = await world.ended(owner, 1);
    expect(LastError).toBe("the API destination answered 403");
    expect(await world.lookup("CreatePods")).toEqual([]);
  });

  test("two buses that send to each other: broken, and told", async () => {
    const buses = ["ping", "pong"];
    const arns = buses.map((name) => arnOf("events", `event-bus/${name}`));
    for (const Name of buses) await world.events("CreateEventBus", { Name });
    const owners = [];
    for (const [index, EventBusName] of buses.entries()) {
      const targets = [{ Id: "other", Arn: arns[1 - index] }];
      owners.push(await world.rule("on", { source: ["ball"] }, targets, { EventBusName }));
    }
    await world.put("ball", {}, "ping");
    // The fifth delivery reaches pong, whose rule would make the sixth.
    const [ping = "", pong = ""] = owners;
    await toldOf(pong);
    expect(await world.ended(ping, 3)).toHaveLength(3);
    expect(await world.ended(pong, 2)).toHaveLength(2);
    await world.put("ball", {}, "ping");
    await world.ended(ping, 6);
    await sleep(500);
    expect((await world.lookup("RuleLoopBroken")).filter((text) => text.includes(pong))).toHaveLength(1);
  });
});

/** An entry of a log of Kubernetes, other than the one that caused it. */
const POD_CREATED = `{"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "<id>",
  "stage": "ResponseComplete", "requestURI": "/api/v1/namespaces/default/pods", "verb": "create", "user": {"username": "a"},
  "objectRef": {"resource": "pods", "namespace": "default", "name": "x", "apiVersion": "v1"},
  "responseStatus": {"code": 201}, "requestReceivedTimestamp": "<time>", "stageTimestamp": "<time>"}`;

/** The webhook hears what opentrail-alarms is told. */
async function subscribeHook(): Promise<void> {
  const TopicArn = arnOf("sns", "opentrail-alarms");
  const { message } = await world.call("sns", "Subscribe", { TopicArn, Protocol: "http", Endpoint: `${hook.url}/` });
  expect(message).toBe("");
  const [request] = await received(hook, 1);
  const { Token } = JSON.parse(request?.body ?? "") as { Token: string };
  const confirmed = await world.call("sns", "ConfirmSubscription", { TopicArn, Token });
  expect(confirmed.message).toBe("");
}

/** A service event says that this rule's loop was broken, and opentrail-alarms has said so. */
async function toldOf(ruleArn: string): Promise<void> {
  const records = await until(
    `the record of the loop of ${ruleArn}`,
    () => world.lookup("RuleLoopBroken"),
    (texts) => texts.some((text) => text.includes(ruleArn)),
  );
  const record = records.find((text) => text.includes(ruleArn)) ?? "";
  expect(JSON.parse(record)).toMatchObject({
    eventType: "AwsServiceEvent",
    eventSource: "opentrail.amazonaws.com",
    serviceEventDetails: { ruleArn },
  });
  const told = await until(
    "the alarm",
    () => hook.requests.find(({ body }) => body.includes(ruleArn)),
    (request) => request !== undefined,
  );
  const { Message } = JSON.parse(told?.body ?? "") as { Message: string };
  expect(JSON.parse(Message)).toMatchObject({ "detail-type": "AWS Service Event via CloudTrail" });
}
