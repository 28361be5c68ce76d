import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import * as events from "@aws-sdk/client-eventbridge";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inputTemplates } from "../../src/rules/index.ts";
import { startServer, type TestServer } from "../server.ts";

const REGION = "us-east-1";
const SOON = { timeout: 20_000 };

/** A webhook that keeps what it gets. */
const received: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
const hook = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    received.push({ path: request.url ?? "", headers: request.headers, body });
    response.end();
  });
});

let server: TestServer;
let client: events.EventBridgeClient;
let cloudtrail: CloudTrailClient;

beforeAll(async () => {
  await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
  server = await startServer({ flags: ["--targets-allow", "127.0.0.0/8"] });
  const options = { endpoint: server.endpoint, region: REGION, credentials: server.root };
  client = new events.EventBridgeClient(options);
  cloudtrail = new CloudTrailClient(options);
});

afterAll(async () => {
  await server.stop();
  hook.closeAllConnections();
  hook.close();
});

test("a recorded call reaches a webhook behind a connection, whose secrets are in no record", async () => {
  const { ConnectionArn } = await client.send(
    new events.CreateConnectionCommand({
      Name: "chat",
      AuthorizationType: "BASIC",
      AuthParameters: {
        BasicAuthParameters: { Username: "ann", Password: "s3cret-password" },
        InvocationHttpParameters: {
          HeaderParameters: [{ Key: "x-tenant", Value: "s3cret-tenant", IsValueSecret: true }],
        },
      },
    }),
  );
  const { ApiDestinationArn } = await client.send(
    new events.CreateApiDestinationCommand({
      Name: "chat",
      ConnectionArn,
      InvocationEndpoint: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/*`,
      HttpMethod: "POST",
    }),
  );
  const EventPattern = JSON.stringify({ detail: { eventName: ["CreateEventBus"] } });
  await client.send(new events.PutRuleCommand({ Name: "buses", EventPattern }));
  const { slack } = inputTemplates;
  await client.send(
    new events.PutTargetsCommand({
      Rule: "buses",
      Targets: [
        {
          Id: "chat",
          Arn: ApiDestinationArn,
          HttpParameters: { PathParameterValues: ["$.detail.requestParameters.name"] },
          InputTransformer: { InputPathsMap: slack.InputPathsMap, InputTemplate: slack.InputTemplate },
        },
      ],
    }),
  );
  await client.send(new events.CreateEventBusCommand({ Name: "orders" }));
  await expect.poll(() => received.length, SOON).toBe(1);
  const [{ path, headers, body } = { path: "", headers: {}, body: "" }] = received;
  expect(path).toBe("/orders");
  expect(headers).toMatchObject({
    authorization: `Basic ${Buffer.from("ann:s3cret-password").toString("base64")}`,
    "x-tenant": "s3cret-tenant",
    "user-agent": "Amazon/EventBridge/ApiDestinations",
  });
  expect((JSON.parse(body) as { readonly text: string }).text).toContain("CreateEventBus in account");

  const LookupAttributes = [{ AttributeKey: "EventName", AttributeValue: "CreateConnection" }] as const;
  const { Events = [] } = await cloudtrail.send(new LookupEventsCommand({ LookupAttributes: [...LookupAttributes] }));
  expect(Events).toHaveLength(1);
  expect(JSON.stringify(Events)).toContain("ann");
  expect(
    JSON.stringify([Events, await client.send(new events.DescribeConnectionCommand({ Name: "chat" }))]),
  ).not.toContain("s3cret");
  expect(server.log()).not.toContain("s3cret");
});

test("archived events are replayed to the rules of their bus", async () => {
  const bus = await client.send(new events.DescribeEventBusCommand({}));
  const archive = { ArchiveName: "shop", EventSourceArn: bus.Arn, EventPattern: '{"source":["shop"]}' };
  const { ArchiveArn } = await client.send(new events.CreateArchiveCommand(archive));
  const entry = { Source: "shop", DetailType: "Ordered", Detail: '{"eventName":"CreateEventBus"}' };
  const EventStartTime = new Date(Date.now() - 60_000);
  await client.send(new events.PutEventsCommand({ Entries: [entry] }));
  const describe = () => client.send(new events.DescribeArchiveCommand({ ArchiveName: "shop" }));
  await expect.poll(async () => (await describe()).EventCount, SOON).toBe(1);
  await client.send(
    new events.StartReplayCommand({
      ReplayName: "again",
      EventSourceArn: ArchiveArn,
      EventStartTime,
      EventEndTime: new Date(Date.now() + 60_000),
      Destination: { Arn: bus.Arn },
    }),
  );
  const replay = () => client.send(new events.DescribeReplayCommand({ ReplayName: "again" }));
  await expect.poll(async () => (await replay()).State, SOON).toBe("COMPLETED");
  expect((await replay()).EventLastReplayedTime).toBeInstanceOf(Date);
  expect((await describe()).EventCount).toBe(1);
  // The event itself, which names no bus, and its replay.
  await expect.poll(() => received.filter(({ path }) => path === "/").length, SOON).toBe(2);
});

test("a scheduled rule fires", async () => {
  await client.send(new events.PutRuleCommand({ Name: "beat", ScheduleExpression: "rate(1 minute)" }));
  const { ApiDestinationArn } = await client.send(new events.DescribeApiDestinationCommand({ Name: "chat" }));
  const HttpParameters = { PathParameterValues: ["beat"] };
  await client.send(
    new events.PutTargetsCommand({ Rule: "beat", Targets: [{ Id: "chat", Arn: ApiDestinationArn, HttpParameters }] }),
  );
  const beats = () => received.filter(({ path }) => path === "/beat");
  await expect.poll(() => beats().length, { timeout: 70_000 }).toBe(1);
  expect(JSON.parse(beats()[0]?.body ?? "")).toMatchObject({ "detail-type": "Scheduled Event", source: "aws.events" });
});
