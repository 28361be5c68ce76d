import type { Kysely } from "kysely";
import { describe, expect, test, vi } from "vitest";
import { addDeliveries } from "../deliveries/index.ts";
import { busAt } from "./bus-arn.ts";
import type { ArchiveEvent, RulesTables } from "./events.ts";
import type { Rule } from "./rule.ts";
import { deleteRule, removeTargets } from "./rules.ts";
import {
  ACCOUNT,
  addRule,
  BUS,
  eventOf,
  MemoryJournal,
  openRulesTables,
  OTHER_ACCOUNT,
  REGION,
  recordOf,
  ruleNamed,
  runRules,
  TOPIC,
} from "./rules.fixture.ts";

const DELETES = '{"detail":{"eventName":["DeleteTable"]}}';

describe("startRules()", () => {
  test("sends what is recorded to the rules of the default bus of its account and Region", async () => {
    const { add, journal, caughtUp, delivered, rules } = await runRules();
    await add(ruleNamed("deletes", { eventPattern: DELETES }), [
      { Id: "one", Arn: TOPIC },
      { Id: "two", Arn: TOPIC },
    ]);
    await add(ruleNamed("puts", { eventPattern: '{"detail":{"eventName":["PutItem"]}}' }));
    journal.append(recordOf(), recordOf({ awsRegion: "us-east-1" }), recordOf({ recipientAccountId: OTHER_ACCOUNT }));
    await caughtUp();
    expect(await delivered()).toEqual(["deletes one", "deletes two"]);
    expect(rules.stats()).toMatchObject({ place: 3, lagRecords: 0, rules: 2, matched: 1, skipped: 0 });
  });

  test("shows calls that only read to no rules but those that see them", async () => {
    const { add, journal, caughtUp, delivered } = await runRules();
    await add(ruleNamed("writes"));
    await add(ruleNamed("all", { state: "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" }));
    await add(ruleNamed("off", { state: "DISABLED" }));
    journal.append(recordOf({ readOnly: true }));
    await caughtUp();
    expect(await delivered()).toEqual(["all topic"]);
    journal.append(recordOf());
    await caughtUp();
    expect((await delivered()).toSorted()).toEqual(["all topic", "all topic", "writes topic"]);
  });

  test("shows everything recorded to rules that see everywhere, once", async () => {
    const { add, journal, caughtUp, delivered, rules, tables } = await runRules();
    await add(ruleNamed("everywhere", { everywhere: true }));
    journal.append(recordOf({ awsRegion: "us-east-1" }), recordOf({ recipientAccountId: OTHER_ACCOUNT }), recordOf());
    await caughtUp();
    expect(await delivered()).toHaveLength(3);
    await tables.transaction().execute((transaction) => rules.dispatch(transaction, BUS, eventOf()));
    expect(await delivered()).toHaveLength(3);
  });

  test("follows every change of rules and targets", async () => {
    const { add, journal, caughtUp, delivered, rules, tables } = await runRules();
    const rule = await add(ruleNamed("watch"));
    const count = async (): Promise<number> => {
      const before = await delivered();
      journal.append(recordOf());
      await caughtUp();
      return (await delivered()).length - before.length;
    };
    expect(await count()).toBe(1);
    await add(rule, [{ Id: "second", Arn: TOPIC }]);
    expect(await count()).toBe(2);
    await add({ ...rule, eventPattern: '{"source":["other"]}' });
    expect(await count()).toBe(0);
    await add({ ...rule, state: "DISABLED" });
    expect(await count()).toBe(0);
    await add(rule);
    expect(await count()).toBe(2);
    await tables.transaction().execute(async (transaction: Kysely<RulesTables>) => {
      await removeTargets(transaction, rule.arn, ["topic", "second"]);
      await deleteRule(transaction, rule.arn);
    });
    rules.changed();
    expect(await count()).toBe(0);
    expect(rules.stats().rules).toBe(0);
  });

  test("begins with what is recorded from its first start on, and goes on where it was", async () => {
    const tables = await openRulesTables();
    const journal = new MemoryJournal();
    journal.append(recordOf());
    await addRule(tables, ruleNamed("watch"));
    const first = await runRules({ tables, journal });
    journal.append(recordOf());
    await first.caughtUp();
    await first.rules.close();
    expect(await first.delivered()).toHaveLength(1);
    journal.append(recordOf(), recordOf());
    const second = await runRules({ tables, journal });
    await second.caughtUp();
    await second.rules.close();
    expect(await second.delivered()).toHaveLength(3);
  });

  test("sends each record once, although the tables fail in between", async () => {
    let failures = 3;
    const { add, journal, caughtUp, delivered, warnings } = await runRules({
      addDeliveries: async (...given) => {
        await addDeliveries(...given);
        if (failures-- > 0) throw new Error("disk full");
      },
    });
    await add(ruleNamed("watch"));
    journal.append(recordOf());
    await caughtUp();
    expect(await delivered()).toEqual(["watch topic"]);
    expect(warnings).toHaveLength(1);
  });

  test("passes over what is no event, and counts it", async () => {
    const { add, journal, caughtUp, delivered, rules } = await runRules();
    await add(ruleNamed("watch"));
    const large = { requestParameters: { text: "x".repeat(256 * 1024) } };
    journal.append("{", "[]", recordOf({ eventTime: 7 }), recordOf(large), recordOf());
    await caughtUp();
    expect(await delivered()).toHaveLength(1);
    expect(rules.stats().skipped).toBe(4);
  });

  test("does not read the journal while no rule waits for events", async () => {
    const { add, journal, caughtUp, delivered, rules } = await runRules();
    journal.append(recordOf(), recordOf());
    await caughtUp();
    expect(journal.reads).toEqual([]);
    const { eventPattern: _, ...scheduled } = ruleNamed("scheduled", { scheduleExpression: "rate(1 day)" });
    await add(scheduled);
    journal.append(recordOf());
    await caughtUp();
    expect(journal.reads).toEqual([]);
    await add(ruleNamed("watch"));
    journal.append(recordOf());
    await caughtUp();
    expect(await delivered()).toHaveLength(1);
    await rules.close();
  });

  test("breaks loops, and tells which rule made them", async () => {
    const { add, journal, caughtUp, delivered, rules, loops } = await runRules({
      hopsOf: (record) => Number(record.requestID ?? 0),
    });
    const rule = await add(ruleNamed("loop"));
    journal.append(recordOf({ requestID: "4" }), recordOf({ requestID: "5" }), recordOf({ requestID: "9" }));
    await caughtUp();
    expect(await delivered()).toHaveLength(1);
    expect(loops).toEqual([rule.arn, rule.arn]);
    expect(rules.stats().loopsBroken).toBe(2);
  });

  test("is not blinded by who repeats the marks of other rules' deliveries", async () => {
    const { add, journal, caughtUp, delivered, loops } = await runRules({
      hopsOf: (record) => Number(record.requestID ?? 0),
    });
    await add(ruleNamed("mine", { eventPattern: '{"detail":{"eventName":["CreateTable"]}}' }));
    await add(ruleNamed("watch", { eventPattern: '{"detail":{"eventName":["DeleteTable"]}}' }));
    await add(ruleNamed("own", { managedBy: "opentrail.amazonaws.com", everywhere: true }));
    journal.append(
      recordOf({ eventName: "CreateTable", requestID: "4" }),
      recordOf({ eventName: "DeleteTable", requestID: "5" }),
    );
    await caughtUp();
    expect((await delivered()).toSorted()).toEqual(["mine topic", "own topic", "own topic", "watch topic"]);
    expect(loops).toEqual([]);
  });

  test("leaves out a stored rule that cannot be read, and tells so", async () => {
    const { add, journal, caughtUp, delivered, warnings } = await runRules();
    await add(ruleNamed("broken", { eventPattern: "{" }));
    await add(ruleNamed("watch"));
    journal.append(recordOf());
    await caughtUp();
    expect(await delivered()).toEqual(["watch topic"]);
    expect(warnings).toMatchObject([{ ruleArn: ruleNamed("broken").arn }]);
  });

  test("keeps what archives want in the same transaction", async () => {
    const archived: (number | undefined)[] = [];
    const archive = vi.fn<ArchiveEvent>(async (_transaction, _bus, { sequence }) => {
      archived.push(sequence);
    });
    const { journal, caughtUp } = await runRules({ archives: { wants: (bus) => bus === BUS, archive } });
    journal.append(recordOf(), recordOf({ awsRegion: "us-east-1" }), recordOf());
    await caughtUp();
    expect(archived).toEqual([0, 2]);
    expect(archive.mock.calls[0]?.[1]).toBe(BUS);
  });

  test("catches up with thousands of records in bounded transactions", async () => {
    const { add, journal, caughtUp, tables } = await runRules();
    await add(
      ruleNamed("watch"),
      ["1", "2", "3"].map((Id) => ({ Id, Arn: TOPIC })),
    );
    journal.append(...Array.from({ length: 2000 }, (_, index) => recordOf({ eventID: `event ${index}` })));
    await caughtUp();
    const { rows } = await tables
      .selectFrom("deliveries")
      .select(({ fn }) => [fn.countAll<number>().as("rows"), fn.count("event_id").distinct().as("events")])
      .executeTakeFirstOrThrow();
    expect(rows).toBe(6000);
  });
});

describe("Rules.dispatch()", () => {
  const custom = busAt({ account: ACCOUNT, region: REGION }, "orders");
  const onCustom: Partial<Rule> = { busArn: custom.arn, arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/orders/one` };

  test("sends to the rules of that bus alone, and answers how many wanted it", async () => {
    const { add, rules, tables, delivered } = await runRules();
    await add(ruleNamed("one", onCustom));
    await add(ruleNamed("default"));
    const send = (bus: string) =>
      tables.transaction().execute((transaction) => rules.dispatch(transaction, bus, eventOf()));
    expect(await send(custom.arn)).toBe(1);
    expect(await send(`${custom.arn}2`)).toBe(0);
    expect(await delivered()).toEqual(["orders/one topic"]);
  });

  test("sends to the chosen rules alone, and replays into no archive", async () => {
    const archive = vi.fn<ArchiveEvent>(async () => undefined);
    const { add, rules, tables, delivered } = await runRules({ archives: { wants: () => true, archive } });
    const [one] = [await add(ruleNamed("one")), await add(ruleNamed("two"))];
    const only = { ruleArns: [one.arn], replayName: "again" };
    await tables.transaction().execute((transaction) => rules.dispatch(transaction, BUS, eventOf(), only));
    expect(await delivered()).toEqual(["one topic"]);
    expect(archive).not.toHaveBeenCalled();
    await tables.transaction().execute((transaction) => rules.dispatch(transaction, BUS, eventOf()));
    expect(archive).toHaveBeenCalledTimes(1);
  });

  test("leaves nothing behind when the transaction is rolled back", async () => {
    const { add, rules, tables, delivered } = await runRules();
    await add(ruleNamed("watch"));
    const sending = tables.transaction().execute(async (transaction: Kysely<RulesTables>) => {
      await rules.dispatch(transaction, BUS, eventOf());
      throw new Error("no record could be kept");
    });
    await expect(sending).rejects.toThrow("no record");
    expect(await delivered()).toEqual([]);
  });

  test("knows no rule whose transaction was rolled back", async () => {
    const { rules, tables, delivered } = await runRules();
    const putting = addRule(tables, ruleNamed("watch"), [{ Id: "a", Arn: TOPIC }]).then(() => undefined);
    await putting;
    const failing = tables.transaction().execute(async (transaction: Kysely<RulesTables>) => {
      await transaction.deleteFrom("event_targets").execute();
      await deleteRule(transaction, ruleNamed("watch").arn);
      rules.changed();
      throw new Error("no record could be kept");
    });
    await expect(failing).rejects.toThrow("no record");
    await tables.transaction().execute((transaction) => rules.dispatch(transaction, BUS, eventOf()));
    expect(await delivered()).toEqual(["watch a"]);
  });
});

describe("Rules.fire()", () => {
  test("writes the deliveries of one rule, unless it is switched off", async () => {
    const { add, rules, tables, delivered } = await runRules();
    const rule = await add(ruleNamed("nightly", { eventPattern: '{"source":["other"]}' }));
    const fire = () => tables.transaction().execute((transaction) => rules.fire(transaction, rule.arn, eventOf()));
    expect(await fire()).toBe(1);
    await add({ ...rule, state: "DISABLED" });
    expect(await fire()).toBe(0);
    expect(await delivered()).toEqual(["nightly topic"]);
  });
});
