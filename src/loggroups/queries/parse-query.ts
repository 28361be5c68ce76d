import type { Refusal } from "../../core/index.ts";
import { ExpressionParser } from "./expression-parser.ts";
import { Lexer, type Token } from "./lexer.ts";
import { globReader } from "./parse-pattern.ts";
import type { AggregateCall, Column, Command, Query, SortKey } from "./query.ts";
import { planQuery } from "./plan-query.ts";
import { fieldName } from "./row.ts";

const COMMANDS_MAX = 50;
const COLUMNS_MAX = 200;
/** Rows that `limit` may ask for. */
const LIMIT_MAX = 10_000;

/**
 * Reads a query of Logs Insights. `now` is in milliseconds since 1970.
 * @throws {Refusal} `MalformedQueryException`, naming the place.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
 */
export function parseQuery(text: string, now: number): Query {
  const parser = new QueryParser(text, now);
  return planQuery(parser.parse(), parser.named);
}

class QueryParser {
  readonly #lexer: Lexer;
  readonly #expressions: ExpressionParser;
  #columns = 0;

  constructor(text: string, now: number) {
    this.#lexer = new Lexer(text);
    this.#expressions = new ExpressionParser(this.#lexer, now);
  }

  get named(): ReadonlySet<string> {
    return this.#expressions.named;
  }

  parse(): readonly Command[] {
    const commands: Command[] = [];
    if (this.#lexer.peek().kind === "end") return commands;
    do {
      const token = this.#lexer.next();
      const read = Object.hasOwn(this.#commands, token.value.toLowerCase())
        ? this.#commands[token.value.toLowerCase()]
        : undefined;
      if (token.kind !== "name" || read === undefined) throw this.#expected(token);
      if (commands.length >= COMMANDS_MAX) throw this.#error(`more than ${COMMANDS_MAX} commands`, token);
      commands.push(read(token));
    } while (this.#lexer.take("|"));
    const rest = this.#lexer.peek();
    if (rest.kind !== "end") throw this.#lexer.unexpected(rest);
    return commands;
  }

  readonly #commands: Readonly<Record<string, (token: Token) => Command>> = {
    fields: () => ({ kind: "fields", columns: this.#columnList() }),
    display: () => ({ kind: "display", columns: this.#columnList() }),
    filter: () => ({ kind: "filter", test: this.#expressions.parse() }),
    parse: (token) => this.#parse(token),
    stats: (token) => this.#stats(token),
    sort: () => this.#sort(),
    order: () => this.#sort(),
    limit: () => ({ kind: "limit", rows: this.#count() }),
    head: () => ({ kind: "limit", rows: this.#count() }),
    tail: () => ({ kind: "tail", rows: this.#count() }),
    dedup: () => ({ kind: "dedup", keys: this.#columnList().map(({ value }) => value) }),
  };

  #columnList(): readonly Column[] {
    const columns: Column[] = [];
    do columns.push(this.#column());
    while (this.#lexer.take(","));
    return columns;
  }

  #column(): Column {
    const first = this.#lexer.peek();
    this.#columns++;
    if (this.#columns > COLUMNS_MAX) throw this.#error(`more than ${COLUMNS_MAX} fields`, first);
    const value = this.#expressions.parse();
    const source = this.#expressions.sourceSince(first.start);
    const plain = source === this.#lexer.text.slice(first.start, first.end) && first.kind !== "text";
    const alias = this.#lexer.takeWord("as") ? this.#expressions.field() : undefined;
    const name = alias ?? (plain ? first.value : source);
    this.#expressions.known?.add(name);
    return { name, value, made: alias !== undefined || !plain };
  }

  #stats(token: Token): Command {
    const aggregates: AggregateCall[] = [];
    this.#expressions.aggregates = aggregates;
    const columns = this.#columnList();
    this.#expressions.aggregates = undefined;
    if (aggregates.length === 0) throw this.#error("stats needs an aggregate function", token);
    const keys = this.#lexer.takeWord("by") ? this.#columnList() : [];
    this.#expressions.known = new Set([...keys, ...columns].map(({ name }) => name));
    return { kind: "stats", keys, aggregates, columns };
  }

  #sort(): Command {
    const keys: SortKey[] = [];
    do {
      const { start } = this.#lexer.peek();
      const value = this.#expressions.parse();
      const source = this.#expressions.sourceSince(start);
      const descending = this.#lexer.takeWord("desc");
      if (!descending) this.#lexer.takeWord("asc");
      keys.push({ value, descending, source });
    } while (this.#lexer.take(","));
    return { kind: "sort", keys };
  }

  #parse(token: Token): Command {
    const next = this.#lexer.peek();
    const regexFirst = next.kind === "symbol" && next.value === "/";
    const source = next.kind === "text" || regexFirst ? "@message" : this.#expressions.field();
    const field = fieldName(source);
    this.#expressions.named.add(source);
    const regex = this.#expressions.regex();
    const pattern = regex === undefined ? this.#lexer.next() : undefined;
    if (pattern !== undefined && pattern.kind !== "text") throw this.#lexer.unexpected(pattern);
    const names = this.#lexer.takeWord("as") ? this.#names() : [];
    const glob = globReader(pattern?.value ?? "");
    const holes = regex?.groupNames.length ?? glob.holes;
    const given = names.length > 0 ? names : (regex?.groupNames ?? []);
    if (holes === 0 || given.length !== holes || given.includes(undefined)) {
      throw this.#error(`parse takes out ${holes} values and names ${names.length}`, token);
    }
    for (const name of given) this.#expressions.known?.add(name ?? "");
    return {
      kind: "parse",
      source: (row) => row.get(field),
      names: given.map((name) => name ?? ""),
      read: (text, row) => (regex === undefined ? glob.read(text) : regex.find(text, row)),
    };
  }

  #names(): readonly string[] {
    const names: string[] = [];
    do names.push(this.#expressions.field());
    while (this.#lexer.take(","));
    return names;
  }

  #count(): number {
    const token = this.#lexer.next();
    const count = Number(token.value);
    if (token.kind !== "number") throw this.#lexer.unexpected(token);
    if (Number.isInteger(count) && count >= 1 && count <= LIMIT_MAX) return count;
    throw this.#error(`limit must be between 1 and ${LIMIT_MAX}`, token);
  }

  #expected(token: Token): Refusal {
    if (token.kind !== "name") return this.#lexer.unexpected(token);
    const names = Object.keys(this.#commands).map((name) => `K_${name.toUpperCase()}`);
    return this.#error(`mismatched input '${token.value}' expecting {${names.join(", ")}}`, token);
  }

  #error(message: string, { start, end }: Token): Refusal {
    return this.#lexer.error(message, start, end);
  }
}
