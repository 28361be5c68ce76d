import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import type { AlarmQuery, Place } from "./alarm.ts";
import { evaluate, FILL_WORDS, type Scope, type Series, type Value } from "./expression.ts";
import { type Expression, ExpressionError, parseExpression } from "./expression-parser.ts";
import { dimensionsKey, type MetricKey } from "./metric.ts";
import { metricIds, readSeries, type SeriesRange } from "./metric-rows.ts";
import type { AlarmsSchema } from "./schema.ts";
import { parseStatistic, type Statistic } from "./statistic.ts";

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html */
const ID = /^[a-z][a-zA-Z0-9_]{0,254}$/;

/** Queries of one call or one alarm, checked; what depends on others comes after them. */
export interface QueryPlan {
  readonly steps: readonly QueryStep[];
}

interface StepBase {
  /** Its place among the queries as they were asked. */
  readonly index: number;
  readonly id: string;
  readonly label: string | undefined;
  readonly returned: boolean;
  readonly periodS: number;
}

type QueryStep = StepBase &
  (
    | { readonly key: MetricKey; readonly unit: string | undefined; readonly statistic: Statistic }
    | { readonly expression: Expression; readonly text: string }
  );

/** The metrics that a plan reads. */
export function metricsOf({ steps }: QueryPlan): readonly MetricKey[] {
  return steps.flatMap((step) => ("key" in step ? [step.key] : []));
}

/**
 * Checks queries and brings them in order.
 * @throws {Refusal} `ValidationError` for what is no query, or asks for what we do not have.
 */
export function planQueries(place: Place, queries: readonly AlarmQuery[]): QueryPlan {
  const byId = new Map(queries.map((query) => [query.Id, query]));
  if (byId.size < queries.length) throw invalid("The values for parameter id in MetricDataQueries are not unique.");
  const parsed = new Map<string, Expression>();
  for (const query of queries) {
    checkQuery(query);
    if (query.Expression !== undefined) parsed.set(query.Id, parsedExpression(query.Id, query.Expression));
  }
  const periods = queries.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Period]));
  const longest = Math.max(...periods, 0);
  const steps = inOrder(queries, parsed).map((query): QueryStep => {
    const base = {
      index: queries.indexOf(query),
      id: query.Id,
      label: query.Label,
      returned: query.ReturnData ?? true,
    };
    const expression = parsed.get(query.Id);
    if (expression !== undefined) {
      const periodS = query.Period ?? longest;
      if (periodS === 0)
        throw invalid(`Error in expression '${query.Id}': it has no period and no metric to take it from`);
      return { ...base, periodS, expression, text: query.Expression ?? "" };
    }
    return { ...base, ...metricStep(place, query) };
  });
  return { steps };
}

function invalid(message: string): Refusal {
  return new Refusal("ValidationError", message);
}

function checkQuery({ Id, MetricStat, Expression: text }: AlarmQuery): void {
  if (!ID.test(Id))
    throw invalid(`The value ${Id} for parameter id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`);
  if ((MetricStat === undefined) === (text === undefined)) {
    throw invalid(`Exactly one of MetricStat and Expression must be specified for ${Id}.`);
  }
}

function metricStep(
  place: Place,
  { Id, MetricStat }: AlarmQuery,
): Omit<Extract<QueryStep, { key: MetricKey }>, keyof StepBase> & Pick<StepBase, "periodS"> {
  const statistic = parseStatistic(MetricStat?.Stat ?? "");
  if (MetricStat === undefined || statistic === undefined) {
    throw invalid(`The value ${MetricStat?.Stat} for parameter Stat of ${Id} is not supported.`);
  }
  const { Namespace, MetricName, Dimensions = [] } = MetricStat.Metric;
  const dimensions = dimensionsKey(Dimensions.map(({ Name, Value }) => [Name, Value] as const));
  const key = { ...place, namespace: Namespace, name: MetricName, dimensions };
  return { key, unit: MetricStat.Unit, statistic, periodS: MetricStat.Period };
}

function parsedExpression(id: string, text: string): Expression {
  return telling(id, () => parseExpression(text));
}

/** Errors of an expression are the caller's. */
function telling<Result>(id: string, compute: () => Result): Result {
  try {
    return compute();
  } catch (thrown) {
    if (thrown instanceof ExpressionError) throw invalid(`Error in expression '${id}': ${thrown.message}`);
    throw thrown;
  }
}

/** Metrics first, then expressions, each after those that it names. */
function inOrder(queries: readonly AlarmQuery[], parsed: ReadonlyMap<string, Expression>): readonly AlarmQuery[] {
  const done = new Set<string>();
  const ordered: AlarmQuery[] = [];
  let waiting = queries.filter(({ Id }) => parsed.has(Id));
  for (const query of queries) {
    if (parsed.has(query.Id)) continue;
    done.add(query.Id);
    ordered.push(query);
  }
  while (waiting.length > 0) {
    const ready = waiting.filter(({ Id }) => namesIn(parsed.get(Id)).every((name) => done.has(name)));
    const [stuck] = waiting;
    if (ready.length === 0 && stuck !== undefined) {
      const missing = namesIn(parsed.get(stuck.Id)).find((name) => !done.has(name));
      throw invalid(`Error in expression '${stuck.Id}': there is no ${missing}, or it depends on itself`);
    }
    for (const { Id } of ready) done.add(Id);
    ordered.push(...ready);
    waiting = waiting.filter(({ Id }) => !done.has(Id));
  }
  return ordered;
}

function namesIn(expression: Expression | undefined): readonly string[] {
  switch (expression?.kind) {
    case "name":
      return FILL_WORDS.includes(expression.name) ? [] : [expression.name];
    case "call":
      return expression.args.flatMap(namesIn);
    case "list":
      return expression.items.flatMap(namesIn);
    case "negate":
      return namesIn(expression.operand);
    case "binary":
      return [...namesIn(expression.left), ...namesIn(expression.right)];
    case "number":
    case "text":
    case undefined:
      return [];
  }
}

/** What a query answers; one whose value is a list of time series answers with several. */
export interface QueryResult {
  readonly id: string;
  readonly label: string;
  /** By the start of the period, ascending. */
  readonly series: Series;
  /** Samples per period, for queries of a metric. */
  readonly samples: ReadonlyMap<number, number>;
}

/**
 * Runs a plan. `rangeOf` gives the windows for a period.
 * @throws {Refusal} `ValidationError` when an expression cannot be computed.
 */
export async function runQueries(
  tables: Kysely<AlarmsSchema>,
  { steps }: QueryPlan,
  rangeOf: (periodS: number) => SeriesRange,
): Promise<readonly QueryResult[]> {
  const values = new Map<string, Value>();
  const measured: { readonly id: string; readonly label: string; readonly series: Series }[] = [];
  const results: (readonly [index: number, results: readonly QueryResult[]])[] = [];
  let work = 0;
  for (const step of steps) {
    const range = rangeOf(step.periodS);
    let samples: ReadonlyMap<number, number> = new Map();
    let value: Value;
    if ("key" in step) {
      const found = await readMetric(tables, step, range);
      const label = step.label ?? step.key.name;
      samples = found.samples;
      value = { kind: "series", label, series: found.series };
      measured.push({ id: step.id, label, series: found.series });
    } else {
      work += workOf(step.expression, measured.length) * ((range.to - range.from) / (range.periodS * 1000));
      if (work > WORK_MAX) throw invalid(`Error in expression '${step.id}': there is too much to compute`);
      value = telling(step.id, () => evaluate(step.expression, scopeOf(values, measured, range)));
    }
    values.set(step.id, value);
    if (step.returned) results.push([step.index, resultsOf(step, value, samples)]);
  }
  return results.toSorted(([one], [other]) => one - other).flatMap(([, found]) => found);
}

/** Datapoints that the expressions of a call may touch together: about a second of work. */
const WORK_MAX = 10_000_000;

/** How many datapoints an expression touches at most for each period; `metrics` stand behind `METRICS()`. */
function workOf(expression: Expression, metrics: number): number {
  const within = (parts: readonly Expression[]): number => parts.reduce((sum, part) => sum + workOf(part, metrics), 1);
  switch (expression.kind) {
    case "call":
      return expression.name === "METRICS" ? metrics : within(expression.args);
    case "list":
      return within(expression.items);
    case "negate":
      return within([expression.operand]);
    case "binary":
      return within([expression.left, expression.right]);
    case "name":
    case "number":
    case "text":
      return 1;
  }
}

async function readMetric(
  tables: Kysely<AlarmsSchema>,
  { key, unit, statistic }: Extract<QueryStep, { key: MetricKey }>,
  range: SeriesRange,
): Promise<{ readonly series: Series; readonly samples: ReadonlyMap<number, number> }> {
  const ids = (await metricIds(tables, key, unit)).map(({ id }) => id);
  const series = new Map<number, number>();
  const samples = new Map<number, number>();
  for (const [start, summary] of await readSeries(tables, ids, range)) {
    const value = statistic.of(summary);
    if (value === undefined) continue;
    series.set(start, value);
    samples.set(start, summary.samples);
  }
  return { series, samples };
}

function scopeOf(
  values: ReadonlyMap<string, Value>,
  measured: readonly { readonly id: string; readonly label: string; readonly series: Series }[],
  { from, to, periodS }: SeriesRange,
): Scope {
  const count = Math.ceil((to - from) / (periodS * 1000));
  return {
    valueOf: (id) => {
      const value = values.get(id);
      if (value === undefined) throw new ExpressionError(`there is no ${id}`);
      return value;
    },
    metrics: (named) => measured.filter(({ id }) => named === undefined || id.includes(named)),
    get times() {
      return Array.from({ length: count }, (_, index) => from + index * periodS * 1000);
    },
    periodS,
  };
}

function resultsOf(step: QueryStep, value: Value, samples: ReadonlyMap<number, number>): readonly QueryResult[] {
  const { id, label } = step;
  switch (value.kind) {
    case "scalar":
      throw invalid(`Error in expression '${id}': it answers a number where a time series is needed`);
    case "series":
      return [{ id, label: label ?? ("text" in step ? id : value.label), series: value.series, samples }];
    case "list":
      return value.items.map((item) => ({
        id,
        label: label === undefined ? item.label : `${label} ${item.label}`,
        series: item.series,
        samples,
      }));
  }
}
