import { setImmediate } from "node:timers/promises";
import type { NewDelivery } from "../deliveries/index.ts";
import { type FilterPattern, matchFilter, parseFilterPattern } from "./filter-patterns/index.ts";
import type { Filter, MetricFilterSettings, SubscriptionFilterSettings } from "./filters.ts";
import { parseGroupArn } from "./group-arn.ts";
import type { LogEvent } from "./log-events.ts";
import { Measurements, type MeasuredMetric, measure } from "./measure.ts";
import { subscriptionDeliveries } from "./subscription-payload.ts";

/** Matches between two pauses that others may use. */
const MATCHES_AT_ONCE = 2_000;
const MINUTE_MS = 60_000;

type Compiled<Settings> = Filter<Settings> & {
  readonly pattern: FilterPattern;
  /** The minute for which a default value was told last. */
  defaultMinute?: number;
};

/** The filters of one group, ready to be applied. */
export class GroupFilters {
  readonly #metric: readonly Compiled<MetricFilterSettings>[];
  readonly #subscription: readonly Compiled<SubscriptionFilterSettings>[];

  constructor(
    metric: readonly Filter<MetricFilterSettings>[],
    subscription: readonly Filter<SubscriptionFilterSettings>[],
  ) {
    this.#metric = metric.map(compile);
    this.#subscription = subscription.map(compile);
  }

  /** What the filters make of the events of a stream. Long batches are worked through with pauses. */
  async apply(
    stream: string,
    events: readonly LogEvent[],
  ): Promise<{ readonly metrics: readonly MeasuredMetric[]; readonly deliveries: readonly NewDelivery[] }> {
    const measurements = new Measurements();
    const deliveries: NewDelivery[] = [];
    const pace = paced();
    for (const filter of this.#metric) await measureEvents(filter, events, measurements, pace);
    for (const filter of this.#subscription) {
      const matching: LogEvent[] = [];
      for (const event of events) {
        await pace();
        if (matchFilter(filter.pattern, event.message) !== undefined) matching.push(event);
      }
      deliveries.push(...subscriptionDeliveries(filter, stream, matching));
    }
    return { metrics: measurements.data, deliveries };
  }
}

function compile<Settings extends { readonly filterPattern: string }>(filter: Filter<Settings>): Compiled<Settings> {
  return { ...filter, pattern: parseFilterPattern(filter.settings.filterPattern) };
}

async function measureEvents(
  filter: Compiled<MetricFilterSettings>,
  events: readonly LogEvent[],
  measurements: Measurements,
  pace: () => Promise<void> | void,
): Promise<void> {
  const { account = "", region = "" } = parseGroupArn(filter.group) ?? {};
  for (const transformation of filter.settings.metricTransformations) {
    const { metricNamespace: namespace, metricName: name, unit, defaultValue } = transformation;
    const common = { account, region, namespace, name, ...(unit === undefined ? {} : { unit }) };
    let matched = false;
    for (const event of events) {
      await pace();
      const match = matchFilter(filter.pattern, event.message);
      if (match === undefined) continue;
      matched = true;
      const measured = measure(transformation, event, match.extracted);
      if (measured !== undefined) measurements.add({ ...common, ...measured, timestamp: event.timestamp });
    }
    const last = events.at(-1);
    if (matched || defaultValue === undefined || last === undefined) continue;
    // Once a minute: it says that events came and none of them was meant.
    const minute = Math.floor(last.timestamp / MINUTE_MS);
    if (minute === filter.defaultMinute) continue;
    filter.defaultMinute = minute;
    measurements.add({ ...common, dimensions: {}, timestamp: last.timestamp, value: defaultValue });
  }
}

function paced(): () => Promise<void> | void {
  let matches = 0;
  return () => {
    matches += 1;
    if (matches % MATCHES_AT_ONCE === 0) return setImmediate();
  };
}
