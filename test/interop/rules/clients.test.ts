import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allRecords, callerOf } from "../../calls.ts";
import { startServer, type TestServer } from "../../server.ts";
import { until } from "../../trail.ts";
import type { Boto3Answer } from "../boto3-client.ts";
import { type Answer, type AwsClient, list, type Output, type Parameters, text } from "../client.ts";
import { CLIENTS, type KnownClient, whySkipped } from "../clients.ts";
import { type HookRequest, startWebhook, type Webhook } from "../receivers.ts";
import { errorOf, outputOf } from "../run.ts";
import { arnOf, REACH_THIS_MACHINE } from "./rules-world.ts";

const BEARER = "a-token-of-the-token-server";

let server: TestServer;
let hook: Webhook;
/** What the OAuth server was asked. */
const asked: string[] = [];
const tokens = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    asked.push(body);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ access_token: BEARER, token_type: "Bearer", expires_in: 3600 }));
  });
});

beforeAll(async () => {
  await new Promise<void>((listening) => tokens.listen(0, "127.0.0.1", listening));
  hook = await startWebhook();
  server = await startServer({ flags: REACH_THIS_MACHINE });
});

afterAll(async () => {
  await server.stop();
  await hook.stop();
  tokens.closeAllConnections();
  tokens.close();
});

/** How a connection authorizes, and which header the receiver gets of it. */
interface Kind {
  readonly AuthorizationType: string;
  readonly AuthParameters: () => Parameters;
  readonly header: Readonly<Record<string, string>>;
}

const BASIC: Kind = {
  AuthorizationType: "BASIC",
  AuthParameters: () => ({ BasicAuthParameters: { Username: "ann", Password: "s3cret-basic" } }),
  header: { authorization: `Basic ${Buffer.from("ann:s3cret-basic").toString("base64")}` },
};
const API_KEY: Kind = {
  AuthorizationType: "API_KEY",
  AuthParameters: () => ({
    ApiKeyAuthParameters: { ApiKeyName: "x-key", ApiKeyValue: "s3cret-key" },
    InvocationHttpParameters: {
      HeaderParameters: [{ Key: "x-tenant", Value: "s3cret-tenant", IsValueSecret: true }],
      QueryStringParameters: [{ Key: "from", Value: "opentrail", IsValueSecret: false }],
    },
  }),
  header: { "x-key": "s3cret-key", "x-tenant": "s3cret-tenant" },
};
const OAUTH: Kind = {
  AuthorizationType: "OAUTH_CLIENT_CREDENTIALS",
  AuthParameters: () => ({
    OAuthParameters: {
      AuthorizationEndpoint: `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`,
      HttpMethod: "POST",
      ClientParameters: { ClientID: "opentrail", ClientSecret: "s3cret-client" },
      OAuthHttpParameters: { BodyParameters: [{ Key: "scope", Value: "hooks", IsValueSecret: false }] },
    },
  }),
  header: { authorization: `Bearer ${BEARER}` },
};
const KINDS: readonly Kind[] = [BASIC, API_KEY, OAUTH, BASIC];

const EVENT = {
  id: "1",
  account: "123456789012",
  source: "shop",
  time: "2026-11-20T12:00:00Z",
  region: "us-east-1",
  resources: [],
  "detail-type": "Ordered",
  detail: { total: 12 },
};

describe.each(CLIENTS.map((known, index) => ({ known, kind: KINDS[index] ?? BASIC })))(
  "$known.name, connections of kind $kind.AuthorizationType",
  ({ known, kind }) => {
    test.skipIf(known.missing !== undefined)(
      `makes a rule on a bus of its own that calls a webhook, replays, and clears up${whySkipped(known.missing)}`,
      async () => {
        const { unrecorded, records } = await story(known, kind);
        expect(unrecorded).toEqual([]);
        expect(records).not.toContain("s3cret");
      },
    );
  },
);

/** Answers the ids of requests without a record, and all records. */
async function story(
  known: KnownClient,
  kind: Kind,
): Promise<{ readonly unrecorded: readonly string[]; readonly records: string }> {
  const client = known.open(server.endpoint);
  const bus = `bus-${CLIENTS.indexOf(known)}`;
  const requestIds: string[] = [];
  try {
    await tell(new Story(client, bus, requestIds), bus, kind);
  } finally {
    client.close();
  }
  const LookupAttributes = [{ AttributeKey: "EventSource", AttributeValue: "events.amazonaws.com" }];
  const records = await allRecords(callerOf(server), { LookupAttributes });
  const recorded = new Set(records.map(({ requestID }) => requestID));
  return { unrecorded: requestIds.filter((id) => !recorded.has(id)), records: JSON.stringify(records) };
}

/** One client's calls. */
class Story {
  readonly #client: AwsClient;
  readonly #requestIds: string[];
  readonly bus: string;

  constructor(client: AwsClient, bus: string, requestIds: string[]) {
    this.#client = client;
    this.bus = bus;
    this.#requestIds = requestIds;
  }

  async #call(operation: string, parameters: Parameters): Promise<Answer> {
    const answer: Boto3Answer = await this.#client.call("events", operation, parameters, { credentials: server.root });
    assert.deepEqual(answer.problems ?? [], [], `${operation} against botocore's model`);
    // What is put onto a bus is data, not management.
    if (operation !== "PutEvents") this.#requestIds.push(answer.requestId);
    return answer;
  }

  async does(operation: string, parameters: Parameters): Promise<Output> {
    return outputOf(await this.#call(operation, parameters));
  }

  async isRefused(operation: string, parameters: Parameters): Promise<string> {
    const { code, message } = errorOf(await this.#call(operation, parameters));
    return `${code}: ${message}`;
  }

  /** What came to this story's webhook. */
  get requests(): readonly HookRequest[] {
    return hook.requests.filter(({ path }) => path.startsWith(`/${this.bus}`));
  }

  heard(count: number): Promise<readonly HookRequest[]> {
    return until(
      `${count} requests`,
      () => this.requests,
      (requests) => requests.length >= count,
    );
  }
}

async function tell(story: Story, bus: string, kind: Kind): Promise<void> {
  const onBus = { EventBusName: bus };
  const { EventBusArn } = await story.does("CreateEventBus", { Name: bus, Tags: [{ Key: "team", Value: "shop" }] });
  expect(EventBusArn).toBe(arnOf("events", `event-bus/${bus}`));

  const pattern = '{"source":["shop"],"detail":{"total":[{"numeric":[">",10]}]}}';
  const rule = { Name: "large", EventPattern: pattern, Description: "large orders", State: "ENABLED" };
  const { RuleArn } = await story.does("PutRule", { ...rule, ...onBus });
  expect(RuleArn).toBe(arnOf("events", `rule/${bus}/large`));
  const bad = '{"source":["shop"],"detail":{"total":[{"numeric":[">","ten"]}]}}';
  expect(await story.isRefused("PutRule", { Name: "bad", EventPattern: bad, ...onBus })).toMatch(
    /^InvalidEventPatternException: Event pattern is not valid\. Reason: Value of > must be numeric\n at .*line: 1, column: 5\d/,
  );

  const { AuthorizationType } = kind;
  const connection = await story.does("CreateConnection", {
    Name: bus,
    AuthorizationType,
    AuthParameters: kind.AuthParameters(),
  });
  expect(JSON.stringify(await story.does("DescribeConnection", { Name: bus }))).not.toContain("s3cret");
  const { ApiDestinationArn } = await story.does("CreateApiDestination", {
    Name: bus,
    ConnectionArn: text(connection, "ConnectionArn"),
    InvocationEndpoint: `${hook.url}/${bus}/*`,
    HttpMethod: "POST",
    InvocationRateLimitPerSecond: 100,
  });
  const target = {
    Id: "hook",
    Arn: ApiDestinationArn,
    HttpParameters: { PathParameterValues: ["$.detail.order"] },
    InputTransformer: { InputPathsMap: { total: "$.detail.total" }, InputTemplate: '{"sum": <total>}' },
  };
  const nowhere = { Id: "nowhere", Arn: arnOf("kinesis", "stream/orders") };
  const put = await story.does("PutTargets", { Rule: "large", Targets: [target, nowhere], ...onBus });
  expect(put).toMatchObject({ FailedEntryCount: 1, FailedEntries: [{ TargetId: "nowhere" }] });

  expect(await story.does("DescribeRule", { Name: "large", ...onBus })).toMatchObject({ ...rule, ...onBus });
  const rules = list(await story.does("ListRules", { NamePrefix: "la", ...onBus }), "Rules");
  expect(rules.map(({ Arn }) => Arn)).toEqual([RuleArn]);
  expect(list(await story.does("ListTargetsByRule", { Rule: "large", ...onBus }), "Targets")).toEqual([target]);
  const byTarget = { TargetArn: ApiDestinationArn, ...onBus };
  expect(await story.does("ListRuleNamesByTarget", byTarget)).toEqual({ RuleNames: ["large"] });

  const Event = JSON.stringify(EVENT);
  expect(await story.does("TestEventPattern", { EventPattern: pattern, Event })).toEqual({ Result: true });
  expect(await story.isRefused("TestEventPattern", { EventPattern: '{"detail": {"a": "b"}}', Event })).toMatch(
    /^InvalidEventPatternException: Event pattern is not valid\. Reason: "a" must be an object or an array/,
  );

  const from = new Date(Math.floor(Date.now() / 1000) * 1000 - 1000);
  const archive = await story.does("CreateArchive", { ArchiveName: bus, EventSourceArn: EventBusArn });
  const Detail = '{"order":"a/b","total":11.0}';
  const entry = { Source: "shop", DetailType: "Ordered", Detail, ...onBus };
  const entries = [
    entry,
    { ...entry, Source: "aws.shop" },
    { ...entry, Detail: "{" },
    { ...entry, Detail: '{"total":1}' },
  ];
  const told = await story.does("PutEvents", { Entries: entries });
  expect(told).toMatchObject({
    FailedEntryCount: 2,
    Entries: [
      { EventId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      { ErrorCode: "NotAuthorizedForSourceException" },
      { ErrorCode: "MalformedDetail" },
      { EventId: expect.any(String) },
    ],
  });
  const [first] = await story.heard(1);
  expect(first).toMatchObject({ method: "POST", headers: kind.header });
  expect(first?.path.replace(/\?.*/, "")).toBe(`/${bus}/a%2Fb`);
  expect(JSON.parse(first?.body ?? "")).toEqual({ sum: 11 });
  if (kind === OAUTH) {
    expect(asked.map((body) => Object.fromEntries(new URLSearchParams(body)))).toEqual([
      { grant_type: "client_credentials", client_id: "opentrail", client_secret: "s3cret-client", scope: "hooks" },
    ]);
  }

  await story.does("DisableRule", { Name: "large", ...onBus });
  await story.does("PutEvents", { Entries: [{ ...entry, Detail: '{"order":"later","total":12}' }] });
  await story.does("EnableRule", { Name: "large", ...onBus });
  await story.does("StartReplay", {
    ReplayName: bus,
    EventSourceArn: text(archive, "ArchiveArn"),
    EventStartTime: from,
    EventEndTime: new Date(Date.now() + 60_000),
    Destination: { Arn: EventBusArn, FilterArns: [RuleArn] },
  });
  const paths = (await story.heard(3)).map(({ path }) => path.replace(/\?.*/, ""));
  expect(paths).toHaveLength(3);
  expect(paths.toSorted()).toEqual([`/${bus}/a%2Fb`, `/${bus}/a%2Fb`, `/${bus}/later`]);
  await until(
    "the replay ends",
    () => story.does("DescribeReplay", { ReplayName: bus }),
    ({ State }) => State === "COMPLETED",
  );
  expect(await story.does("DescribeArchive", { ArchiveName: bus })).toMatchObject({ EventCount: 3, State: "ENABLED" });

  await story.does("TagResource", { ResourceARN: RuleArn, Tags: [{ Key: "a", Value: "1" }] });
  const tags = await story.does("ListTagsForResource", { ResourceARN: RuleArn });
  expect(tags).toEqual({ Tags: [{ Key: "a", Value: "1" }] });
  await story.does("UntagResource", { ResourceARN: RuleArn, TagKeys: ["a"] });

  expect(await story.isRefused("DeleteRule", { Name: "large", ...onBus })).toBe(
    "ValidationException: Rule can't be deleted since it has targets.",
  );
  await story.does("RemoveTargets", { Rule: "large", Ids: ["hook"], ...onBus });
  await story.does("DeleteRule", { Name: "large", ...onBus });
  expect(await story.isRefused("DescribeRule", { Name: "large", ...onBus })).toBe(
    `ResourceNotFoundException: Rule large does not exist on EventBus ${bus}.`,
  );
  await story.does("DeleteArchive", { ArchiveName: bus });
  await story.does("DeleteApiDestination", { Name: bus });
  await story.does("DeleteConnection", { Name: bus });
  await story.does("DeleteEventBus", { Name: bus });
}
