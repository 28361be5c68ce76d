import { LinearRegex, RegexError } from "../regex/index.ts";
import { invalidPattern, invalidTerm } from "./refusals.ts";

/**
 * How far a regular expression may spread: characters that may be several ones, counted as often as they repeat. An
 * engine that tries all ways at once needs time in proportion to it, for each character of a message. This much means
 * about a second for the worst message of 1 MB; 64 hexadecimal digits have room in it.
 */
const SPREAD_MAX = 100;

/** One step of what may stand in it; parentheses cannot even be escaped, they are written `\x28` and `\x29`. */
const ALLOWED = /[A-Za-z0-9:_#=@/;,\- ^$?[\]{}|*+.]|\\(?:[dDsSwW]|x[0-9A-Fa-f]{2}|[!-'*-/:-@[-`{-~])/y;

const ATOM = /(\[\^?\]?(?:\\.|[^\]\\])*\]|\.|\\[dDsSwW])|\\x..|\\.|[^\\]/y;
const QUANTIFIER = /(?:([*+?])|\{(\d+)(?:,(\d*))?\})\??/y;

/**
 * Whether an expression matches anywhere in a text, in linear time.
 * @throws {Refusal} `InvalidParameterException` when it leaves the subset of filter patterns, or spreads too far.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export function compileRegex(source: string): (text: string) => boolean {
  const valid = prefixOf(source);
  if (source === "" || valid < source.length) {
    throw invalidTerm(/^\\?[\s\S]?/u.exec(source.slice(valid))?.[0] || "%%");
  }
  if (spreadOf(source) > SPREAD_MAX) throw invalidPattern(`the regular expression %${source}% is too large`);
  const regex = compile(source);
  return (text) => regex.test(text);
}

function compile(source: string): LinearRegex {
  try {
    return new LinearRegex(source);
  } catch (error) {
    if (error instanceof RegexError) throw invalidPattern(`${error.message} in %${source}%`);
    throw error;
  }
}

function prefixOf(source: string): number {
  let at = 0;
  for (let step = matchAt(ALLOWED, source, at); step !== undefined; step = matchAt(ALLOWED, source, at)) {
    at += step[0].length;
  }
  return at;
}

function spreadOf(source: string): number {
  let spread = 0;
  let at = 0;
  for (let atom = matchAt(ATOM, source, at); atom !== undefined; atom = matchAt(ATOM, source, at)) {
    at += atom[0].length;
    const quantifier = matchAt(QUANTIFIER, source, at);
    at += quantifier?.[0].length ?? 0;
    if (quantifier !== undefined) spread += timesOf(quantifier);
    else if (atom[1] !== undefined) spread += 1;
  }
  return spread;
}

function timesOf([, sign, min, max]: RegExpExecArray): number {
  return sign === undefined ? Math.max(1, Number(min), Number(max ?? 0)) : 1;
}

function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | undefined {
  sticky.lastIndex = at;
  return sticky.exec(text) ?? undefined;
}
