import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callerOf } from "../calls.ts";
import { rulesOf } from "../interop/rules/rules-world.ts";
import { readJournal } from "../read-journal.ts";
import { startServer, type TestServer } from "../server.ts";
import { until } from "../trail.ts";
import { type Hook, startHook } from "./notifications-hook.ts";
import { allDelivered, ledgerOf, type Stats, statsOf } from "./notifications-ledger.ts";

/** 2 by default; continuous integration asks for 100. */
const KILLS = Number(process.env["OPENTRAIL_TEST_KILLS"] ?? 2);
const CLIENTS = 16;
/** Deliveries that wait, or are under way, when the server dies. */
const IN_FLIGHT = 1_000;
/** Calls that are answered before it does, each time. */
const MORE_CALLS = 200;
/** Slower than calls come, and just not so slow that it counts as hanging. */
const SLOW_MS = 900;
const FLAGS = ["--targets-allow", "127.0.0.0/8"];
const SOURCE = "shop";

/** Ids of what was acknowledged. */
interface Acknowledged {
  readonly requests: Set<string>;
  readonly events: Set<string>;
  readonly messages: Set<string>;
}

describe("kill -9 while deliveries are under way", () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-rules-kill-"));
  let hook: Hook;
  let isSlow = true;

  beforeAll(async () => {
    hook = await startHook();
    for (const path of ["/direct", "/topic"]) {
      hook.behave(path, (_, response) => void setTimeout(() => response.end(), isSlow ? SLOW_MS : 0));
    }
  });

  afterAll(async () => {
    await hook.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  test(
    `${KILLS} times: every event and message arrives, directly and through a topic, and the ledger agrees`,
    async () => {
      const acknowledged: Acknowledged = { requests: new Set(), events: new Set(), messages: new Set() };
      let server = await startServer({ dataDirectory, flags: FLAGS });
      const topicArn = await wire(server, hook.url);
      const confirmation = await until(
        "the token",
        () => hook.got("/topic")[0],
        (body) => body !== undefined,
      );
      const { SubscribeURL } = JSON.parse(confirmation ?? "{}") as { SubscribeURL: string };
      expect((await fetch(SubscribeURL)).status).toBe(200);
      for (let kills = 0; kills < KILLS; kills++) {
        await workAndKill(server, topicArn, acknowledged);
        server = await startServer({ dataDirectory, flags: FLAGS });
      }
      isSlow = false;
      await allDelivered(server);
      await server.stop();

      const { texts } = await readJournal(dataDirectory);
      const recorded = texts.map(
        (text) => JSON.parse(text) as { eventID: string; eventName: string; requestID: string },
      );
      const calls = recorded.filter(({ eventName }) => eventName === "GetCallerIdentity");
      const requests = new Set(calls.map(({ requestID }) => requestID));
      expect([...acknowledged.requests].filter((id) => !requests.has(id))).toEqual([]);
      expect(acknowledged.requests.size).toBeGreaterThan(KILLS * CLIENTS);
      expect(acknowledged.events.size).toBeGreaterThan(KILLS);
      expect(acknowledged.messages.size).toBeGreaterThan(KILLS);

      const wanted = [...calls.map(({ eventID }) => eventID), ...acknowledged.events];
      const direct = new Set(hook.got("/direct").map((body) => (JSON.parse(body) as { id: string }).id));
      const notifications = hook
        .got("/topic")
        .map((body) => JSON.parse(body) as { MessageId: string; Message: string });
      const through = new Set(notifications.flatMap(({ Message }) => /^\{.*"id":"([\w-]+)"/.exec(Message)?.[1] ?? []));
      expect(wanted.filter((id) => !direct.has(id))).toEqual([]);
      expect(wanted.filter((id) => !through.has(id))).toEqual([]);
      const messages = new Set(notifications.map(({ MessageId }) => MessageId));
      expect([...acknowledged.messages].filter((id) => !messages.has(id))).toEqual([]);

      const { states, repeated, place } = ledgerOf(dataDirectory);
      expect(states.map(({ state }) => state)).toEqual(["delivered"]);
      expect(repeated).toEqual([]);
      expect(place).toBe(texts.length);
    },
    60_000 + KILLS * 15_000,
  );
});

/** Rules on calls and on events of a shop; each goes to the webhook at once, and through a topic. Answers the topic's ARN. */
async function wire(server: TestServer, url: string): Promise<string> {
  const world = rulesOf(server);
  const Endpoint = `${url}/topic`;
  const TopicArn = String((await world.call("sns", "CreateTopic", { Name: "calls" })).output["TopicArn"]);
  const Principal = { Service: "events.amazonaws.com" };
  const Statement = [{ Effect: "Allow", Principal, Action: "sns:Publish", Resource: TopicArn }];
  const AttributeValue = JSON.stringify({ Version: "2012-10-17", Statement });
  await world.call("sns", "SetTopicAttributes", { TopicArn, AttributeName: "Policy", AttributeValue });
  expect((await world.call("sns", "Subscribe", { TopicArn, Protocol: "http", Endpoint })).code).toBe("");
  const targets = [
    { Id: "direct", Arn: await world.destination("direct", `${url}/direct`) },
    { Id: "topic", Arn: TopicArn },
  ];
  await world.events("UpdateApiDestination", { Name: "direct", InvocationRateLimitPerSecond: 100_000 });
  const State = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";
  await world.rule("calls", { detail: { eventName: ["GetCallerIdentity"] } }, targets, { State });
  await world.rule("shop", { source: [SOURCE] }, targets);
  return TopicArn;
}

/** Clients work until so much is under way, and the server dies under them. */
async function workAndKill(server: TestServer, TopicArn: string, acknowledged: Acknowledged): Promise<void> {
  const clients = Array.from({ length: CLIENTS }, (_, index) =>
    // How far each came with its last call is nothing that this test asks about.
    work(server, TopicArn, index, acknowledged).catch(() => undefined),
  );
  const answeredBefore = acknowledged.requests.size;
  const isEnough = ({ deliveries }: Stats): boolean =>
    deliveries.pending >= IN_FLIGHT && acknowledged.requests.size > answeredBefore + MORE_CALLS;
  await until("enough is under way", () => statsOf(server), isEnough);
  await server.kill();
  await Promise.all(clients);
}

async function work(server: TestServer, TopicArn: string, index: number, acknowledged: Acknowledged): Promise<void> {
  const call = callerOf(server);
  for (;;) {
    const { code, requestId } = await call("sts", "GetCallerIdentity");
    expect(code).toBe("");
    acknowledged.requests.add(requestId);
    // A change waits for the disk more often than a call that reads: one client of four makes them.
    if (index % 4 !== 0) continue;
    const Entries = [{ Source: SOURCE, DetailType: "Ordered", Detail: "{}" }];
    const put = await call("events", "PutEvents", { Entries });
    for (const { EventId } of put.output["Entries"] as readonly { EventId: string }[]) acknowledged.events.add(EventId);
    const published = await call("sns", "Publish", { TopicArn, Message: "hear" });
    acknowledged.messages.add(String(published.output["MessageId"]));
  }
}
