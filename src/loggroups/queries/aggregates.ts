import { Quantiles } from "./quantiles.ts";
import type { QueryMemory } from "./query-memory.ts";
import { detached, naturalOrder, numberOf, type SortValue, sortValue, textOf, type Value } from "./values.ts";

/** What an aggregate has gathered of one group. */
export interface Accumulator {
  /** `timestamp` is the row's, in milliseconds since 1970; undefined for rows that have none. */
  add(args: readonly Value[], timestamp: number | undefined): void;
  result(): Value;
}

export interface Aggregate {
  readonly min: number;
  readonly max: number;
  start(memory: QueryMemory): Accumulator;
}

/** By name in lower case. @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html */
export const AGGREGATES: ReadonlyMap<string, Aggregate> = new Map<string, Aggregate>([
  ["count", { min: 0, max: 1, start: count }],
  ["count_distinct", { min: 1, max: 1, start: countDistinct }],
  ["sum", onNumbers((numbers) => (numbers.count === 0 ? undefined : numbers.sum))],
  ["avg", onNumbers((numbers) => (numbers.count === 0 ? undefined : numbers.sum / numbers.count))],
  ["stddev", onNumbers((numbers) => (numbers.count === 0 ? undefined : Math.sqrt(numbers.squares / numbers.count)))],
  ["min", { min: 1, max: 1, start: (memory) => extreme(memory, (order) => order < 0) }],
  ["max", { min: 1, max: 1, start: (memory) => extreme(memory, (order) => order > 0) }],
  ["sortsfirst", { min: 1, max: 1, start: (memory) => extreme(memory, (order) => order < 0) }],
  ["sortslast", { min: 1, max: 1, start: (memory) => extreme(memory, (order) => order > 0) }],
  ["earliest", { min: 1, max: 1, start: (memory) => byTime(memory, (time, best) => time < best) }],
  ["latest", { min: 1, max: 1, start: (memory) => byTime(memory, (time, best) => time >= best) }],
  ["pct", { min: 2, max: 2, start: percentile }],
  ["median", { min: 1, max: 1, start: percentile }],
]);

/** Rows, or those of them that have the field. */
function count(): Accumulator {
  let rows = 0;
  return {
    add: (args) => {
      if (args.length === 0 || args[0] !== undefined) rows++;
    },
    result: () => rows,
  };
}

function countDistinct(memory: QueryMemory): Accumulator {
  const seen = new Set<string>();
  return {
    add: ([value]) => {
      const text = textOf(value);
      if (text === undefined || seen.has(text)) return;
      memory.keepText(text);
      seen.add(detached(text));
    },
    result: () => seen.size,
  };
}

/** `squares` is the sum of squared distances from the mean, kept as the mean moves (Welford). */
interface Numbers {
  count: number;
  sum: number;
  mean: number;
  squares: number;
}

function onNumbers(result: (numbers: Numbers) => Value): Aggregate {
  return {
    min: 1,
    max: 1,
    start: () => {
      const numbers: Numbers = { count: 0, sum: 0, mean: 0, squares: 0 };
      return {
        add: ([value]) => {
          const number = numberOf(value);
          if (number === undefined) return;
          numbers.count++;
          numbers.sum += number;
          const distance = number - numbers.mean;
          numbers.mean += distance / numbers.count;
          numbers.squares += distance * (number - numbers.mean);
        },
        result: () => result(numbers),
      };
    },
  };
}

function extreme(memory: QueryMemory, wins: (order: number) => boolean): Accumulator {
  let best: Value;
  let bestOrder: SortValue = {};
  return {
    add: ([value]) => {
      if (value === undefined) return;
      const order = sortValue(value);
      if (best !== undefined && !wins(naturalOrder(order, bestOrder))) return;
      memory.replace(best, value);
      bestOrder = order;
      best = detached(value);
    },
    result: () => best,
  };
}

function byTime(memory: QueryMemory, wins: (time: number, best: number) => boolean): Accumulator {
  let best: { readonly time: number; readonly value: Value } | undefined;
  return {
    add: ([value], time = 0) => {
      if (value === undefined || (best !== undefined && !wins(time, best.time))) return;
      memory.replace(best?.value, value);
      best = { time, value: detached(value) };
    },
    result: () => best?.value,
  };
}

function percentile(memory: QueryMemory): Accumulator {
  const quantiles = new Quantiles();
  let percent = 50;
  return {
    add: ([value, wanted]) => {
      percent = numberOf(wanted) ?? percent;
      const number = numberOf(value);
      if (number === undefined) return;
      if (quantiles.add(number)) memory.keep(8);
    },
    result: () => quantiles.at(percent),
  };
}
