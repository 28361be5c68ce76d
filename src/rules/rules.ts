import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import { type BusReference, ruleArn } from "./bus-arn.ts";
import type { Rule, Target } from "./rule.ts";
import type { RulesSchema } from "./schema.ts";
import { removeAllTags } from "./tags.ts";

/** Rules of one bus. AWS has 300; here a bus may be asked for far more. */
export const RULES_PER_BUS_MAX = 10_000;

/** Targets of one rule. */
export const TARGETS_PER_RULE_MAX = 5;

type Tables = Kysely<RulesSchema>;

export async function findRule(tables: Tables, arn: string): Promise<Rule | undefined> {
  const row = await tables.selectFrom("event_rules").select("rule").where("rule_arn", "=", arn).executeTakeFirst();
  return row && readRule(row);
}

/** @throws {Refusal} `ResourceNotFoundException`. */
export async function findRuleOrRefuse(tables: Tables, bus: BusReference, name: string): Promise<Rule> {
  const rule = await findRule(tables, ruleArn(bus, name));
  if (rule !== undefined) return rule;
  throw new Refusal("ResourceNotFoundException", `Rule ${name} does not exist on EventBus ${bus.name}.`);
}

/** By name, those behind `after`. */
export async function listRules(
  tables: Tables,
  bus: BusReference,
  { prefix = "", after = "", limit }: { readonly prefix?: string; readonly after?: string; readonly limit: number },
): Promise<readonly Rule[]> {
  const rows = await tables
    .selectFrom("event_rules")
    .select("rule")
    .where("bus_arn", "=", bus.arn)
    .where("name", ">=", prefix)
    // The greatest character of UTF-8: names have ASCII only.
    .where("name", "<", `${prefix}\u{10ffff}`)
    .where("name", ">", after)
    .orderBy("name")
    .limit(limit)
    .execute();
  return rows.map(readRule);
}

export async function countRules(tables: Tables, bus: BusReference): Promise<number> {
  const row = await tables
    .selectFrom("event_rules")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("bus_arn", "=", bus.arn)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Creates the rule or replaces what was said of it; its targets and tags stay. */
export async function putRule(tables: Tables, rule: Rule): Promise<void> {
  const { arn, busArn, account, region, name } = rule;
  const text = JSON.stringify(rule);
  await tables
    .insertInto("event_rules")
    .values({ rule_arn: arn, bus_arn: busArn, account_id: account, region, name, rule: text })
    .onConflict((conflict) => conflict.column("rule_arn").doUpdateSet({ rule: text }))
    .execute();
  await noteChange(tables, arn);
}

/** Its tags go with it; it has no targets any more. */
export async function deleteRule(tables: Tables, arn: string): Promise<void> {
  await removeAllTags(tables, arn);
  await tables.deleteFrom("event_rules").where("rule_arn", "=", arn).execute();
  await noteChange(tables, arn);
}

/** In the order in which they were first put. */
export async function listTargets(tables: Tables, arn: string): Promise<readonly Target[]> {
  const rows = await tables
    .selectFrom("event_targets")
    .select("target")
    .where("rule_arn", "=", arn)
    .orderBy("position")
    .execute();
  return rows.map(({ target }) => JSON.parse(target) as Target);
}

/** Adds targets, or replaces those of the same id. */
export async function putTargets(tables: Tables, arn: string, targets: readonly Target[]): Promise<void> {
  const known = await tables
    .selectFrom("event_targets")
    .select(({ fn }) => fn.max("position").as("position"))
    .where("rule_arn", "=", arn)
    .executeTakeFirst();
  let position = known?.position ?? 0;
  for (const target of targets) {
    position += 1;
    const row = { target_arn: target.Arn, target: JSON.stringify(target) };
    await tables
      .insertInto("event_targets")
      .values({ rule_arn: arn, target_id: target.Id, position, ...row })
      .onConflict((conflict) => conflict.columns(["rule_arn", "target_id"]).doUpdateSet(row))
      .execute();
  }
  await noteChange(tables, arn);
}

export async function removeTargets(tables: Tables, arn: string, ids: readonly string[]): Promise<void> {
  await tables.deleteFrom("event_targets").where("rule_arn", "=", arn).where("target_id", "in", ids).execute();
  await noteChange(tables, arn);
}

/** Names of the bus's rules that have a target with this ARN, those behind `after`. */
export async function listRuleNamesByTarget(
  tables: Tables,
  bus: BusReference,
  targetArn: string,
  { after = "", limit }: { readonly after?: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await tables
    .selectFrom("event_rules")
    .select("name")
    .distinct()
    .innerJoin("event_targets", "event_targets.rule_arn", "event_rules.rule_arn")
    .where("event_targets.target_arn", "=", targetArn)
    .where("event_rules.bus_arn", "=", bus.arn)
    .where("name", ">", after)
    .orderBy("name")
    .limit(limit)
    .execute();
  return rows.map(({ name }) => name);
}

/**
 * Puts a rule that OpenTrail keeps by itself, with exactly these targets. Writes nothing when it is so already, so that it
 * can be called at every start.
 */
export async function keepRule(tables: Tables, rule: Rule, targets: readonly Target[]): Promise<void> {
  const [known, had] = [await findRule(tables, rule.arn), await listTargets(tables, rule.arn)];
  if (JSON.stringify([known, had]) === JSON.stringify([rule, targets])) return;
  await putRule(tables, rule);
  await tables.deleteFrom("event_targets").where("rule_arn", "=", rule.arn).execute();
  await putTargets(tables, rule.arn, targets);
}

function readRule({ rule }: { readonly rule: string }): Rule {
  return JSON.parse(rule) as Rule;
}

/** So that the index of rules reads this one anew. */
async function noteChange(tables: Tables, arn: string): Promise<void> {
  await tables.insertInto("event_rule_changes").values({ rule_arn: arn }).execute();
}
