import type { Kysely } from "kysely";
import type { Clock } from "../core/index.ts";
import type { AddDeliveries, NewDelivery } from "../deliveries/index.ts";
import type { ArchiveEvent, DispatchEvent, FireRule, RulesTables } from "./events.ts";
import type { BusEvent } from "./rule.ts";
import { type ActiveRule, deliveriesOf, HOPS_MAX } from "./rule-deliveries.ts";
import type { RuleSet } from "./rule-set.ts";

/** Archives, as far as events come to them. */
export interface Archives {
  /** Whether any archive of the bus may want the event: asked for every event, so from memory. */
  wants(busArn: string, event: BusEvent): boolean;
  readonly archive: ArchiveEvent;
}

export interface DispatcherNeeds {
  readonly rules: RuleSet;
  readonly addDeliveries: AddDeliveries;
  readonly archives?: Archives | undefined;
  readonly clock: Clock;
  /** A loop was broken: the rule's targets cause the events that it matches. */
  readonly onLoop: (ruleArn: string) => void;
}

/** Rows that are written at a time. */
const WRITE_DELIVERIES = 500;

/** Within this time a loop comes back, once it has gone round often enough to be one. */
const LOOP_MS_MAX = 15 * 60_000;

/** Sends events to rules: decides which want them, and writes what is to be delivered. */
export class Dispatcher {
  readonly #needs: DispatcherNeeds;
  /** How many times a rule wanted an event, and how many deliveries were not made since they caused each other. */
  matched = 0;
  loopsBroken = 0;
  /** When rules had deliveries last, by ARN: only what a rule did itself can come back to it. */
  readonly #delivered = new Map<string, number>();

  constructor(needs: DispatcherNeeds) {
    this.#needs = needs;
  }

  readonly dispatch: DispatchEvent = async (transaction, busArn, event, only = {}) => {
    const { rules, archives } = this.#needs;
    await rules.freshen(transaction);
    const { ruleArns, replayName } = only;
    const matching = rules.match(busArn, event).filter(({ rule }) => ruleArns?.includes(rule.arn) ?? true);
    await this.write(transaction, this.deliveriesOf(matching, event));
    if (replayName === undefined && archives?.wants(busArn, event) === true) {
      await archives.archive(transaction, busArn, event);
    }
    return matching.length;
  };

  readonly fire: FireRule = async (transaction, ruleArn, event) => {
    await this.#needs.rules.freshen(transaction);
    const rule = this.#needs.rules.get(ruleArn);
    if (rule === undefined) return 0;
    const deliveries = this.deliveriesOf([rule], event);
    await this.write(transaction, deliveries);
    return deliveries.length;
  };

  /** What the rules' targets shall get; nothing once too many deliveries caused each other. */
  deliveriesOf(matching: readonly ActiveRule[], event: BusEvent): readonly NewDelivery[] {
    this.matched += matching.length;
    const now = this.#needs.clock.now();
    return matching.flatMap((active) => {
      const deliveries = deliveriesOf(active, event, now);
      if (deliveries.length === 0) return [];
      if (event.hops < HOPS_MAX || !this.#mayLoop(active, now)) {
        this.#note(active, now);
        return deliveries;
      }
      this.loopsBroken += deliveries.length;
      this.#needs.onLoop(active.rule.arn);
      return [];
    });
  }

  /**
   * Whether a loop can go through the rule. Who receives deliveries of one rule can make calls that look like its loop, and
   * would blind all others by them: so a rule is asked for what it did itself. OpenTrail's own rules cause no calls that
   * they match, and are never silent.
   */
  #mayLoop({ rule }: ActiveRule, now: number): boolean {
    if (rule.managedBy !== undefined) return false;
    return now - (this.#delivered.get(rule.arn) ?? -Infinity) <= LOOP_MS_MAX;
  }

  #note({ rule }: ActiveRule, now: number): void {
    // In the order of time, so that what is too old stands first.
    this.#delivered.delete(rule.arn);
    this.#delivered.set(rule.arn, now);
    for (const [arn, at] of this.#delivered) {
      if (now - at <= LOOP_MS_MAX) break;
      this.#delivered.delete(arn);
    }
  }

  async write(transaction: Kysely<RulesTables>, deliveries: readonly NewDelivery[]): Promise<void> {
    const now = this.#needs.clock.now();
    for (let from = 0; from < deliveries.length; from += WRITE_DELIVERIES) {
      await this.#needs.addDeliveries(transaction, deliveries.slice(from, from + WRITE_DELIVERIES), now);
    }
  }
}
