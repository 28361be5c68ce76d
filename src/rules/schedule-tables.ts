import { type Kysely, sql } from "kysely";
import { nextTime, parseSchedule } from "./schedule-expression.ts";
import type { RulesSchema } from "./schema.ts";

/** Rows that are written at a time. */
const WRITE_ROWS = 200;

/**
 * Makes the table of what is due agree with the rules: a rule that is new, was enabled or got another expression is due next
 * from `now` on; one that is disabled or gone never.
 */
export async function readSchedules(tables: Kysely<RulesSchema>, now: number): Promise<void> {
  await tables.transaction().execute(async (transaction) => {
    const known = await transaction.selectFrom("event_schedules").select(["rule_arn", "expression"]).execute();
    const wanted = await wantedSchedules(transaction);
    const gone = known.filter(({ rule_arn, expression }) => wanted.get(rule_arn) !== expression);
    for (const { rule_arn } of gone) {
      await transaction.deleteFrom("event_schedules").where("rule_arn", "=", rule_arn).execute();
    }
    const kept = new Map(known.map(({ rule_arn, expression }) => [rule_arn, expression]));
    const added = [...wanted]
      .filter(([arn, expression]) => kept.get(arn) !== expression)
      .map(([rule_arn, expression]) => ({ rule_arn, expression, next_ms: firstTime(expression, now) }));
    for (let from = 0; from < added.length; from += WRITE_ROWS) {
      await transaction
        .insertInto("event_schedules")
        .values(added.slice(from, from + WRITE_ROWS))
        .execute();
    }
  });
}

/** The expressions of the enabled rules that have one, by ARN. */
async function wantedSchedules(tables: Kysely<RulesSchema>): Promise<ReadonlyMap<string, string>> {
  const rows = await tables
    .selectFrom("event_rules")
    .select(["rule_arn", sql<string>`json_extract(rule, '$.scheduleExpression')`.as("expression")])
    .where(sql`json_extract(rule, '$.scheduleExpression')`, "is not", null)
    .where(sql`json_extract(rule, '$.state')`, "!=", "DISABLED")
    .execute();
  return new Map(rows.map(({ rule_arn, expression }) => [rule_arn, expression]));
}

function firstTime(expression: string, now: number): number {
  return nextTime(parseSchedule(expression), now) ?? Number.MAX_SAFE_INTEGER;
}
