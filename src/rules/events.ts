import type { Kysely } from "kysely";
import type { DeliveriesSchema } from "../deliveries/index.ts";
import type { BusEvent } from "./rule.ts";
import type { RulesSchema } from "./schema.ts";

/** What rules and the ledger share: a match and its deliveries are written in one transaction. */
export type RulesTables = RulesSchema & DeliveriesSchema;

/**
 * Sends an event to the rules of a bus: matches, and writes one delivery per target into the transaction. Archives of the
 * bus get it too, unless it is a replay. Answers how many rules matched.
 */
export type DispatchEvent = (
  transaction: Kysely<RulesTables>,
  busArn: string,
  event: BusEvent,
  only?: DispatchOnly,
) => Promise<number>;

/** Only to these rules; `replayName` when a replay sends it. */
export interface DispatchOnly {
  readonly ruleArns?: readonly string[];
  readonly replayName?: string;
}

/** Writes the deliveries of one rule's targets for an event that it is known to want: what a schedule does. */
export type FireRule = (transaction: Kysely<RulesTables>, ruleArn: string, event: BusEvent) => Promise<number>;

/** Keeps an event in the archives of its bus whose pattern it matches. Written by archives, called by dispatch. */
export type ArchiveEvent = (transaction: Kysely<RulesTables>, busArn: string, event: BusEvent) => Promise<void>;
