import { compilePattern, type Pattern, patternMatches, type Token, tokensOf } from "./wildcard.ts";

/** What a request says about itself; keys in lower case, since condition keys are the same in any case. */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

/**
 * A text of a policy that may name variables: `arn:aws:s3:::home/${aws:username}/*`, `${aws:PrincipalTag/team, 'none'}`,
 * and `${*}`, `${?}`, `${$}` for the characters themselves.
 *
 * What a variable brings in stands for itself: a `*` in a user's name or tag is an asterisk, never a wildcard.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export interface Template {
  readonly parts: readonly (readonly Token[] | Variable)[];
  /** The pattern when there is no variable: compiled once for all requests. */
  readonly fixed?: Pattern;
}

export interface Variable {
  /** As the policy spells it. */
  readonly name: string;
  /** In lower case. */
  readonly key: string;
  readonly fallback?: string;
}

export interface TemplateRules {
  /** Whether `*` and `?` are wild. */
  readonly wild: boolean;
  /** Whether `${…}` means anything: only in policies of version 2012-10-17. */
  readonly variables: boolean;
}

/** Takes the text apart, or answers undefined when a `${` is not followed by a variable and `}`. */
export function parseTemplate(text: string, rules: TemplateRules): Template | undefined {
  const parts: (readonly Token[] | Variable)[] = [];
  let at = 0;
  while (at < text.length) {
    const open = rules.variables ? text.indexOf("${", at) : -1;
    const end = open < 0 ? text.length : open;
    if (end > at) parts.push(tokensOf(text.slice(at, end), rules.wild));
    if (open < 0) break;
    const read = readVariable(text, open + 2);
    if (read === undefined) return undefined;
    parts.push(read.part);
    at = read.end;
  }
  return templateOf(parts);
}

function templateOf(parts: readonly (readonly Token[] | Variable)[]): Template {
  const tokens: Token[] = [];
  for (const part of parts) {
    if ("key" in part) return { parts };
    for (const token of part) tokens.push(token);
  }
  return { parts, fixed: compilePattern(tokens) };
}

/** Reads what follows `${`, up to and including its `}`. By hand and in one pass: the text is hostile. */
function readVariable(text: string, from: number): { part: readonly Token[] | Variable; end: number } | undefined {
  if (ESCAPED.has(text[from] ?? "") && text[from + 1] === "}") {
    return { part: [text.charCodeAt(from)], end: from + 2 };
  }
  let at = from;
  while (at < text.length && text[at] !== "," && text[at] !== "}") at++;
  const name = text.slice(from, at).trim();
  if (!VARIABLE_NAME.test(name)) return undefined;
  const variable = { name, key: name.toLowerCase() };
  if (text[at] === "}") return { part: variable, end: at + 1 };
  const quote = skipSpaces(text, at + 1);
  const close = text[quote] === "'" ? text.indexOf("'", quote + 1) : -1;
  if (close < 0) return undefined;
  const end = skipSpaces(text, close + 1);
  if (text[end] !== "}") return undefined;
  return { part: { ...variable, fallback: text.slice(quote + 1, close) }, end: end + 1 };
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text[at] === " ") at++;
  return at;
}

/**
 * The pattern for one request, or undefined when a variable has no value there and no default. A key with several
 * values cannot be a variable either.
 */
export function resolveTemplate(template: Template, context: RequestContext): Pattern | undefined {
  if (template.fixed !== undefined) return template.fixed;
  const tokens: Token[] = [];
  for (const part of template.parts) {
    const resolved = "key" in part ? valueOf(part, context) : part;
    if (resolved === undefined) return undefined;
    for (const token of resolved) tokens.push(token);
  }
  return compilePattern(tokens);
}

function valueOf(variable: Variable, context: RequestContext): readonly Token[] | undefined {
  const values = context.get(variable.key);
  const value = values?.length === 1 ? values[0] : variable.fallback;
  return value === undefined ? undefined : tokensOf(value, false);
}

/** Whether the text matches in this request; false when a variable cannot be resolved. */
export function templateMatches(template: Template, text: string, context: RequestContext): boolean {
  const pattern = resolveTemplate(template, context);
  return pattern !== undefined && patternMatches(pattern, text);
}

/** The names of the variables inside, as the policy spells them. */
export function variablesOf(template: Template): string[] {
  return template.parts.flatMap((part) => ("key" in part ? [part.name] : []));
}

/** Splits at colons that are not inside `${…}`: `aws:username` in a variable does not end a part of an ARN. */
export function splitAtColons(text: string, variables: boolean): string[] {
  const parts: string[] = [];
  let start = 0;
  let inside = false;
  for (let at = 0; at < text.length; at++) {
    if (variables && text[at] === "$" && text[at + 1] === "{") inside = true;
    else if (text[at] === "}") inside = false;
    else if (text[at] === ":" && !inside) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

const ESCAPED: ReadonlySet<string> = new Set(["*", "?", "$"]);
/** A service prefix, and what keys are made of: tag keys may hold letters of any language and spaces. */
const VARIABLE_NAME = /^[\p{L}\p{N}.-]+:[\p{L}\p{N} _.:/=+@-]+$/u;
