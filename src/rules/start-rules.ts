import type { Kysely } from "kysely";
import type { Clock } from "../core/index.ts";
import type { AddDeliveries, Transport } from "../deliveries/index.ts";
import type { Journal } from "../journal/index.ts";
import type { AuditRecord } from "../record/index.ts";
import { busTransport } from "./bus-transport.ts";
import { type Archives, Dispatcher } from "./dispatch.ts";
import type { DispatchEvent, FireRule, RulesTables } from "./events.ts";
import { RuleSet } from "./rule-set.ts";
import { type RulesLog, RulesReader } from "./rules-reader.ts";

export interface RulesNeeds {
  readonly journal: Pick<Journal, "head" | "read" | "subscribe">;
  readonly tables: Kysely<RulesTables>;
  readonly clock: Clock;
  readonly log: RulesLog;
  readonly addDeliveries: AddDeliveries;
  /** Deliveries were committed. */
  readonly onDeliveries: () => void;
  /** How many deliveries caused each other up to the recorded call; 0 when none did. */
  readonly hopsOf: (record: AuditRecord) => number;
  /** A loop was broken: the rule's targets cause the events that it matches. */
  readonly onLoop: (ruleArn: string) => void;
  readonly archives?: Archives | undefined;
}

/** What others of OpenTrail do with rules. */
export interface Rules {
  readonly dispatch: DispatchEvent;
  readonly fire: FireRule;
  /** The transport of kind `bus`. */
  readonly transport: Transport;
  /** Rules or targets have changed, or will have once the transaction under way commits. */
  changed(): void;
  stats(): RulesStats;
  /** What was read is sent; the place is kept. */
  close(): Promise<void>;
}

/** `matched`, `loopsBroken` and `skipped` count since the start. */
export interface RulesStats {
  /** Everything recorded below went to the rules. */
  readonly place: number;
  readonly lagRecords: number;
  /** Rules that are switched on. */
  readonly rules: number;
  /** How many times a rule wanted an event. */
  readonly matched: number;
  /** Deliveries that were not made, since too many had caused each other. */
  readonly loopsBroken: number;
  /** Records that could be no event: malformed, or larger than 256 KB. */
  readonly skipped: number;
}

/**
 * Reads the rules, and from then on sends to them what is recorded. What goes wrong later is told to `log` and tried again.
 * @throws {Failure} when the tables cannot be read.
 */
export async function startRules(needs: RulesNeeds): Promise<Rules> {
  const rules = await RuleSet.open(needs.tables, (ruleArn, why) =>
    needs.log.warn({ ruleArn, why }, "a stored rule cannot be used"),
  );
  const dispatcher = new Dispatcher({ ...needs, rules });
  const reader = new RulesReader({ ...needs, rules, dispatcher });
  await reader.start();
  const { dispatch, fire } = dispatcher;
  return {
    dispatch,
    fire,
    transport: busTransport({ ...needs, dispatch }),
    changed: () => rules.changed(),
    stats: () => ({
      place: reader.position,
      lagRecords: needs.journal.head - reader.position,
      rules: rules.size,
      matched: dispatcher.matched,
      loopsBroken: dispatcher.loopsBroken,
      skipped: reader.skipped,
    }),
    close: () => reader.close(),
  };
}
