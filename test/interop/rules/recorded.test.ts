import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock, systemRandom } from "../../../src/core/index.ts";
import { openJournal } from "../../../src/journal/index.ts";
import { type AuditRecord, encodeRecord, serviceEventRecord } from "../../../src/record/index.ts";
import { DirectoryObjectStore } from "../../../src/store/index.ts";
import { startServer, type TestServer } from "../../server.ts";
import { ACCOUNT } from "../../trail.ts";
import { startWebhook, type Webhook } from "../receivers.ts";
import { detailText, REACH_THIS_MACHINE, received, REGION, rulesOf, type RulesWorld } from "./rules-world.ts";

let directory: string;
let hook: Webhook;
let server: TestServer;
let world: RulesWorld;
let arn: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "opentrail-rules-"));
  hook = await startWebhook();
  await start();
  arn = await world.destination("hook", `${hook.url}/`);
});

afterAll(async () => {
  await server.stop();
  await hook.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const dataDirectory = join(directory, "data");
  server = await startServer({ dataDirectory, flags: REACH_THIS_MACHINE });
  world = rulesOf(server);
}

/** Stops the server, hands its journal to `then`, and starts it again. */
async function whileStopped(then: (journal: Awaited<ReturnType<typeof openJournal>>) => Promise<void>): Promise<void> {
  expect(await server.stop()).toBe(0);
  const journal = await openJournal({
    directory: join(directory, "data", "journal"),
    objects: new DirectoryObjectStore(join(directory, "data", "objects")),
    clock: systemClock,
    random: systemRandom,
    log: pino({ level: "silent" }),
  });
  await then(journal);
  await journal.close();
  await start();
}

const FIRST = { version: "0", account: ACCOUNT, region: REGION, resources: [] };

describe("what was recorded", () => {
  test("comes in AWS's envelopes, with the record as LookupEvents shows it, byte for byte", async () => {
    const pattern = { detail: { eventName: ["TagResource", "ConsoleLogin", "SourceSilent"] } };
    await world.rule("kinds", pattern, [{ Id: "hook", Arn: arn }]);
    // Bytes that JSON can write in more than one way, and a name that is a trap.
    const Tags = [{ Key: "tag", Value: 'ä \u2028 / " 😀' }];
    await world.events("TagResource", { ResourceARN: (await world.events("DescribeEventBus"))["Arn"], Tags });
    // Nothing of this server makes a sign-in at a console: its record stands in the journal before the server starts.
    const silent = serviceEventRecord({
      eventName: "SourceSilent",
      eventID: randomUUID(),
      timeMs: Date.now(),
      account: ACCOUNT,
      region: REGION,
      details: { source: "store" },
    });
    const signIn: AuditRecord = {
      ...silent,
      eventID: randomUUID(),
      userIdentity: { type: "Root", principalId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:root`, accountId: ACCOUNT },
      eventSource: "signin.amazonaws.com",
      eventName: "ConsoleLogin",
      eventType: "AwsConsoleSignIn",
      sourceIPAddress: "198.51.100.7",
      responseElements: { ConsoleLogin: "Failure" },
      additionalEventData: { MFAUsed: "No", MobileVersion: "No" },
    };
    await received(hook, 1);
    await whileStopped(async (journal) => {
      const records = [signIn, silent].map((record) => ({
        eventID: record.eventID,
        bytes: encodeRecord(record).bytes,
      }));
      await journal.append(records);
    });
    const bodies = (await received(hook, 3)).map(({ body }) => body);
    const expected = [
      ["TagResource", "AWS API Call via CloudTrail", "aws.events"],
      ["ConsoleLogin", "AWS Console Sign In via CloudTrail", "aws.signin"],
      ["SourceSilent", "AWS Service Event via CloudTrail", "aws.opentrail"],
    ] as const;
    for (const [eventName, detailType, source] of expected) {
      const body = bodies.find((text) => text.includes(`"eventName":"${eventName}"`)) ?? "";
      const [record = ""] = await world.lookup(eventName);
      expect(detailText(body)).toBe(record);
      const { eventID, eventTime } = JSON.parse(record) as AuditRecord;
      const { detail: _, ...envelope } = JSON.parse(body) as Record<string, unknown>;
      expect(envelope).toEqual({ ...FIRST, id: eventID, time: eventTime, "detail-type": detailType, source });
    }
    await world.events("DisableRule", { Name: "kinds" });
  });

  test("is only seen by rules in the state for all calls where it only reads", async () => {
    const before = hook.requests.length;
    const pattern = { source: ["aws.events"], detail: { eventName: ["ListEventBuses"] } };
    const target = { Id: "hook", Arn: arn };
    const usual = await world.rule("writes", pattern, [{ ...target, Input: '"writes"' }]);
    const State = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";
    const all = await world.rule("all", pattern, [{ ...target, Input: '"all"' }], { State });
    await world.events("ListEventBuses");
    const [request] = (await received(hook, before + 1)).slice(before);
    expect(request?.body).toBe('"all"');
    expect(await world.ended(all, 1)).toHaveLength(1);
    expect(await world.deliveries({ OwnerArn: usual })).toEqual([]);
  });
});
