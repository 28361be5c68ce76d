import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allRecords, callerOf } from "../../calls.ts";
import { startServer, type TestServer } from "../../server.ts";
import { until } from "../../trail.ts";
import { startWebhook, type Webhook } from "../receivers.ts";
import { REACH_THIS_MACHINE, rulesOf, type RulesWorld, type ToldDelivery } from "./rules-world.ts";

const PATTERN = { source: ["aws.events"], detail: { eventName: ["TagResource"] } };

let directory: string;
let hook: Webhook;
let server: TestServer;
let world: RulesWorld;
/** What the webhook answers to this path. */
const answers = new Map<string, number>();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "opentrail-rules-"));
  hook = await startWebhook(({ path }) => answers.get(path) ?? 200);
  await start();
});

afterAll(async () => {
  await server.stop();
  await hook.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<void> {
  server = await startServer({ dataDirectory: join(directory, "data"), flags: REACH_THIS_MACHINE });
  world = rulesOf(server);
}

/** Makes calls over several connections until the server is gone; answers how many were answered. */
async function callUntilGone(): Promise<number> {
  const { Arn: ResourceARN } = await world.events("DescribeEventBus");
  const Tags = [{ Key: "k", Value: "v" }];
  const repeat = async (): Promise<number> => {
    const call = callerOf(server);
    for (let answered = 0; ; answered++) {
      const { code } = await call("events", "TagResource", { ResourceARN, Tags }).catch(() => ({ code: "gone" }));
      if (code === "gone") return answered;
      expect(code).toBe("");
    }
  };
  const counts = await Promise.all(Array.from({ length: 8 }, repeat));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The command, as its user runs it. */
function opentrail(args: readonly string[], input?: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["bin/opentrail.js", ...args], {
    env: server.environment,
    encoding: "utf8",
    input,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

test("what was recorded before the server was killed reaches the webhook; the ledger has each event once", async () => {
  const Arn = await world.destination("hook", `${hook.url}/restart`);
  await world.events("UpdateApiDestination", { Name: "hook", InvocationRateLimitPerSecond: 300 });
  const owner = await world.rule("tags", PATTERN, [{ Id: "hook", Arn }]);
  let answered = 0;
  for (let kill = 0; kill < 2; kill++) {
    const calling = callUntilGone();
    // In the midst of reading, writing and sending.
    const seen = hook.requests.length;
    await until(
      "something is sent",
      () => hook.requests.length,
      (count) => count > seen + 60,
    );
    await sleep(kill * 150);
    await server.kill();
    answered += await calling;
    await start();
  }
  const LookupAttributes = [{ AttributeKey: "EventName", AttributeValue: "TagResource" }];
  const recorded = (await allRecords(world.call, { LookupAttributes })).map(({ eventID }) => eventID);
  expect(recorded.length).toBeGreaterThanOrEqual(answered);
  const wanted = new Set(recorded);
  const got = (): Set<string> => new Set(hook.requests.map(({ body }) => (JSON.parse(body) as { id: string }).id));
  await until("all have come", got, (ids) => ids.size >= wanted.size);
  expect([...got()].filter((id) => !wanted.has(id))).toEqual([]);

  const ledger = await until(
    "the ledger is done",
    () => wholeLedger(owner),
    (found) => found.every(({ State }) => State === "DELIVERED"),
  );
  expect(ledger.map(({ EventId }) => EventId).toSorted()).toEqual(recorded.toSorted());

  // What a backtest says is what happened.
  const told = opentrail(["rules", "test", "--pattern", "-", "--since", "1h", "--json"], JSON.stringify(PATTERN));
  expect(JSON.parse(told)).toMatchObject({ MatchedEvents: ledger.length });
});

async function wholeLedger(OwnerArn: string): Promise<readonly ToldDelivery[]> {
  const found: ToldDelivery[] = [];
  let more: Record<string, unknown> | undefined = {};
  while (more !== undefined) {
    const { output, message } = await world.call("x-opentrail", "ListDeliveries", { OwnerArn, Limit: 1000, ...more });
    expect(message).toBe("");
    found.push(...(output["Deliveries"] as readonly ToldDelivery[]));
    more = output["NextToken"] === undefined ? undefined : { NextToken: output["NextToken"] };
  }
  return found;
}

test("`opentrail deliveries` shows what did not arrive, and sends it again", async () => {
  answers.set("/ill", 500);
  const Arn = await world.destination("ill", `${hook.url}/ill`);
  const RetryPolicy = { MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 60 };
  const owner = await world.rule("ill", { source: ["shop"] }, [{ Id: "hook", Arn, RetryPolicy }]);
  const ids = [await world.put("shop", { order: 1 }), await world.put("shop", { order: 2 })];
  await world.ended(owner, 2);

  const list = opentrail(["deliveries", "list", "--owner", owner, "--state", "failed", "--json"]);
  const failed = list
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as ToldDelivery);
  expect(failed.map(({ EventId }) => EventId).toSorted()).toEqual(ids.toSorted());
  for (const { Attempts, LastError } of failed) {
    expect({ Attempts, LastError }).toEqual({ Attempts: 2, LastError: "the API destination answered 500" });
  }
  const [one] = failed;
  const shown = JSON.parse(opentrail(["deliveries", "show", one?.DeliveryId ?? ""])) as ToldDelivery;
  expect(JSON.parse(shown.Body ?? "")).toMatchObject({ id: one?.EventId, source: "shop" });

  answers.delete("/ill");
  const before = hook.requests.length;
  opentrail(["deliveries", "redrive", "--owner", owner]);
  const ended = await world.ended(owner, 2);
  expect(ended.map(({ State }) => State)).toEqual(["DELIVERED", "DELIVERED"]);
  const again = hook.requests.slice(before).map(({ body }) => (JSON.parse(body) as { id: string }).id);
  expect(again.toSorted()).toEqual(ids.toSorted());
});
