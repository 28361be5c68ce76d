import { setImmediate as nextTurn } from "node:timers/promises";
import type { Kysely } from "kysely";
import { type EventPattern, parseEventPattern, PatternError, PatternIndex } from "../patterns/index.ts";
import type { BusEvent, Rule, Target } from "./rule.ts";
import { type ActiveRule, compileRule } from "./rule-deliveries.ts";
import { TablesFailure } from "../store/index.ts";
import type { RulesSchema } from "./schema.ts";

/** Told of every stored rule that cannot be used. */
export type ReportBroken = (ruleArn: string, why: string) => void;

/** Rules that are read at a time. */
const READ_RULES = 200;

/** The patterns of a bus. Most events only read, and most rules do not see those: they are asked in an index of their own. */
class BusPatterns {
  readonly enabled: PatternIndex<string> = new PatternIndex<string>();
  readonly seeingReads: PatternIndex<string> = new PatternIndex<string>();

  match({ envelope, readOnlyManagement }: BusEvent): readonly string[] {
    const found = this.seeingReads.size === 0 ? [] : this.seeingReads.match(envelope);
    if (readOnlyManagement || this.enabled.size === 0) return found;
    return [...found, ...this.enabled.match(envelope)];
  }
}

type Tables = Kysely<RulesSchema>;

/**
 * The rules that are switched on, compiled and kept in memory. After `changed()` the next `freshen()` reads what changed,
 * and nothing else.
 */
export class RuleSet {
  readonly #report: ReportBroken;
  readonly #rules = new Map<string, ActiveRule>();
  /** By bus ARN. */
  readonly #buses = new Map<string, BusPatterns>();
  readonly #everywhere = new BusPatterns();
  #patterns = 0;
  /** The newest change that was read. */
  #seen = 0;
  /** How often rules were said to have changed, and how many of these times were read. */
  #changes = 0;
  #changesRead = 0;

  /** @throws {Failure} when the tables cannot be read. */
  static async open(tables: Tables, report: ReportBroken): Promise<RuleSet> {
    const rules = new RuleSet(report);
    await rules.#readAll(tables);
    return rules;
  }

  private constructor(report: ReportBroken) {
    this.#report = report;
  }

  /** How many rules are switched on. */
  get size(): number {
    return this.#rules.size;
  }

  /** Whether any rule waits for events. */
  get matchesAny(): boolean {
    return this.#patterns > 0;
  }

  get(ruleArn: string): ActiveRule | undefined {
    return this.#rules.get(ruleArn);
  }

  /**
   * The rules of the bus that want the event. Those that see every bus are asked about what was recorded, once: on the bus
   * that it comes to first.
   */
  match(busArn: string, event: BusEvent): readonly ActiveRule[] {
    const found = [...(this.#buses.get(busArn)?.match(event) ?? [])];
    if (event.sequence !== undefined) found.push(...this.#everywhere.match(event));
    return found.flatMap((ruleArn) => this.#rules.get(ruleArn) ?? []);
  }

  /** Rules have changed, or will have once the transaction under way commits. */
  changed(): void {
    this.#changes += 1;
  }

  /**
   * Reads what changed. In a transaction that changes rules itself it must not be called: were that rolled back, what is
   * kept here would be wrong.
   * @throws {Failure} when the tables cannot be read; the next call tries again.
   */
  async freshen(tables: Tables): Promise<void> {
    const changes = this.#changes;
    if (this.#changesRead >= changes) return;
    // In a transaction nobody else reads or changes rules in between: what is older never comes over what is newer.
    if (tables.isTransaction) await this.#readChanges(tables);
    else await tables.transaction().execute((transaction) => this.#readChanges(transaction));
    this.#changesRead = Math.max(this.#changesRead, changes);
  }

  async #readAll(tables: Tables): Promise<void> {
    const newest = await tables
      .selectFrom("event_rule_changes")
      .select(({ fn }) => fn.max("change_id").as("id"))
      .executeTakeFirst();
    this.#seen = newest?.id ?? 0;
    await this.#forgetRead(tables);
    for (let after = ""; ; ) {
      const rows = await tables
        .selectFrom("event_rules")
        .select("rule_arn")
        .where("rule_arn", ">", after)
        .orderBy("rule_arn")
        .limit(READ_RULES)
        .execute();
      const last = rows.at(-1);
      if (last === undefined) return;
      await this.#read(
        tables,
        rows.map((row) => row.rule_arn),
      );
      after = last.rule_arn;
      await nextTurn();
    }
  }

  /** Nobody else asks for what changed before. A full disk keeps no server from starting: the next start forgets more. */
  async #forgetRead(tables: Tables): Promise<void> {
    try {
      await tables.deleteFrom("event_rule_changes").where("change_id", "<=", this.#seen).execute();
    } catch (thrown) {
      if (!(thrown instanceof TablesFailure)) throw thrown;
    }
  }

  async #readChanges(tables: Tables): Promise<void> {
    for (;;) {
      const rows = await tables
        .selectFrom("event_rule_changes")
        .selectAll()
        .where("change_id", ">", this.#seen)
        .orderBy("change_id")
        .limit(READ_RULES)
        .execute();
      const last = rows.at(-1);
      if (last === undefined) return;
      await this.#read(tables, [...new Set(rows.map((row) => row.rule_arn))]);
      this.#seen = Math.max(this.#seen, last.change_id);
    }
  }

  async #read(tables: Tables, arns: readonly string[]): Promise<void> {
    const rules = await tables.selectFrom("event_rules").select("rule").where("rule_arn", "in", arns).execute();
    const targets = await tables
      .selectFrom("event_targets")
      .select(["rule_arn", "target"])
      .where("rule_arn", "in", arns)
      .orderBy("rule_arn")
      .orderBy("position")
      .execute();
    const targetsOf = Map.groupBy(targets, (row) => row.rule_arn);
    for (const arn of arns) this.#remove(arn);
    for (const row of rules) {
      const rule = JSON.parse(row.rule) as Rule;
      const own = (targetsOf.get(rule.arn) ?? []).map(({ target }) => JSON.parse(target) as Target);
      this.#add(rule, own);
    }
  }

  #add(rule: Rule, targets: readonly Target[]): void {
    if (rule.state === "DISABLED") return;
    const pattern = this.#patternOf(rule);
    this.#rules.set(rule.arn, compileRule(rule, targets));
    if (pattern === undefined) return;
    const patterns = rule.everywhere ? this.#everywhere : this.#patternsOf(rule.busArn);
    const index = rule.state === "ENABLED" ? patterns.enabled : patterns.seeingReads;
    index.set(rule.arn, pattern);
    this.#patterns += 1;
  }

  #remove(ruleArn: string): void {
    const active = this.#rules.get(ruleArn);
    if (active === undefined) return;
    this.#rules.delete(ruleArn);
    if (active.rule.eventPattern === undefined) return;
    const { busArn, everywhere } = active.rule;
    const patterns = everywhere ? this.#everywhere : this.#patternsOf(busArn);
    const before = patterns.enabled.size + patterns.seeingReads.size;
    patterns.enabled.delete(ruleArn);
    patterns.seeingReads.delete(ruleArn);
    const left = patterns.enabled.size + patterns.seeingReads.size;
    this.#patterns -= before - left;
    if (!everywhere && left === 0) this.#buses.delete(busArn);
  }

  #patternsOf(busArn: string): BusPatterns {
    const known = this.#buses.get(busArn);
    if (known !== undefined) return known;
    const patterns = new BusPatterns();
    this.#buses.set(busArn, patterns);
    return patterns;
  }

  #patternOf({ arn, eventPattern }: Rule): EventPattern | undefined {
    if (eventPattern === undefined) return undefined;
    try {
      return parseEventPattern(eventPattern);
    } catch (thrown) {
      if (!(thrown instanceof PatternError)) throw thrown;
      this.#report(arn, thrown.message);
      return undefined;
    }
  }
}
