import type { Kysely } from "kysely";
import { describe, expect, test } from "vitest";
import type { JournalEntry } from "../journal/index.ts";
import { startArchives } from "./archive-events.ts";
import { deleteArchive, findArchive, putArchive } from "./archives.ts";
import type { DispatchEvent, DispatchOnly, RulesTables } from "./events.ts";
import type { Replay } from "./replay.ts";
import { findReplay, putReplay } from "./replays.ts";
import type { BusEvent } from "./rule.ts";
import { type ReplaysNeeds, replayStep, startReplays } from "./start-replays.ts";
import { BUS, busEvent, NOW, openRulesTables, PLACE, present, SetClock, silent } from "./tables.fixture.ts";

const ARCHIVE = `arn:aws:events:${PLACE.region}:${PLACE.account}:archive/all`;

interface Sent {
  readonly id: string;
  readonly only: DispatchOnly | undefined;
  readonly event: BusEvent;
}

async function open(...events: BusEvent[]) {
  const opened = await openRulesTables();
  const { tables } = opened;
  await putArchive(tables, { arn: ARCHIVE, ...PLACE, name: "all", busArn: BUS, retentionDays: 0, createdAt: NOW });
  const clock = new SetClock();
  const archives = startArchives({ tables, clock, log: silent });
  await archives.close();
  await tables.transaction().execute(async (transaction: Kysely<RulesTables>) => {
    for (const event of events) await archives.archive(transaction, BUS, event);
  });
  const journal = new Map<number, BusEvent>(
    events.flatMap((event) => (event.sequence === undefined ? [] : [[event.sequence, event]])),
  );
  const sent: Sent[] = [];
  // A row per event stands for its deliveries: it is there only when the transaction is.
  const dispatch: DispatchEvent = async (transaction, _, event, only) => {
    sent.push({ id: event.envelope.id, only, event });
    await transaction.insertInto("event_rule_changes").values({ rule_arn: event.envelope.id }).execute();
    return 1;
  };
  const needs: ReplaysNeeds = {
    get tables() {
      return opened.tables;
    },
    dispatch,
    onDeliveries: () => undefined,
    clock,
    log: silent,
    journal: {
      read: async (from, limit = 1000) =>
        Array.from({ length: limit }, (_, index) => ({ sequence: from + index, bytes: new Uint8Array() })),
    },
    eventOf: ({ sequence }: JournalEntry) => journal.get(sequence),
  };
  const start = async (changes: Partial<Replay> = {}): Promise<void> => {
    const archiveId = (await findArchive(opened.tables, PLACE, "all"))?.id ?? -1;
    await putReplay(opened.tables, { ...REPLAY, archiveId, ...changes });
  };
  const replay = async (): Promise<Replay> => present(await findReplay(opened.tables, PLACE, "again"));
  const delivered = async (): Promise<readonly string[]> => {
    const rows = await opened.tables.selectFrom("event_rule_changes").select("rule_arn").orderBy("change_id").execute();
    return rows.map(({ rule_arn }) => rule_arn);
  };
  return { opened, needs, clock, sent, start, replay, delivered };
}

const REPLAY: Replay = {
  arn: `arn:aws:events:${PLACE.region}:${PLACE.account}:replay/again`,
  ...PLACE,
  name: "again",
  archiveArn: ARCHIVE,
  archiveId: 1,
  busArn: BUS,
  fromMs: NOW,
  toMs: NOW + 3_600_000,
  state: "STARTING",
  startedAt: NOW,
};

describe("startReplays()", () => {
  test("sends what lies between its times once more, oldest first", async () => {
    const { needs, start, replay, delivered } = await open(...[-1, 20, 0, 3600, 10, 3601].map((at) => busEvent(at)));
    await start();
    while (await replayStep(needs)) continue;
    expect(await delivered()).toEqual(["event-0", "event-10", "event-20", "event-3600"]);
    expect(await replay()).toMatchObject({ state: "COMPLETED", endedAt: NOW, sent: { timeMs: NOW + 3_600_000 } });
  });

  test("names the replay in the envelope and in its text, and asks for the rules it is for", async () => {
    const event = busEvent(1, { note: ',"detail":', big: "x" });
    const text = event.text.replace('"big":"x"', '"big":12345678901234567890');
    const { needs, start, sent } = await open({ ...event, text, hops: 3 });
    await start({ ruleArns: ["arn:aws:events:eu-central-1:123456789012:rule/one"] });
    await replayStep(needs);
    const [first] = sent;
    expect(first?.only).toEqual({
      replayName: "again",
      ruleArns: ["arn:aws:events:eu-central-1:123456789012:rule/one"],
    });
    expect(first?.event.hops).toBe(0);
    expect(first?.event.envelope["replay-name"]).toBe("again");
    expect(first?.event.text).toBe(text.replace(',"detail":{', ',"replay-name":"again","detail":{'));
    expect(first?.event.text).toContain("12345678901234567890");
  });

  test("takes recorded events from the journal, and leaves out what makes none any more", async () => {
    const { needs, start, delivered } = await open(
      ...[700, 5, 6, 300].map((sequence, index) => busEvent(index, {}, sequence)),
    );
    await start();
    const missing = {
      ...needs,
      tables: needs.tables,
      eventOf: (entry: JournalEntry) => (entry.sequence === 6 ? undefined : needs.eventOf(entry)),
    };
    while (await replayStep(missing)) continue;
    expect(await delivered()).toEqual(["event-0", "event-1", "event-3"]);
  });

  test("goes on from its place after a restart, and sends nothing twice", async () => {
    const { needs, opened, start, replay, delivered } = await open(
      ...Array.from({ length: 250 }, (_, index) => busEvent(index)),
    );
    await start();
    await replayStep(needs);
    expect(await replay()).toMatchObject({ state: "RUNNING", sent: { timeMs: NOW + 99_000 } });
    await opened.reopen();
    const failing: DispatchEvent = async (...given) => {
      if (given[2].envelope.id === "event-150") throw new Error("disk full");
      return needs.dispatch(...given);
    };
    await expect(replayStep({ ...needs, tables: opened.tables, dispatch: failing })).rejects.toThrow("disk full");
    await opened.reopen();
    while (await replayStep(needs)) continue;
    expect(await delivered()).toEqual(Array.from({ length: 250 }, (_, index) => `event-${index}`));
    expect((await replay()).state).toBe("COMPLETED");
  });

  test("ends when it is cancelled", async () => {
    const { needs, opened, start, replay, delivered } = await open(
      ...Array.from({ length: 250 }, (_, index) => busEvent(index)),
    );
    await start();
    await replayStep(needs);
    await putReplay(opened.tables, { ...(await replay()), state: "CANCELLING" });
    while (await replayStep(needs)) continue;
    expect(await delivered()).toHaveLength(100);
    expect(await replay()).toMatchObject({ state: "CANCELLED", endedAt: NOW });
  });

  test("fails when its archive is gone", async () => {
    const { needs, opened, start, replay, delivered } = await open(busEvent(1));
    await start();
    const found = await findArchive(opened.tables, PLACE, "all");
    await deleteArchive(opened.tables, present(found));
    await replayStep(needs);
    expect(await delivered()).toEqual([]);
    expect(await replay()).toMatchObject({ state: "FAILED", stateReason: "The archive does not exist." });
  });

  test("runs several at once, each in its turn", async () => {
    const { needs, opened, start, sent } = await open(...Array.from({ length: 150 }, (_, index) => busEvent(index)));
    await start();
    await start({ arn: `${REPLAY.arn}-too`, name: "again-too", startedAt: NOW + 1 });
    await replayStep(needs);
    expect(sent.filter(({ only }) => only?.replayName === "again-too")).toHaveLength(100);
    while (await replayStep(needs)) continue;
    expect(sent).toHaveLength(300);
    expect(await findReplay(opened.tables, PLACE, "again-too")).toMatchObject({ state: "COMPLETED" });
  });

  test("begins when it is told of a change, and ends with close()", async () => {
    const { needs, start, replay } = await open(busEvent(1));
    const replays = startReplays(needs);
    await start();
    replays.changed();
    await expect.poll(async () => (await replay()).state).toBe("COMPLETED");
    await replays.close();
  });
});
