import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate, type Scope, type Value } from "./expression.ts";
import { ExpressionError, parseExpression } from "./expression-parser.ts";

const SERIES: Readonly<Record<string, readonly (number | undefined)[]>> = {
  m1: [1, 2, undefined, 4],
  m2: [10, 0, 30, 40],
  e1: [100, 100, 100, 100],
};

function seriesOf(id: string): Value & { readonly kind: "series" } {
  const values = SERIES[id];
  if (values === undefined) throw new ExpressionError(`there is no ${id}`);
  const points = values.flatMap((value, index) => (value === undefined ? [] : [[index * 60_000, value] as const]));
  return { kind: "series", label: id, series: new Map(points) };
}

const SCOPE: Scope = {
  valueOf: seriesOf,
  metrics: (named) => ["m1", "m2"].filter((id) => named === undefined || id.includes(named)).map(seriesOf),
  times: [0, 1, 2, 3].map((index) => index * 60_000),
  periodS: 60,
};

/** A number, or the values of a series by minute with `-` where there is none; of a list one a line. */
function compute(text: string): string {
  const value = evaluate(parseExpression(text), SCOPE);
  const shown = (series: ReadonlyMap<number, number>): string =>
    SCOPE.times.map((time) => series.get(time) ?? "-").join(" ");
  if (value.kind === "scalar") return String(value.value);
  return value.kind === "series" ? shown(value.series) : value.items.map(({ series }) => shown(series)).join("; ");
}

describe("evaluate()", () => {
  test.each([
    ["1 + 2 * 3", "7"],
    ["(1 + 2) * 3", "9"],
    ["2 ^ 3 ^ 2", "512"],
    ["-2 ^ 2", "-4"],
    ["8 / 4 / 2", "1"],
    ["7 - 2 - 1", "4"],
    [".5 + 1e3", "1000.5"],
    ["m1 * 100", "100 200 - 400"],
    ["100 - m2", "90 100 70 60"],
    ["m1 + m2", "11 2 - 44"],
    ["m1 - m2", "-9 2 - -36"],
    ["m1 / m2", "0.1 - - 0.1"],
    ["m2 > 5 AND m2 < 35", "1 0 1 0"],
    ["m2 > 5 && m2 < 35 || m2 == 40", "1 0 1 1"],
    ["SUM(METRICS())", "11 2 30 44"],
    ["AVG([m1, m2])", "5.5 1 30 22"],
    ["MIN(METRICS())", "1 0 30 4"],
    ['MAX(METRICS("m2"))', "10 0 30 40"],
    ["METRICS() / 10", "0.1 0.2 - 0.4; 1 0 3 4"],
    ["METRICS() - m1", "0 0 - 0; 9 -2 - 36"],
    ["m1 - METRICS()", "0 0 - 0; -9 2 - -36"],
    ["SUM(m1)", "7"],
    ["m1 / SUM(m2) * PERIOD(m1)", "0.75 1.5 - 3"],
    ["FILL(m1, 0)", "1 2 0 4"],
    ["FILL(m1, REPEAT)", "1 2 2 4"],
    ["FILL(METRICS(), -1)", "1 2 -1 4; 10 0 30 40"],
    ["RATE(m2) * 60", "- -10 30 10"],
    ["DIFF(m1)", "- 1 - 2"],
    ["ABS(m2 - 30)", "20 30 0 10"],
    ["CEIL(m2 / 3)", "4 0 10 14"],
    ["IF(m2 > 20, m2, 0)", "0 0 30 40"],
    ["IF(m2 > 20, 1)", "- - 1 1"],
  ])("%s is %s", (text, expected) => expect(compute(text)).toBe(expected));

  test.each([
    ["", "it ends too early"],
    ["m1 +", "it ends too early"],
    ["m1 m2", "unexpected m2"],
    ["(m1", "a closing parenthesis is missing"],
    ["SUM(m1", ") is missing"],
    ["m1 # 2", "unexpected character at 3"],
    ["nobody", "there is no nobody"],
    ["METRICS() + METRICS()", "two lists of time series cannot be joined by an operator"],
    ["FILL(m1)", "the arguments of FILL are not what it takes"],
    ["FILL(m1, LINEAR)", "FILL with LINEAR is not supported by OpenTrail"],
    ["FILL(1, 2)", "a time series is needed where there is a number"],
    ["SEARCH('{AWS/EC2}', 'Sum')", "the function SEARCH is not supported by OpenTrail"],
    ["ANOMALY_DETECTION_BAND(m1)", "the function ANOMALY_DETECTION_BAND is not supported by OpenTrail"],
    ["constructor(m1)", "the function constructor is not supported by OpenTrail"],
    ['"text"', 'a text is no value: "text"'],
    ["(".repeat(1000), "nested deeper than 40"],
    ["-".repeat(2000), "nested deeper than 40"],
    ["2^".repeat(1000), "nested deeper than 40"],
    ["[".repeat(1000), "nested deeper than 40"],
  ])("refuses %s: %s", (text, message) => {
    expect(() => compute(text)).toThrow(new ExpressionError(message));
  });

  test("answers or refuses whatever is written", () => {
    const words = fc.constantFrom(
      "m1",
      "m2",
      "1",
      "(",
      ")",
      "+",
      "-",
      "^",
      ",",
      "SUM",
      "FILL",
      "METRICS",
      "[",
      "]",
      ">",
      '"',
      " ",
      "#",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (parts) => {
        expect(outcome(parts.join(" "))).not.toContain("thrown");
      }),
    );
  });
});

function outcome(text: string): string {
  try {
    return compute(text);
  } catch (thrown) {
    return thrown instanceof ExpressionError ? "refused" : `thrown: ${String(thrown)}`;
  }
}
