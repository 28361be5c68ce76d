import { RegexError } from "../regex/index.ts";
import { AGGREGATES } from "./aggregates.ts";
import { FUNCTIONS } from "./functions.ts";
import type { Lexer, Token } from "./lexer.ts";
import { ceilTo, floorTo, parsePeriod, type Period } from "./periods.ts";
import type { AggregateCall, Expression } from "./query.ts";
import { QueryRegex } from "./query-regex.ts";
import { fieldName } from "./row.ts";
import { compare, Instant, numberOf, textOf, truthOf, type Value } from "./values.ts";

const DEPTH_MAX = 60;
const ARGUMENTS_MAX = 100;

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "^": (a, b) => a ** b,
};

const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["true", true],
  ["false", false],
  ["null", undefined],
]);

/** Reads expressions; what they may name depends on where in the query they stand. */
export class ExpressionParser {
  readonly #lexer: Lexer;
  /** When the query was started: milliseconds since 1970. */
  readonly #now: number;
  /** The columns that there are; undefined while rows are events, which may have any field. */
  known: Set<string> | undefined;
  /** Every field that was asked for so far. */
  readonly named: Set<string> = new Set<string>();
  /** Takes the aggregates of a `stats` while one is being read. */
  aggregates: AggregateCall[] | undefined;
  #insideAggregate = false;
  #depth = 0;

  constructor(lexer: Lexer, now: number) {
    this.#lexer = lexer;
    this.#now = now;
  }

  /** @throws {Refusal} `MalformedQueryException` */
  parse(): Expression {
    return this.#deeper(() => this.#or());
  }

  /** The words of the query from a place to the last token taken: the name of a column that was given none. */
  sourceSince(start: number): string {
    return this.#lexer.text.slice(start, this.#lexer.lastEnd).replace(/\s+/g, " ");
  }

  /** A field's name is next. */
  field(): string {
    const token = this.#lexer.next();
    if (token.kind !== "name" && token.kind !== "quotedName") throw this.#lexer.unexpected(token);
    return token.value;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#lexer.takeWord("or")) {
      const [one, other] = [left, this.#and()];
      left = (row) => truthOf(one(row)) || truthOf(other(row));
    }
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#lexer.takeWord("and")) {
      const [one, other] = [left, this.#not()];
      left = (row) => truthOf(one(row)) && truthOf(other(row));
    }
    return left;
  }

  #not(): Expression {
    if (!this.#lexer.takeWord("not")) return this.#comparison();
    const inner = this.#deeper(() => this.#not());
    return (row) => !truthOf(inner(row));
  }

  #comparison(): Expression {
    const left = this.#sum();
    const token = this.#lexer.peek();
    const holds = token.kind === "symbol" ? COMPARISONS[token.value] : undefined;
    if (holds !== undefined) {
      this.#lexer.next();
      const right = this.#sum();
      return (row) => {
        const order = compare(left(row), right(row));
        return order !== undefined && holds(order);
      };
    }
    if (this.#lexer.take("=~") || this.#lexer.takeWord("like")) return this.#like(left);
    if (this.#lexer.takeWord("in")) return this.#in(left);
    if (!this.#lexer.takeWord("not")) return left;
    const negated = this.#lexer.takeWord("like")
      ? this.#like(left)
      : this.#lexer.takeWord("in")
        ? this.#in(left)
        : undefined;
    if (negated === undefined) throw this.#lexer.unexpected(this.#lexer.peek());
    return (row) => !truthOf(negated(row));
  }

  #like(left: Expression): Expression {
    const regex = this.regex();
    if (regex !== undefined) return (row) => regex.test(textOf(left(row)) ?? "", row);
    const token = this.#lexer.next();
    if (token.kind !== "text") throw this.#lexer.unexpected(token);
    return (row) => textOf(left(row))?.includes(token.value) ?? false;
  }

  #in(left: Expression): Expression {
    const close = this.#lexer.take("(") ? ")" : "]";
    if (close === "]") this.#lexer.expect("[");
    const items = this.#list(close);
    return (row) => {
      const value = left(row);
      return items.some((item) => compare(value, item(row)) === 0);
    };
  }

  /** `/…/`, if that is next. */
  regex(): QueryRegex | undefined {
    const token = this.#lexer.takeRegex();
    if (token === undefined) return undefined;
    try {
      return new QueryRegex(token.value.replaceAll("\\/", "/"));
    } catch (error) {
      if (!(error instanceof RegexError)) throw error;
      throw this.#lexer.error(`invalid regular expression: ${error.message}`, token.start, token.end);
    }
  }

  #sum(): Expression {
    return this.#arithmetic(["+", "-"], () => this.#arithmetic(["*", "/", "%"], () => this.#power()));
  }

  #arithmetic(symbols: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    for (let symbol = this.#takeAny(symbols); symbol !== undefined; symbol = this.#takeAny(symbols)) {
      left = calculate(symbol, left, operand());
    }
    return left;
  }

  #power(): Expression {
    const base = this.#unary();
    return this.#lexer.take("^")
      ? calculate(
          "^",
          base,
          this.#deeper(() => this.#power()),
        )
      : base;
  }

  #unary(): Expression {
    if (!this.#lexer.take("-")) return this.#primary();
    const inner = this.#deeper(() => this.#unary());
    return calculate("-", () => 0, inner);
  }

  #primary(): Expression {
    const token = this.#lexer.next();
    if (token.kind === "text") return () => token.value;
    if (token.kind === "number") return constant(Number(token.value));
    if (token.kind === "symbol" && token.value === "(") {
      const inner = this.parse();
      this.#lexer.expect(")");
      return inner;
    }
    if (token.kind === "quotedName") return this.#field(token);
    if (token.kind !== "name") throw this.#lexer.unexpected(token);
    if (this.#lexer.take("(")) return this.#call(token);
    const word = token.value.toLowerCase();
    return CONSTANTS.has(word) ? constant(CONSTANTS.get(word)) : this.#field(token);
  }

  #field(token: Token): Expression {
    const outside = this.aggregates !== undefined && !this.#insideAggregate;
    const [first = ""] = token.value.split(".");
    if (outside || (this.known !== undefined && !this.known.has(token.value) && !this.known.has(first))) {
      throw this.#lexer.error(`Unknown symbols found in or after stats: ${token.value}`, token.start, token.end);
    }
    this.named.add(token.value);
    const field = fieldName(token.value);
    return (row) => row.get(field);
  }

  #call(token: Token): Expression {
    const name = token.value.toLowerCase();
    if (AGGREGATES.has(name)) return this.#aggregate(token, name);
    if (name === "bin") return this.known?.has("@timestamp") === false ? this.#columnOf(token) : this.#bin();
    if (name === "datefloor") return this.#round(floorTo);
    if (name === "dateceil") return this.#round(ceilTo);
    const args = this.#list(")");
    if (name === "now") return this.#arity(token, args, 0, 0, constant(Math.floor(this.#now / 1000)));
    if (name === "if") {
      const [test = nothing, then = nothing, otherwise = nothing] = args;
      return this.#arity(token, args, 3, 3, (row) => (truthOf(test(row)) ? then(row) : otherwise(row)));
    }
    const found = FUNCTIONS.get(name);
    if (found === undefined) throw this.#lexer.error(`unknown function ${token.value}`, token.start, token.end);
    return this.#arity(token, args, found.min, found.max, (row) => {
      const values = args.map((arg) => arg(row));
      for (const value of values) row.spend(typeof value === "string" ? value.length : 1);
      const made = found.run(values);
      row.spend(typeof made === "string" ? made.length : 1);
      return made;
    });
  }

  #aggregate(token: Token, name: string): Expression {
    const aggregate = AGGREGATES.get(name);
    if (this.aggregates === undefined) return this.#columnOf(token);
    if (this.#insideAggregate) throw this.#lexer.unexpected(token);
    this.#insideAggregate = true;
    const args = this.#lexer.take("*") ? [] : this.#list(")", false);
    this.#lexer.expect(")");
    this.#insideAggregate = false;
    const slot = fieldName(`\0${this.aggregates.length}`);
    const { min = 0, max = 0 } = aggregate ?? {};
    this.#arity(token, args, min, max, nothing);
    this.aggregates.push({ slot, args, start: (memory) => aggregate?.start(memory) ?? noResult });
    return (row) => row.get(slot);
  }

  /** `sort count(*)` behind a `stats count(*)` means the column of that name, as does `bin(5m)`. */
  #columnOf(token: Token): Expression {
    let depth = 1;
    while (depth > 0) {
      const inner = this.#lexer.next();
      if (inner.kind === "end") throw this.#lexer.unexpected(inner);
      if (inner.kind === "symbol") depth += inner.value === "(" ? 1 : inner.value === ")" ? -1 : 0;
    }
    const name = this.sourceSince(token.start);
    if (this.known?.has(name) !== true) {
      throw this.#lexer.error(`${token.value} is allowed in stats only`, token.start, token.end);
    }
    this.named.add(name);
    const field = fieldName(name);
    return (row) => row.get(field);
  }

  #bin(): Expression {
    this.named.add("@timestamp");
    const field = fieldName("@timestamp");
    const period = this.#period();
    this.#lexer.expect(")");
    return (row) => rounded(row.get(field), period, floorTo);
  }

  #round(round: (ms: number, period: Period) => number): Expression {
    const value = this.parse();
    this.#lexer.expect(",");
    const period = this.#period();
    this.#lexer.expect(")");
    return (row) => rounded(value(row), period, round);
  }

  #period(): Period {
    const token = this.#lexer.next();
    const [, count = "", unit = ""] = /^(\d+)([A-Za-z]*)$/.exec(token.value) ?? [];
    const word = unit === "" && this.#lexer.peek().kind === "name" ? this.#lexer.next().value : unit;
    const period = parsePeriod(Number(count), word);
    if (period === undefined) throw this.#lexer.error("invalid period", token.start, this.#lexer.lastEnd);
    return period;
  }

  #list(close: string, takeClose = true): readonly Expression[] {
    const items: Expression[] = [];
    const next = this.#lexer.peek();
    if (next.kind !== "symbol" || next.value !== close) {
      do items.push(this.parse());
      while (items.length < ARGUMENTS_MAX && this.#lexer.take(","));
    }
    if (takeClose) this.#lexer.expect(close);
    return items;
  }

  #arity(token: Token, args: readonly unknown[], min: number, max: number, result: Expression): Expression {
    if (args.length >= min && args.length <= max) return result;
    const text = `wrong number of arguments for ${token.value}`;
    throw this.#lexer.error(text, token.start, this.#lexer.lastEnd);
  }

  #takeAny(symbols: readonly string[]): string | undefined {
    return symbols.find((symbol) => this.#lexer.take(symbol));
  }

  #deeper<Result>(parse: () => Result): Result {
    this.#depth++;
    const { start, end } = this.#lexer.peek();
    if (this.#depth > DEPTH_MAX) throw this.#lexer.error("the expression is nested too deeply", start, end);
    const result = parse();
    this.#depth--;
    return result;
  }
}

const nothing: Expression = () => undefined;
const noResult = { add: (): void => undefined, result: (): Value => undefined };

function constant(value: Value): Expression {
  return () => value;
}

function calculate(symbol: string, left: Expression, right: Expression): Expression {
  const operate = ARITHMETIC[symbol];
  return (row) => {
    const [a, b] = [numberOf(left(row)), numberOf(right(row))];
    if (a === undefined || b === undefined) return undefined;
    const result = operate?.(a, b);
    return Number.isFinite(result) ? result : undefined;
  };
}

function rounded(value: Value, period: Period, round: (ms: number, period: Period) => number): Value {
  const ms = numberOf(value);
  return ms === undefined ? undefined : new Instant(round(ms, period));
}
