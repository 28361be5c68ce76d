import type { Kysely } from "kysely";
import { type Clock, isoSeconds, type Random } from "../core/index.ts";
import { parseRuleArn } from "./bus-arn.ts";
import type { FireRule, RulesTables } from "./events.ts";
import type { BusEvent, EventEnvelope } from "./rule.ts";
import { nextTime, parseSchedule } from "./schedule-expression.ts";
import { readSchedules } from "./schedule-tables.ts";
import { startTurns, type TurnsLog } from "./turns.ts";

export interface SchedulesNeeds {
  readonly tables: Kysely<RulesTables>;
  readonly fire: FireRule;
  /** Deliveries were written and committed. */
  readonly onDeliveries: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: TurnsLog;
}

export interface Schedules {
  /** Rules have changed, or will have once the transaction under way commits. */
  changed(): void;
  close(): Promise<void>;
}

/** How long something that is due waits at most. EventBridge promises the minute. */
const TICK_MS = 1000;
/** Rules that fire in one transaction. */
const STEP_RULES = 100;
/** What is later than this was missed, while nothing ran or the clock was wrong, and is not made up for. */
const LATE_MS_MAX = 60_000;

/**
 * Fires scheduled rules when they are due. When a rule is due next is kept in the transaction of its deliveries, so that it
 * never fires twice for one time. What was missed by more than a minute is left out; the next time is right.
 */
export function startSchedules(needs: SchedulesNeeds): Schedules {
  let stale = true;
  const turn = async (): Promise<boolean> => {
    if (stale) {
      stale = false;
      try {
        await readSchedules(needs.tables, needs.clock.now());
      } catch (thrown) {
        stale = true;
        throw thrown;
      }
    }
    return fireDue(needs);
  };
  const turns = startTurns(turn, TICK_MS, needs.log, "firing scheduled rules");
  return {
    // Not at once: who changes many rules shall not have all of them read each time.
    changed: () => {
      stale = true;
    },
    close: () => turns.close(),
  };
}

/** Fires some of what is due; answers whether there may be more. */
export async function fireDue(needs: SchedulesNeeds): Promise<boolean> {
  const now = needs.clock.now();
  const { fired, due } = await needs.tables.transaction().execute((transaction) => fireSome(needs, transaction, now));
  if (fired > 0) needs.onDeliveries();
  return due === STEP_RULES;
}

async function fireSome(
  { fire, random }: SchedulesNeeds,
  transaction: Kysely<RulesTables>,
  now: number,
): Promise<{ readonly fired: number; readonly due: number }> {
  let fired = 0;
  const due = await transaction
    .selectFrom("event_schedules")
    .selectAll()
    .where("next_ms", "<=", now)
    .orderBy("next_ms")
    .limit(STEP_RULES)
    .execute();
  for (const { rule_arn, expression, next_ms } of due) {
    if (now - next_ms <= LATE_MS_MAX)
      fired += await fire(transaction, rule_arn, scheduledEvent(rule_arn, next_ms, random));
    const next = nextTime(parseSchedule(expression), now, next_ms) ?? NEVER;
    await transaction.updateTable("event_schedules").set({ next_ms: next }).where("rule_arn", "=", rule_arn).execute();
  }
  return { fired, due: due.length };
}

/** Of a schedule whose years are over. */
const NEVER = Number.MAX_SAFE_INTEGER;

function scheduledEvent(ruleArn: string, dueMs: number, random: Random): BusEvent {
  const bus = parseRuleArn(ruleArn)?.bus;
  const envelope: EventEnvelope = {
    version: "0",
    id: random.uuid(),
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: bus?.account ?? "",
    time: isoSeconds(dueMs),
    region: bus?.region ?? "",
    resources: [ruleArn],
    detail: {},
  };
  return { envelope, text: JSON.stringify(envelope), readOnlyManagement: false, hops: 0 };
}
