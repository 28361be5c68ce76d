import { invalidTerm } from "./refusals.ts";
import type { Scanner } from "./scanner.ts";

/** What a condition compares with. Text may hold `*` for any characters. */
type Operand =
  | { readonly kind: "number"; readonly value: number; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "regex"; readonly test: (text: string) => boolean };

/** A value that conditions compare: of JSON, or a field of text. */
export type Scalar = string | number | boolean | null;
export type ScalarTest = (value: Scalar) => boolean;

const NUMBER = /[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![^\s()&|,\]}])/y;
const BARE = /[^\s()&|"%=<>!{}[\],]+/y;

const ORDERED: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
};

/**
 * An operator and what stands on its right; undefined when no operator is next.
 * @throws {Refusal} `InvalidParameterException` when nothing comparable follows it.
 */
export function parseComparison(scanner: Scanner): ScalarTest | undefined {
  const operator = scanner.match(/!=|>=|<=|=|>|</y);
  if (operator === undefined) return undefined;
  const start = scanner.offset;
  const operand = parseOperand(scanner);
  const compare = ORDERED[operator];
  if (compare === undefined) {
    const equal = equality(operand);
    return operator === "=" ? equal : (value) => !equal(value);
  }
  if (operand.kind !== "number") throw invalidTerm(scanner.text.slice(start, scanner.offset).trim());
  return (value) => {
    const number = numberOf(value);
    return number !== undefined && compare(number, operand.value);
  };
}

function parseOperand(scanner: Scanner): Operand {
  const quoted = scanner.quoted();
  if (quoted !== undefined) return { kind: "text", text: quoted };
  const regex = scanner.regex();
  if (regex !== undefined) return { kind: "regex", test: regex };
  const number = scanner.match(NUMBER);
  if (number !== undefined) return { kind: "number", value: Number(number), text: number };
  const bare = scanner.match(BARE);
  if (bare === undefined) throw scanner.refusal();
  return { kind: "text", text: bare };
}

function equality(operand: Operand): ScalarTest {
  if (operand.kind === "number") {
    return (value) => value !== null && (String(value) === operand.text || numberOf(value) === operand.value);
  }
  const test: (text: string) => boolean = operand.kind === "regex" ? operand.test : wildcard(operand.text);
  return (value) => value !== null && test(String(value));
}

/** The number that a value is, or that a text is wholly. */
function numberOf(value: Scalar): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return undefined;
  return Number(value);
}

/** `*` stands for any characters; each piece is looked for once, from left to right. */
function wildcard(pattern: string): (text: string) => boolean {
  const [head = "", ...rest] = pattern.split("*");
  const tail = rest.pop();
  if (tail === undefined) return (text) => text === head;
  return (text) => {
    if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
    const end = text.length - tail.length;
    let at = head.length;
    for (const piece of rest) {
      const found = text.indexOf(piece, at);
      if (found === -1 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}
