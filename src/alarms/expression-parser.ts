/** An expression of metric math, parsed. */
export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  /** Another query's id, or a word of a function (`REPEAT`). */
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "negate"; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
    };

export type Operator = "+" | "-" | "*" | "/" | "^" | "<" | ">" | "<=" | ">=" | "==" | "!=" | "AND" | "OR";

/** Why an expression is none; the text goes on in a sentence. */
export class ExpressionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ExpressionError";
  }
}

/** Nested deeper, an expression is refused. */
const DEPTH_MAX = 40;

const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_][A-Za-z0-9_]*)|"([^"]*)"|'([^']*)'|(<=|>=|==|!=|&&|\|\||[-+*/^<>(),[\]]))/y;

/** Loosest first. */
const LEVELS: readonly (readonly Operator[])[] = [
  ["OR"],
  ["AND"],
  ["==", "!=", "<", ">", "<=", ">="],
  ["+", "-"],
  ["*", "/"],
];

const WORDS: Readonly<Record<string, Operator>> = { "&&": "AND", "||": "OR" };

type Token = { readonly kind: "number" | "name" | "text" | "sign"; readonly text: string };

/**
 * @throws {ExpressionError} when the text is no expression.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
export function parseExpression(text: string): Expression {
  const parser = new Parser(tokensOf(text));
  const expression = parser.expression(0, 0);
  parser.end();
  return expression;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new ExpressionError(`unexpected character at ${at + 1}`);
    const [, number, name, double, single, sign] = match;
    if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
    else tokens.push({ kind: "text", text: double ?? single ?? "" });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  end(): void {
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new ExpressionError(`unexpected ${rest.text}`);
  }

  expression(level: number, depth: number): Expression {
    if (depth > DEPTH_MAX) throw new ExpressionError(`nested deeper than ${DEPTH_MAX}`);
    const operators = LEVELS[level];
    if (operators === undefined) return this.#power(depth);
    let left = this.expression(level + 1, depth);
    for (let operator = this.#operator(operators); operator !== undefined; operator = this.#operator(operators)) {
      left = { kind: "binary", operator, left, right: this.expression(level + 1, depth) };
    }
    return left;
  }

  #operator(among: readonly Operator[]): Operator | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.kind === "number" || token.kind === "text") return undefined;
    const word = Object.hasOwn(WORDS, token.text) ? WORDS[token.text] : token.text;
    const found = among.find((operator) => operator === word);
    if (found !== undefined) this.#at += 1;
    return found;
  }

  /** To the right first, and above a minus before it. */
  #power(depth: number): Expression {
    if (this.#take("-")) return { kind: "negate", operand: this.#deeper(depth, (next) => this.#power(next)) };
    if (this.#take("+")) return this.#deeper(depth, (next) => this.#power(next));
    const base = this.#primary(depth);
    if (!this.#take("^")) return base;
    return { kind: "binary", operator: "^", left: base, right: this.#deeper(depth, (next) => this.#power(next)) };
  }

  #deeper<Result>(depth: number, parse: (depth: number) => Result): Result {
    if (depth >= DEPTH_MAX) throw new ExpressionError(`nested deeper than ${DEPTH_MAX}`);
    return parse(depth + 1);
  }

  #primary(depth: number): Expression {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new ExpressionError("it ends too early");
    this.#at += 1;
    if (token.kind === "number") return { kind: "number", value: Number(token.text) };
    if (token.kind === "text") return { kind: "text", value: token.text };
    if (token.kind === "name") return this.#named(token.text, depth);
    if (token.text === "[") return { kind: "list", items: this.#items("]", depth) };
    if (token.text !== "(") throw new ExpressionError(`unexpected ${token.text}`);
    const inner = this.#deeper(depth, (next) => this.expression(0, next));
    if (!this.#take(")")) throw new ExpressionError("a closing parenthesis is missing");
    return inner;
  }

  #named(name: string, depth: number): Expression {
    return this.#take("(") ? { kind: "call", name, args: this.#items(")", depth) } : { kind: "name", name };
  }

  #items(closing: string, depth: number): readonly Expression[] {
    const items: Expression[] = [];
    if (this.#take(closing)) return items;
    do {
      items.push(this.#deeper(depth, (next) => this.expression(0, next)));
    } while (this.#take(","));
    if (!this.#take(closing)) throw new ExpressionError(`${closing} is missing`);
    return items;
  }

  #take(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "sign" || token.text !== sign) return false;
    this.#at += 1;
    return true;
  }
}
