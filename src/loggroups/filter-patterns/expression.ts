import type { Scanner } from "./scanner.ts";

export type Test<Subject> = (subject: Subject) => boolean;

/** Conditions joined by `&&`, `||` and parentheses; `&&` binds tighter. */
export function parseExpression<Subject>(scanner: Scanner, condition: () => Test<Subject>): Test<Subject> {
  const ways = [parseAll(scanner, condition)];
  while (scanner.take("||")) ways.push(parseAll(scanner, condition));
  const [only] = ways;
  return ways.length === 1 && only !== undefined ? only : (subject) => ways.some((way) => way(subject));
}

function parseAll<Subject>(scanner: Scanner, condition: () => Test<Subject>): Test<Subject> {
  const parts = [parsePart(scanner, condition)];
  while (scanner.take("&&")) parts.push(parsePart(scanner, condition));
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : (subject) => parts.every((part) => part(subject));
}

function parsePart<Subject>(scanner: Scanner, condition: () => Test<Subject>): Test<Subject> {
  if (!scanner.take("(")) return condition();
  const inner = parseExpression(scanner, condition);
  scanner.expect(")");
  return inner;
}
