import type { Kysely } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { addDeliveries } from "../deliveries/index.ts";
import { parseRecord } from "../journal/index.ts";
import { startArchives } from "./archive-events.ts";
import { findArchive, putArchive } from "./archives.ts";
import { recordedEvent } from "./envelope.ts";
import type { RulesTables } from "./events.ts";
import { findReplay, putReplay } from "./replays.ts";
import {
  addRule,
  BUS,
  eventOf,
  MemoryJournal,
  NOW,
  openRulesTables,
  recordOf,
  ruleNamed,
  StandingClock,
} from "./rules.fixture.ts";
import { startReplays } from "./start-replays.ts";
import { startRules } from "./start-rules.ts";
import { PLACE, silent } from "./tables.fixture.ts";

test("a replay sends what rules saw recorded and put to the rules it is for, and nothing of it is archived again", async () => {
  const tables = await openRulesTables();
  const [journal, clock] = [new MemoryJournal(), new StandingClock()];
  const shared = { tables, journal, clock, log: silent, onDeliveries: () => undefined };
  const arn = `arn:aws:events:${PLACE.region}:${PLACE.account}:archive/all`;
  await putArchive(tables, { arn, ...PLACE, name: "all", busArn: BUS, retentionDays: 0, createdAt: NOW });
  const archives = startArchives(shared);
  const rules = await startRules({ ...shared, addDeliveries, hopsOf: () => 0, onLoop: () => undefined, archives });
  const replays = startReplays({
    ...shared,
    dispatch: rules.dispatch,
    eventOf: (entry) => {
      const record = parseRecord(entry.bytes);
      return record && recordedEvent(record, entry, 0);
    },
  });
  onTestFinished(async () => {
    for (const running of [replays, rules, archives]) await running.close();
  });

  await addRule(tables, ruleNamed("one"));
  const two = await addRule(tables, ruleNamed("two"));
  rules.changed();
  journal.append(recordOf({ eventID: "recorded", eventTime: "2026-11-20T11:00:00Z" }));
  await tables.transaction().execute(async (transaction: Kysely<RulesTables>) => {
    await rules.dispatch(transaction, BUS, eventOf({ id: "put", time: "2026-11-20T11:30:00Z" }));
  });
  const archived = async () => (await findArchive(tables, PLACE, "all"))?.events;
  await expect.poll(archived).toBe(2);

  const replay = {
    arn: `arn:aws:events:${PLACE.region}:${PLACE.account}:replay/again`,
    ...PLACE,
    name: "again",
    archiveArn: arn,
    archiveId: (await findArchive(tables, PLACE, "all"))?.id ?? -1,
    busArn: BUS,
    ruleArns: [two.arn],
    fromMs: NOW - 3_600_000,
    toMs: NOW,
    startedAt: NOW,
  };
  await putReplay(tables, { ...replay, state: "STARTING" });
  replays.changed();
  await expect.poll(async () => (await findReplay(tables, PLACE, "again"))?.state).toBe("COMPLETED");

  const ledger = await tables
    .selectFrom("deliveries")
    .select(["owner", "event_id", "body"])
    .orderBy("delivery_id")
    .execute();
  const sent = ledger.map(({ owner, event_id, body }) => {
    const envelope = JSON.parse(body) as Readonly<Record<string, unknown>>;
    return `${owner.split("/")[1]} ${event_id} ${String(envelope["replay-name"])}`;
  });
  expect(new Set(sent.slice(0, 4))).toEqual(
    new Set(["one put undefined", "two put undefined", "one recorded undefined", "two recorded undefined"]),
  );
  expect(sent.slice(4)).toEqual(["two recorded again", "two put again"]);
  expect(await archived()).toBe(2);
});
