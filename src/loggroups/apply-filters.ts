import { setImmediate } from "node:timers/promises";
import type { NewDelivery } from "../deliveries/index.ts";
import { type FilterPattern, Message, matchesFilter, parseFilterPattern } from "./filter-patterns/index.ts";
import type { Filter, MetricFilterSettings, MetricTransformation, SubscriptionFilterSettings } from "./filters.ts";
import { parseGroupArn } from "./group-arn.ts";
import type { LogEvent } from "./log-events.ts";
import {
  type CompiledTransformation,
  compileTransformation,
  Measurements,
  type MeasuredMetric,
  measure,
} from "./measure.ts";
import { subscriptionDeliveries } from "./subscription-payload.ts";

/** Matches between two pauses that others may use. */
const MATCHES_AT_ONCE = 2_000;
const MINUTE_MS = 60_000;

/** The filters of one group, ready to be applied. */
export class GroupFilters {
  readonly #metric: readonly MetricFilter[];
  readonly #subscription: readonly SubscriptionFilter[];

  constructor(
    metric: readonly Filter<MetricFilterSettings>[],
    subscription: readonly Filter<SubscriptionFilterSettings>[],
  ) {
    this.#metric = metric.flatMap(metricFiltersOf);
    this.#subscription = subscription.map((filter) => ({ filter, pattern: patternOf(filter) }));
  }

  /** What the filters make of the events of a stream. Long batches are worked through with pauses. */
  async apply(
    stream: string,
    events: readonly LogEvent[],
  ): Promise<{ readonly metrics: readonly MeasuredMetric[]; readonly deliveries: readonly NewDelivery[] }> {
    const measurements = new Measurements();
    const matched = new Set<MetricFilter>();
    const subscribed = new Map(this.#subscription.map((each) => [each, [] as LogEvent[]]));
    let matches = 0;
    for (const event of events) {
      const message = new Message(event.message);
      for (const filter of this.#metric) {
        if (!matchesFilter(filter.pattern, message)) continue;
        matched.add(filter);
        const measured = measure(filter.compiled, message);
        if (measured !== undefined) measurements.add({ ...filter.common, ...measured, timestamp: event.timestamp });
      }
      for (const [{ pattern }, found] of subscribed) if (matchesFilter(pattern, message)) found.push(event);
      matches += this.#metric.length + subscribed.size;
      if (matches < MATCHES_AT_ONCE) continue;
      matches = 0;
      await setImmediate();
    }
    for (const filter of this.#metric) if (!matched.has(filter)) addDefault(filter, events, measurements);
    return {
      metrics: measurements.data,
      deliveries: [...subscribed].flatMap(([{ filter }, found]) => subscriptionDeliveries(filter, stream, found)),
    };
  }
}

interface SubscriptionFilter {
  readonly filter: Filter<SubscriptionFilterSettings>;
  readonly pattern: FilterPattern;
}

interface MetricFilter {
  readonly pattern: FilterPattern;
  readonly compiled: CompiledTransformation;
  readonly defaultValue: number | undefined;
  readonly common: Pick<MeasuredMetric, "account" | "region" | "namespace" | "name" | "unit">;
  /** The minute for which a default value was told last. */
  defaultMinute?: number;
}

function metricFiltersOf(filter: Filter<MetricFilterSettings>): readonly MetricFilter[] {
  const pattern = patternOf(filter);
  return filter.settings.metricTransformations.flatMap((transformation) => {
    const compiled = compileTransformation(pattern, transformation);
    const { defaultValue } = transformation;
    // What could not be compiled was refused when the filter was made.
    return compiled === undefined
      ? []
      : [{ pattern, compiled, defaultValue, common: commonOf(filter.group, transformation) }];
  });
}

function patternOf({ settings }: Filter<{ readonly filterPattern: string }>): FilterPattern {
  return parseFilterPattern(settings.filterPattern);
}

function commonOf(group: string, { metricNamespace, metricName, unit }: MetricTransformation): MetricFilter["common"] {
  const { account = "", region = "" } = parseGroupArn(group) ?? {};
  return { account, region, namespace: metricNamespace, name: metricName, ...(unit === undefined ? {} : { unit }) };
}

/** Once a minute: it says that events came and none of them was meant. */
function addDefault(filter: MetricFilter, events: readonly LogEvent[], measurements: Measurements): void {
  const last = events.at(-1);
  if (filter.defaultValue === undefined || last === undefined) return;
  const minute = Math.floor(last.timestamp / MINUTE_MS);
  if (minute === filter.defaultMinute) return;
  filter.defaultMinute = minute;
  measurements.add({ ...filter.common, dimensions: {}, timestamp: last.timestamp, value: filter.defaultValue });
}
