import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import { limitExceeded } from "./groups.ts";
import type { LogGroupsSchema } from "./schema.ts";

/** What is measured of an event that matches. In the model's words. */
export interface MetricTransformation {
  readonly metricName: string;
  readonly metricNamespace: string;
  /** A number, or where it stands in the event: `$.bytes`, `$bytes`. */
  readonly metricValue: string;
  readonly defaultValue?: number | undefined;
  /** Names to where their values stand. */
  readonly dimensions?: Readonly<Record<string, string>> | undefined;
  readonly unit?: string | undefined;
}

/** What stands in the tables of a metric filter. */
export interface MetricFilterSettings {
  readonly filterPattern: string;
  readonly metricTransformations: readonly MetricTransformation[];
  readonly applyOnTransformedLogs?: boolean | undefined;
}

export interface SubscriptionFilterSettings {
  readonly filterPattern: string;
  readonly destinationArn: string;
  readonly roleArn?: string | undefined;
  readonly distribution?: string | undefined;
  readonly applyOnTransformedLogs?: boolean | undefined;
}

/** A filter of a group, of either kind. */
export interface Filter<Settings> {
  readonly group: string;
  readonly name: string;
  readonly settings: Settings;
  readonly createdAt: number;
}

type Tables = Kysely<LogGroupsSchema>;
type Table = "log_metric_filters" | "log_subscription_filters";

/** The filters of one kind: their table, how many a group may have, and what it says when one is missing. */
class Filters<Settings> {
  readonly #table: Table;
  readonly #perGroupMax: number;
  readonly #missing: string;

  constructor(table: Table, perGroupMax: number, missing: string) {
    this.#table = table;
    this.#perGroupMax = perGroupMax;
    this.#missing = missing;
  }

  /**
   * Adds a filter, or changes it; the time when it was made stays.
   * @throws {Refusal} `LimitExceededException`.
   */
  async put(tables: Tables, { group, name, settings, createdAt }: Filter<Settings>): Promise<void> {
    const known = await this.list(tables, group);
    if (known.length >= this.#perGroupMax && known.every((filter) => filter.name !== name)) throw limitExceeded();
    const filter = JSON.stringify(settings);
    await tables
      .insertInto(this.#table)
      .values({ group_arn: group, name, filter, created_at: createdAt })
      .onConflict((conflict) => conflict.columns(["group_arn", "name"]).doUpdateSet({ filter }))
      .execute();
  }

  /** By name; of all groups when none is said. */
  async list(tables: Tables, group?: string): Promise<readonly Filter<Settings>[]> {
    let query = tables.selectFrom(this.#table).selectAll().orderBy("name").orderBy("group_arn");
    if (group !== undefined) query = query.where("group_arn", "=", group);
    const rows = await query.execute();
    return rows.map((row) => ({
      group: row.group_arn,
      name: row.name,
      settings: JSON.parse(row.filter) as Settings,
      createdAt: row.created_at,
    }));
  }

  /** @throws {Refusal} `ResourceNotFoundException`. */
  async delete(tables: Tables, group: string, name: string): Promise<void> {
    const { numDeletedRows } = await tables
      .deleteFrom(this.#table)
      .where("group_arn", "=", group)
      .where("name", "=", name)
      .executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) throw new Refusal("ResourceNotFoundException", this.#missing);
  }
}

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html */
export const metricFilters: Filters<MetricFilterSettings> = new Filters(
  "log_metric_filters",
  100,
  "The specified metric filter does not exist.",
);

export const subscriptionFilters: Filters<SubscriptionFilterSettings> = new Filters(
  "log_subscription_filters",
  2,
  "The specified subscription filter does not exist.",
);
