import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchesByTrying } from "./backtracking.fixture.ts";
import { type EventPattern, type JsonObject, PatternError } from "./event-pattern.ts";
import { eventJson, eventLike, patternJson } from "./generated.fixture.ts";
import { matchesPattern } from "./match-event.ts";
import { parseEventPattern } from "./parse-event-pattern.ts";
import { PatternIndex } from "./pattern-index.ts";

/** A pattern, and events of which some match it. */
const asked = patternJson
  .map((json) => ({ json, pattern: parseIfValid(json) }))
  .filter((made): made is { json: unknown; pattern: EventPattern } => made.pattern !== undefined);
const withEvents = asked.chain(({ json, pattern }) => {
  const event = fc.oneof({ weight: 3, arbitrary: eventLike(json) }, { weight: 1, arbitrary: eventJson });
  return fc.record({ pattern: fc.constant(pattern), events: fc.array(event, { minLength: 1, maxLength: 6 }) });
});

function parseIfValid(json: unknown): EventPattern | undefined {
  try {
    return parseEventPattern(JSON.stringify(json));
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}

function parse(json: unknown): EventPattern {
  return parseEventPattern(JSON.stringify(json));
}

describe("matchesPattern()", () => {
  test("agrees with trying all ways to satisfy one field after the other", () => {
    let matched = 0;
    const property = fc.property(withEvents, ({ pattern, events }) => {
      for (const event of events) {
        const expected = matchesByTrying(pattern, event);
        expect(matchesPattern(pattern, event)).toBe(expected);
        if (expected) matched += 1;
      }
    });
    fc.assert(property, { numRuns: 2000 });
    expect(matched).toBeGreaterThan(400);
  });
});

describe("PatternIndex", () => {
  test("agrees with asking the patterns one by one, whatever was set and deleted before", () => {
    let matched = 0;
    const key = fc.integer({ min: 0, max: 7 });
    const step = fc.record({ key, asks: withEvents, deletes: fc.boolean() });
    const property = fc.property(fc.array(step, { minLength: 1, maxLength: 15 }), (steps) => {
      const index = new PatternIndex<number>();
      const patterns = new Map<number, EventPattern>();
      for (const { key, asks, deletes } of steps) {
        if (deletes) expect(index.delete(key)).toBe(patterns.delete(key));
        index.set(key + 4, asks.pattern);
        patterns.set(key + 4, asks.pattern);
        expect(index.size).toBe(patterns.size);
        for (const event of asks.events) {
          const expected = [...patterns].filter(([, one]) => matchesPattern(one, event)).map(([key]) => key);
          expect(index.match(event).toSorted()).toEqual(expected.toSorted());
          matched += expected.length;
        }
      }
    });
    fc.assert(property, { numRuns: 300 });
    expect(matched).toBeGreaterThan(400);
  });

  test("tells a key once, though two of its alternatives match", () => {
    const index = new PatternIndex<string>();
    index.set("either", parse({ $or: [{ a: [1] }, { b: [2] }] }));
    expect(index.match({ a: 1, b: 2 })).toEqual(["either"]);
  });

  test("set() puts a pattern in the place of the one before", () => {
    const index = new PatternIndex<string>();
    index.set("key", parse({ a: [1] }));
    index.set("key", parse({ a: [2] }));
    expect([index.size, index.match({ a: 1 }), index.match({ a: 2 })]).toEqual([1, [], ["key"]]);
  });

  test("forgets one event at the next", () => {
    const index = new PatternIndex<string>();
    index.set("both", parse({ a: [1], b: [2] }));
    index.set("no b", parse({ a: [1], b: [{ exists: false }] }));
    const events: readonly JsonObject[] = [{ a: 1, b: 2 }, { a: 1 }, { b: 2 }, {}, { a: [1, 3], b: [2] }];
    expect(events.map((event) => index.match(event))).toEqual([["both"], ["no b"], [], [], ["both"]]);
  });

  test("takes 10,000 patterns of every open kind, and lets them go", () => {
    const index = new PatternIndex<number>();
    const kinds = [
      (n: number) => ({ a: [{ wildcard: `*x${n}*` }] }),
      (n: number) => ({ a: [{ "anything-but": `x${n}` }], b: [{ exists: false }] }),
      (n: number) => ({ [`k${n}`]: [{ exists: false }] }),
      (n: number) => ({ a: [{ prefix: `x${n}` }], [`k${n}`]: [{ numeric: [">", n] }] }),
    ];
    const patterns = Array.from({ length: 10_000 }, (_, n) => parse(kinds[n % 4]?.(n)));
    for (const [n, pattern] of patterns.entries()) index.set(n, pattern);
    const event = { a: "x5000", k7: 8 };
    const expected = [...patterns.keys()].filter((n) => matchesPattern(patterns[n] as EventPattern, event));
    expect(index.match(event).toSorted((a, b) => a - b)).toEqual(expected);
    expect(expected).toHaveLength(5002);
    for (let n = 0; n < 10_000; n += 1) index.delete(n);
    expect([index.size, index.match(event)]).toEqual([0, []]);
  });
});
