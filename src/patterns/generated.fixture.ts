import fc from "fast-check";
import type { Json, JsonObject } from "./event-pattern.ts";

/**
 * Patterns (as JSON) and events over an alphabet so small that many pairs match: three keys, four levels, arrays of
 * objects and of arrays, keys with dots, every matcher.
 */
const KEYS = ["a", "b", "c"];
const TEXTS = ["", "x", "xy", "XY", "yx", "10.0.0.1", "10.0.1.1", "::1", "1"];
const NUMBERS = [0, 1, 1.5, -2];

const key = fc.constantFrom(...KEYS, ...KEYS, "a.b", "b.c", "$or");
const text = fc.constantFrom(...TEXTS);
const number = fc.constantFrom(...NUMBERS);
const texts = fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 }));
const affixes = fc.constantFrom("x", "y", "X", ["x", "1"]);
const globs = fc.constantFrom("*", "x*", "*y", "x*y", "*.0.*", "xy", "");

const anythingBut: fc.Arbitrary<unknown> = fc.oneof(
  texts,
  number,
  fc.array(number, { minLength: 1, maxLength: 2 }),
  affixes.map((prefix) => ({ prefix })),
  affixes.map((suffix) => ({ suffix })),
  texts.map((value) => ({ "equals-ignore-case": value })),
  fc.oneof(globs, fc.array(globs, { minLength: 1, maxLength: 2 })).map((wildcard) => ({ wildcard })),
);

const affix: fc.Arbitrary<unknown> = fc.oneof(
  text,
  text.map((value) => ({ "equals-ignore-case": value })),
);

const numeric: fc.Arbitrary<unknown> = fc.oneof(
  fc.tuple(fc.constantFrom("=", "<", "<=", ">", ">="), number),
  fc.tuple(fc.constantFrom(">", ">="), fc.constantFrom(-2, 0), fc.constantFrom("<", "<="), fc.constantFrom(1, 1.5)),
);

const matcher: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(text, number, fc.constantFrom(null, true, false)) },
  text.map((exactly) => ({ exactly })),
  affix.map((prefix) => ({ prefix })),
  affix.map((suffix) => ({ suffix })),
  text.map((value) => ({ "equals-ignore-case": value })),
  globs.map((wildcard) => ({ wildcard })),
  anythingBut.map((value) => ({ "anything-but": value })),
  numeric.map((range) => ({ numeric: range })),
  fc.boolean().map((exists) => ({ exists })),
  fc.constantFrom("10.0.0.0/24", "10.0.0.0/8", "::/64").map((cidr) => ({ cidr })),
);

const matchers = fc.array(matcher, { minLength: 1, maxLength: 3 });

/** Some of them are refused: two keys may be the same path. */
export const patternJson: fc.Arbitrary<unknown> = fc.letrec<{ node: unknown; pattern: unknown; field: unknown }>(
  (tie) => ({
    field: fc.oneof({ maxDepth: 3, withCrossShrink: true }, matchers, tie("pattern")),
    node: fc.dictionary(key, tie("field"), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
    pattern: fc.oneof(
      { weight: 4, arbitrary: tie("node") },
      {
        weight: 1,
        arbitrary: fc
          .tuple(tie("node"), fc.array(tie("node"), { minLength: 2, maxLength: 3 }))
          .map(([node, or]) => ({ ...(node as object), $or: or })),
      },
    ),
  }),
).pattern;

const scalar: fc.Arbitrary<Json> = fc.oneof(text, number, fc.constantFrom(null, true, false));

export const eventJson: fc.Arbitrary<JsonObject> = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    tie("object"),
    tie("object"),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(tie("object"), { maxLength: 3 }),
  ),
  object: fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
})).object;

/** Events in the form of the pattern, objects repeated in arrays here and there, with values its matchers may want. */
export function eventLike(pattern: unknown): fc.Arbitrary<JsonObject> {
  const value = shaped(pattern);
  return value.map((made) => (isObject(made) ? (made as JsonObject) : { a: made }));
}

function shaped(node: unknown): fc.Arbitrary<Json> {
  if (Array.isArray(node)) {
    const wanted = fc.constantFrom(...(node as readonly unknown[]).map(hint));
    const one = fc.oneof({ weight: 3, arbitrary: wanted }, { weight: 1, arbitrary: scalar });
    return fc.oneof({ weight: 3, arbitrary: one }, { weight: 1, arbitrary: fc.array(one, { maxLength: 2 }) });
  }
  if (!isObject(node)) return scalar;
  const entries = Object.entries(node as object).map(([key, child]) => [key, shaped(child)] as const);
  const object: fc.Arbitrary<Json> = fc.record(Object.fromEntries(entries), {
    requiredKeys: [],
    noNullPrototype: true,
  }) as fc.Arbitrary<JsonObject>;
  const alternatives = (node as { $or?: unknown }).$or;
  const withOne =
    Array.isArray(alternatives) && alternatives.every(isObject)
      ? fc
          .tuple(object, fc.oneof(...alternatives.map(shaped)))
          .map(([base, one]): Json => (isObject(one) ? { ...(base as JsonObject), ...(one as JsonObject) } : base))
      : object;
  return fc.oneof({ weight: 2, arbitrary: withOne }, { weight: 1, arbitrary: fc.array(withOne, { maxLength: 3 }) });
}

/** Some value that the matcher wants, or nearly. */
function hint(matcher: unknown): Json {
  if (!isObject(matcher)) return (matcher ?? null) as Json;
  const [argument] = Object.values(matcher as object) as readonly unknown[];
  if (isObject(argument)) return hint(argument);
  if (Array.isArray(argument)) return (argument.at(-1) ?? null) as Json;
  return typeof argument === "string" ? argument.replaceAll("*", "x").replace(/\/\d+$/, "") : (argument as Json);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
