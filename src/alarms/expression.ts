import { type Expression, ExpressionError, type Operator } from "./expression-parser.ts";

/** Values by the start of their period, ascending. */
export type Series = ReadonlyMap<number, number>;

export type Value =
  | { readonly kind: "scalar"; readonly value: number }
  | { readonly kind: "series"; readonly label: string; readonly series: Series }
  | { readonly kind: "list"; readonly items: readonly { readonly label: string; readonly series: Series }[] };

/** What an expression is computed in. */
export interface Scope {
  /** The value of another query. @throws {ExpressionError} when there is none. */
  valueOf(id: string): Value;
  /** What is measured, of all queries of metrics. `named`: only those whose id contains it. */
  metrics(named: string | undefined): readonly { readonly label: string; readonly series: Series }[];
  /** The starts of all periods asked for. */
  readonly times: readonly number[];
  readonly periodS: number;
}

type Scalar = (value: number) => number;
type Labelled = { readonly label: string; readonly series: Series };

const OPERATORS: Readonly<Record<Operator, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "^": (left, right) => left ** right,
  "<": (left, right) => Number(left < right),
  ">": (left, right) => Number(left > right),
  "<=": (left, right) => Number(left <= right),
  ">=": (left, right) => Number(left >= right),
  "==": (left, right) => Number(left === right),
  "!=": (left, right) => Number(left !== right),
  AND: (left, right) => Number(left !== 0 && right !== 0),
  OR: (left, right) => Number(left !== 0 || right !== 0),
};

/** One number out of many: of a series over time, of several series at each time. */
const AGGREGATES: Readonly<Record<string, (values: readonly number[]) => number>> = {
  SUM: (values) => values.reduce((sum, value) => sum + value, 0),
  AVG: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  MIN: (values) => values.reduce((least, value) => Math.min(least, value)),
  MAX: (values) => values.reduce((most, value) => Math.max(most, value)),
};

const EACH: Readonly<Record<string, Scalar>> = { ABS: Math.abs, CEIL: Math.ceil, FLOOR: Math.floor };

const FUNCTIONS: Readonly<Record<string, (args: readonly Expression[], scope: Scope) => Value>> = {
  METRICS: (args, scope) => {
    const [named] = args;
    if (args.length > 1 || (named !== undefined && named.kind !== "text")) throw wrongArguments("METRICS");
    return { kind: "list", items: scope.metrics(named?.value) };
  },
  PERIOD: (args, scope) => {
    single("PERIOD", args, scope);
    return { kind: "scalar", value: scope.periodS };
  },
  FILL: (args, scope) => fill(args, scope),
  RATE: (args, scope) => overTime("RATE", args, scope, (change, seconds) => change / seconds),
  DIFF: (args, scope) => overTime("DIFF", args, scope, (change) => change),
  IF: (args, scope) => choose(args, scope),
};

/** @throws {ExpressionError} for functions that we do not have, and values that do not go together. */
export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case "number":
      return { kind: "scalar", value: expression.value };
    case "text":
      throw new ExpressionError(`a text is no value: "${expression.value}"`);
    case "name":
      return scope.valueOf(expression.name);
    case "list":
      return { kind: "list", items: expression.items.flatMap((item) => seriesIn(evaluate(item, scope))) };
    case "negate":
      return mapValue(evaluate(expression.operand, scope), (value) => -value);
    case "binary": {
      const compute = OPERATORS[expression.operator];
      return combine(evaluate(expression.left, scope), evaluate(expression.right, scope), compute);
    }
    case "call":
      return callFunction(expression.name, expression.args, scope);
  }
}

function callFunction(name: string, args: readonly Expression[], scope: Scope): Value {
  const aggregate = Object.hasOwn(AGGREGATES, name) ? AGGREGATES[name] : undefined;
  if (aggregate !== undefined) return aggregateOf(single(name, args, scope), aggregate);
  const each = Object.hasOwn(EACH, name) ? EACH[name] : undefined;
  if (each !== undefined) return mapValue(single(name, args, scope), each);
  const compute = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (compute === undefined) throw new ExpressionError(`the function ${name} is not supported by OpenTrail`);
  return compute(args, scope);
}

function wrongArguments(name: string): ExpressionError {
  return new ExpressionError(`the arguments of ${name} are not what it takes`);
}

function single(name: string, args: readonly Expression[], scope: Scope): Value {
  const [only] = args;
  if (only === undefined || args.length > 1) throw wrongArguments(name);
  return evaluate(only, scope);
}

function seriesIn(value: Value): readonly Labelled[] {
  if (value.kind === "scalar") throw new ExpressionError("a list holds time series only");
  return value.kind === "list" ? value.items : [value];
}

function mapValue(value: Value, compute: Scalar): Value {
  if (value.kind === "scalar") return { kind: "scalar", value: compute(value.value) };
  return mapSeries(value, ({ label, series }) => ({ label, series: mapEach(series, compute) }));
}

function mapSeries(value: Value, change: (one: Labelled) => Labelled): Value {
  if (value.kind === "scalar") throw new ExpressionError("a time series is needed where there is a number");
  if (value.kind === "list") return { kind: "list", items: value.items.map(change) };
  return { kind: "series", ...change(value) };
}

/** What is not a number (a division by zero) is no datapoint. */
function mapEach(series: Series, compute: (value: number, time: number) => number | undefined): Series {
  const mapped = new Map<number, number>();
  for (const [time, value] of series) {
    const found = compute(value, time);
    if (found !== undefined && Number.isFinite(found)) mapped.set(time, found);
  }
  return mapped;
}

function combine(left: Value, right: Value, compute: (left: number, right: number) => number): Value {
  if (right.kind === "scalar") return mapValue(left, (value) => compute(value, right.value));
  if (left.kind === "scalar") return mapValue(right, (value) => compute(left.value, value));
  if (left.kind === "list" && right.kind === "list") {
    throw new ExpressionError("two lists of time series cannot be joined by an operator");
  }
  // Only times that both have count.
  const join = (one: Series, other: Series, swapped: boolean): Series =>
    mapEach(one, (value, time) => {
      const partner = other.get(time);
      if (partner === undefined) return undefined;
      return swapped ? compute(partner, value) : compute(value, partner);
    });
  if (left.kind === "list" && right.kind === "series") {
    return mapSeries(left, ({ label, series }) => ({ label, series: join(series, right.series, false) }));
  }
  if (left.kind === "series") {
    return mapSeries(right, ({ label, series }) => ({ label, series: join(series, left.series, true) }));
  }
  throw new ExpressionError("these values cannot be joined by an operator");
}

function aggregateOf(value: Value, compute: (values: readonly number[]) => number): Value {
  if (value.kind === "scalar") return value;
  if (value.kind === "series") {
    const values = [...value.series.values()];
    return { kind: "scalar", value: values.length === 0 ? Number.NaN : compute(values) };
  }
  const byTime = new Map<number, number[]>();
  for (const { series } of value.items) {
    for (const [time, one] of series) {
      const others = byTime.get(time);
      if (others === undefined) byTime.set(time, [one]);
      else others.push(one);
    }
  }
  const times = [...byTime.keys()].sort((one, other) => one - other);
  return { kind: "series", label: "", series: new Map(times.map((time) => [time, compute(byTime.get(time) ?? [])])) };
}

/** What stands for a way of filling rather than for a query. */
export const FILL_WORDS: readonly string[] = ["REPEAT", "LINEAR"];

/** `FILL(m1, 0)`, `FILL(METRICS(), REPEAT)`. */
function fill(args: readonly Expression[], scope: Scope): Value {
  const [filled, filler] = args;
  if (filled === undefined || filler === undefined || args.length > 2) throw wrongArguments("FILL");
  if (filler.kind === "name" && filler.name === "LINEAR") {
    throw new ExpressionError("FILL with LINEAR is not supported by OpenTrail");
  }
  const repeats = filler.kind === "name" && filler.name === "REPEAT";
  const constant = repeats ? undefined : evaluate(filler, scope);
  if (constant !== undefined && constant.kind !== "scalar") throw wrongArguments("FILL");
  return mapSeries(evaluate(filled, scope), ({ label, series }) => {
    let last: number | undefined;
    const whole = new Map<number, number>();
    for (const time of scope.times) {
      const value = series.get(time) ?? (constant === undefined ? last : constant.value);
      if (value !== undefined) whole.set(time, value);
      last = value;
    }
    return { label, series: whole };
  });
}

function overTime(
  name: string,
  args: readonly Expression[],
  scope: Scope,
  compute: (change: number, seconds: number) => number,
): Value {
  return mapSeries(single(name, args, scope), ({ label, series }) => {
    let before: readonly [number, number] | undefined;
    const changes = mapEach(series, (value, time) => {
      const found = before === undefined ? undefined : compute(value - before[1], (time - before[0]) / 1000);
      before = [time, value];
      return found;
    });
    return { label, series: changes };
  });
}

/** `IF(m1 > 5, m1, 0)`, at each time by itself. */
function choose(args: readonly Expression[], scope: Scope): Value {
  const [condition, yes, no] = args.map((one) => evaluate(one, scope));
  if (condition === undefined || yes === undefined || args.length > 3) throw wrongArguments("IF");
  if ([condition, yes, no].some((one) => one?.kind === "list")) throw wrongArguments("IF");
  if (condition.kind === "scalar")
    return (condition.value === 0 ? no : yes) ?? { kind: "series", label: "", series: new Map() };
  return mapSeries(condition, ({ label, series }) => ({
    label,
    series: mapEach(series, (value, time) => {
      const chosen = value === 0 ? no : yes;
      if (chosen === undefined || chosen.kind === "list") return undefined;
      return chosen.kind === "scalar" ? chosen.value : chosen.series.get(time);
    }),
  }));
}
