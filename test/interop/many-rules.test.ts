import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { RULES_PER_BUS_MAX, type Rule } from "../../src/rules/index.ts";
import { startHook } from "../fault/notifications-hook.ts";
import { startServer } from "../server.ts";
import { ACCOUNT, until } from "../trail.ts";
import { arnOf, REACH_THIS_MACHINE, REGION, rulesOf, type RulesWorld } from "./rules/rules-world.ts";

const BUS = "busy";

/** Patterns that want the order `n` and no other, each by means of its own. */
const FORMS: readonly ((n: number) => object)[] = [
  (n) => ({ source: ["shop"], detail: { order: [n] } }),
  (n) => ({ detail: { item: [{ prefix: `item-${n}-` }] } }),
  (n) => ({ detail: { order: [{ numeric: [">=", n, "<", n + 1] }] } }),
  (n) => ({ detail: { item: [{ wildcard: `*-${n}-*x` }] } }),
  (n) => ({ detail: { customer: { name: [{ "equals-ignore-case": `CUSTOMER ${n}` }] } } }),
];

function patternOf(n: number): object {
  return (FORMS[n % FORMS.length] ?? String)(n) as object;
}

function orderOf(n: number): Readonly<Record<string, unknown>> {
  return { order: n, item: `item-${n}-x`, customer: { name: `Customer ${n}` } };
}

/** Writes so many rules as PutRule and PutTargets would: by the API it takes a minute. */
function fillTables(dataDirectory: string, count: number, targetArn: string): void {
  const tables = new DatabaseSync(join(dataDirectory, "tables.db"));
  const place = { account: ACCOUNT, region: REGION, busArn: arnOf("events", `event-bus/${BUS}`) };
  const putRule = tables.prepare(
    "insert into event_rules (rule_arn, bus_arn, account_id, region, name, rule) values (?, ?, ?, ?, ?, ?)",
  );
  const putTarget = tables.prepare(
    "insert into event_targets (rule_arn, target_id, position, target_arn, target) values (?, 'hook', 1, ?, ?)",
  );
  tables.exec("begin");
  for (let n = 0; n < count; n++) {
    const name = `order-${n}`;
    const rule: Rule = {
      ...place,
      arn: arnOf("events", `rule/${BUS}/${name}`),
      name,
      state: "ENABLED",
      createdBy: ACCOUNT,
      everywhere: false,
      eventPattern: JSON.stringify(patternOf(n)),
    };
    putRule.run(rule.arn, rule.busArn, ACCOUNT, REGION, name, JSON.stringify(rule));
    putTarget.run(rule.arn, targetArn, JSON.stringify({ Id: "hook", Arn: targetArn }));
  }
  tables.exec("commit");
  tables.close();
}

/** Puts one order of each number; answers which rules sent each to their targets. */
async function ordered(world: RulesWorld, numbers: readonly number[]): Promise<readonly (readonly string[])[]> {
  const ids: string[] = [];
  for (const n of numbers) ids.push(await world.put("shop", orderOf(n), BUS));
  const found = await until(
    "a delivery for each",
    async () => (await world.deliveries()).filter(({ EventId }) => ids.includes(EventId)),
    (deliveries) =>
      new Set(deliveries.map(({ EventId }) => EventId)).size === ids.length &&
      deliveries.every(({ State }) => State === "DELIVERED"),
  );
  return ids.map((id) => found.filter(({ EventId }) => EventId === id).map(({ OwnerArn }) => OwnerArn));
}

test(`${RULES_PER_BUS_MAX} rules: each event goes to the one that wants it, also after a restart and a change`, async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-many-rules-"));
  const options = { dataDirectory, flags: REACH_THIS_MACHINE };
  const hook = await startHook();
  const numbers = Array.from({ length: 40 }, (_, n) => n * 250 + (n % FORMS.length));
  const ruleOf = (n: number): readonly string[] => [arnOf("events", `rule/${BUS}/order-${n}`)];
  try {
    let server = await startServer(options);
    await rulesOf(server).events("CreateEventBus", { Name: BUS });
    const Arn = await rulesOf(server).destination("hook", hook.url);
    await server.stop();
    fillTables(dataDirectory, RULES_PER_BUS_MAX, Arn);

    server = await startServer(options);
    let world = rulesOf(server);
    expect(await ordered(world, numbers)).toEqual(numbers.map(ruleOf));
    expect(hook.got("/")).toHaveLength(numbers.length);
    const full = await world.call("events", "PutRule", {
      Name: "one-more",
      EventBusName: BUS,
      EventPattern: JSON.stringify(patternOf(0)),
    });
    expect(full.code).toBe("LimitExceededException");
    // Two rules want order 0 from now on, and none wants orders 251 and 502.
    const changed = { EventBusName: BUS, EventPattern: JSON.stringify(patternOf(0)) };
    await world.events("PutRule", { Name: "order-251", ...changed });
    await world.events("DisableRule", { Name: "order-502", EventBusName: BUS });
    const wanted = [[...ruleOf(0), ...ruleOf(251)].toSorted(), ruleOf(753)];
    const sorted = async (of: RulesWorld) => (await ordered(of, [0, 753])).map((arns) => arns.toSorted());
    expect(await sorted(world)).toEqual(wanted);
    await server.kill();

    server = await startServer(options);
    world = rulesOf(server);
    expect(await sorted(world)).toEqual(wanted);
    const unwanted = await world.put("shop", orderOf(502), BUS);
    await ordered(world, [1]);
    expect((await world.deliveries()).filter(({ EventId }) => EventId === unwanted)).toEqual([]);
    await server.stop();
  } finally {
    await hook.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});
