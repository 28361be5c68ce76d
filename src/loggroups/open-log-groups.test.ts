import type { Kysely } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import { assert, Refusal } from "../core/index.ts";
import { type DeliveriesSchema, type Delivery, deliveriesMigrations } from "../deliveries/index.ts";
import { openTables } from "../store/index.ts";
import { createGroup, setRetention } from "./groups.ts";
import { openLogGroupTransport } from "./log-group-transport.ts";
import { openLogGroups, type RunningLogGroups } from "./open-log-groups.ts";
import { putResourcePolicy } from "./resource-policies.ts";
import { type LogGroupsSchema, logGroupsMigrations } from "./schema.ts";
import type { DirectoryLogStore } from "./store/log-store.ts";
import { GROUP, messages, NOW, openTestStore, readAll, temporaryDirectory } from "./store/open-store.fixture.ts";

type Schema = LogGroupsSchema & DeliveriesSchema;
const PLACE = { account: "123456789012", region: "us-east-1" };
const DAY = 86_400_000;

interface World {
  readonly tables: Kysely<Schema>;
  readonly store: DirectoryLogStore;
  readonly open: () => RunningLogGroups;
}

async function world(): Promise<World> {
  const tables = await openTables<Schema>(":memory:", { ...logGroupsMigrations, ...deliveriesMigrations });
  onTestFinished(() => tables.destroy());
  const { store } = await openTestStore(temporaryDirectory());
  await createGroup(tables, PLACE, {
    name: "g",
    settings: { logGroupClass: "STANDARD", deletionProtectionEnabled: false },
    createdAt: NOW,
  });
  const open = (): RunningLogGroups => {
    const groups = openLogGroups({
      tables,
      store,
      clock: { now: () => NOW, elapsed: () => 0 },
      log: { error: (told) => assert(false, JSON.stringify(told)) },
      recordMetrics: () => undefined,
      wake: () => undefined,
    });
    onTestFinished(() => groups.close());
    return groups;
  };
  return { tables, store, open };
}

describe("put()", () => {
  test("put() makes the stream, and takes events of any time and order", async () => {
    const { store, open } = await world();
    const groups = open();
    const events = [5, -1, NOW * 10, 2.5].map((timestamp) => ({ timestamp, message: `${timestamp}` }));
    await Promise.all([groups.put(GROUP, "s", events), groups.put(GROUP, "s", [{ timestamp: 3, message: "3" }])]);
    expect(messages(await readAll(store, { to: NOW * 1000 }))).toEqual(["-1", "2.5", "3", "5", `${NOW * 10}`]);
  });

  test("put() refuses a group that is not there", async () => {
    const groups = (await world()).open();
    await expect(groups.put("arn:aws:logs:us-east-1:123456789012:log-group:x", "s", [])).rejects.toThrow(Refusal);
    expect([await groups.has(GROUP), await groups.has("x")]).toEqual([true, false]);
  });
});

test("openLogGroups() drops what is expired, and the events of groups and streams that are no more", async () => {
  const { tables, store, open } = await world();
  const first = open();
  await first.put(GROUP, "kept", [
    { timestamp: NOW - 2 * DAY, message: "old" },
    { timestamp: NOW, message: "new" },
  ]);
  await first.close();
  // What a crash leaves between a deletion and the removal of the events.
  await store.append(GROUP, "gone", [{ timestamp: NOW, message: "m" }], NOW);
  await store.append(
    "arn:aws:logs:us-east-1:123456789012:log-group:gone",
    "s",
    [{ timestamp: NOW, message: "m" }],
    NOW,
  );
  await setRetention(tables, GROUP, 1);
  await open().close();
  expect([...store.held()]).toEqual([[GROUP, ["kept"]]]);
  expect(messages(await readAll(store))).toEqual(["new"]);
});

describe("openLogGroupTransport()", () => {
  const statement = (part: object): object => ({
    Effect: "Allow",
    Principal: { Service: ["events.amazonaws.com", "delivery.logs.amazonaws.com"] },
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: `${GROUP}:*`,
    ...part,
  });
  const delivery = {
    owner: "arn:aws:events:us-east-1:123456789012:rule/r",
    target: "t",
    endpoint: `${GROUP}:*`,
    body: "the event",
    parameters: { timestampMs: NOW - 5 },
    createdAt: NOW,
  } as unknown as Delivery;

  test.each([
    [
      "nobody lets it",
      [],
      "no logs resource policy of account 123456789012 lets events.amazonaws.com logs:CreateLogStream on",
    ],
    [
      "only one action is allowed",
      [statement({ Action: "logs:CreateLogStream" })],
      "lets events.amazonaws.com logs:PutLogEvents on",
    ],
    ["another group is meant", [statement({ Resource: `${GROUP}x:*` })], "no logs resource policy"],
    [
      "another rule is meant",
      [statement({ Condition: { ArnEquals: { "aws:SourceArn": "arn:aws:events:us-east-1:123456789012:rule/x" } } })],
      "no logs resource policy",
    ],
    [
      "a statement denies",
      [statement({}), statement({ Sid: "Never", Effect: "Deny", Action: "logs:*" })],
      "statement Never of the logs resource policy p denies events.amazonaws.com logs:CreateLogStream",
    ],
  ])("openLogGroupTransport() gives up when %s, and says why", async (_, Statement, words) => {
    const { tables, store, open } = await world();
    if (Statement.length > 0) await policy(tables, Statement);
    const result = await openLogGroupTransport({ tables, groups: open() })(delivery, new AbortController().signal);
    expect(result).toEqual({ outcome: "failed", error: expect.stringContaining(words) });
    expect(await readAll(store)).toEqual([]);
  });

  test("openLogGroupTransport() lets in no other account's rules, although a policy names no source", async () => {
    const { tables, store, open } = await world();
    await policy(tables, [statement({})]);
    const theirs = { ...delivery, owner: delivery.owner.replace("123456789012", "210987654321") };
    const result = await openLogGroupTransport({ tables, groups: open() })(theirs, new AbortController().signal);
    expect(result).toEqual({ outcome: "failed", error: "the log group belongs to another account than the rule" });
    expect(await readAll(store)).toEqual([]);
  });

  test("openLogGroupTransport() puts the event where a policy lets it, a stream a rule and day", async () => {
    const { tables, store, open } = await world();
    const condition = { ArnEquals: { "aws:SourceArn": delivery.owner } };
    await policy(tables, [statement({ Condition: condition })]);
    const send = openLogGroupTransport({ tables, groups: open() });
    const { signal } = new AbortController();
    expect(await send(delivery, signal)).toEqual({ outcome: "delivered" });
    await send({ ...delivery, parameters: {}, createdAt: NOW + 1 }, signal);
    await send({ ...delivery, createdAt: NOW + DAY }, signal);
    const events = await readAll(store);
    expect(events.map(({ timestamp }) => timestamp - NOW)).toEqual([-5, -5, 1]);
    expect(messages(events)).toEqual(["the event", "the event", "the event"]);
    expect(new Set(events.map(({ stream }) => stream)).size).toBe(2);
    expect(events[0]?.stream).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
    const elsewhere = { ...delivery, endpoint: "arn:aws:logs:us-east-1:123456789012:log-group:x" };
    expect(await send({ ...elsewhere, endpoint: "arn:aws:s3:::b" }, signal)).toMatchObject({ outcome: "failed" });
  });

  test("openLogGroupTransport() gives up on a group that is gone", async () => {
    const { tables, open } = await world();
    await policy(tables, [statement({ Resource: "*" })]);
    const send = openLogGroupTransport({ tables, groups: open() });
    const gone = { ...delivery, endpoint: "arn:aws:logs:us-east-1:123456789012:log-group:x" };
    expect(await send(gone, new AbortController().signal)).toEqual({
      outcome: "failed",
      error: "The specified log group does not exist.",
    });
  });

  async function policy(tables: Kysely<Schema>, Statement: readonly object[]): Promise<void> {
    const document = JSON.stringify({ Version: "2012-10-17", Statement });
    await putResourcePolicy(tables, PLACE, { name: "p", resourceArn: "", document }, { now: NOW, expected: undefined });
  }
});
