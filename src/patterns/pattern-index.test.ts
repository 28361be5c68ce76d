import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchesByTrying } from "./backtracking.fixture.ts";
import { type EventPattern, type JsonObject, PatternError } from "./event-pattern.ts";
import { eventJson, eventLike, patternJson } from "./generated.fixture.ts";
import { matchesPattern } from "./match-event.ts";
import { parseEventPattern } from "./parse-event-pattern.ts";
import { PatternIndex } from "./pattern-index.ts";

const ENVELOPES = join(import.meta.dirname, "../../../shared/data/event-envelopes");

/** A pattern, and events of which some match it. */
const asked = patternJson
  .map((json) => ({ json, pattern: parseIfValid(json) }))
  .filter((made): made is { json: unknown; pattern: EventPattern } => made.pattern !== undefined);
const withEvents = asked.chain(({ json, pattern }) => {
  const event = fc.oneof({ weight: 3, arbitrary: eventLike(json) }, { weight: 1, arbitrary: eventJson });
  return fc.record({ pattern: fc.constant(pattern), events: fc.array(event, { minLength: 1, maxLength: 6 }) });
});

const TWENTY = Array.from({ length: 20 });

function parseIfValid(json: unknown): EventPattern | undefined {
  try {
    return parseEventPattern(JSON.stringify(json));
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}

/** Asks for every text and number of an object, below two levels of keys. */
function patternOf(object: JsonObject, depth: number = 0): unknown {
  const fields = Object.entries(object).map(([key, value]) => {
    if (typeof value === "string" || typeof value === "number") return [key, [value]];
    const inside =
      typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
    return [
      key,
      inside && depth < 2 ? patternOf(value as JsonObject, depth + 1) : [{ exists: true }, { exists: false }],
    ];
  });
  return Object.fromEntries(fields) as unknown;
}

function parse(json: unknown): EventPattern {
  return parseEventPattern(JSON.stringify(json));
}

function keysOf(patterns: ReadonlyMap<number, EventPattern>, event: JsonObject): ReadonlySet<number> {
  return new Set([...patterns].filter(([, pattern]) => matchesPattern(pattern, event)).map(([key]) => key));
}

/** Each key once. */
function isSame(found: readonly number[], expected: ReadonlySet<number>): boolean {
  return found.length === expected.size && found.every((key) => expected.has(key));
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
        expect(deletes && index.delete(key)).toBe(deletes && patterns.delete(key));
        index.set(key + 4, asks.pattern);
        patterns.set(key + 4, asks.pattern);
        expect(index.size).toBe(patterns.size);
        for (const event of asks.events) {
          const expected = keysOf(patterns, event);
          matched += expected.size;
          // As often as it takes for patterns that are tried in vain to be placed elsewhere.
          expect(TWENTY.every(() => isSame(index.match(event), expected))).toBe(true);
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

  test.each([
    ["x*y", "xay", "xz"],
    ["*x*y", "axy", "ay"],
    ["*x*", "axa", "aya"],
    ["xy", "xy", "xyz"],
  ])("asks %s again where only its beginning or end was looked up", (wildcard, wanted, unwanted) => {
    const index = new PatternIndex<string>();
    index.set("key", parse({ a: [{ wildcard }] }));
    expect([index.match({ a: wanted }), index.match({ a: unwanted })]).toEqual([["key"], []]);
  });

  test("moves a pattern that is tried in vain behind another field", () => {
    const index = new PatternIndex<string>();
    const other = Array.from({ length: 50 }, (_, n) => `other ${n}`);
    // "type" looks rare, since patterns ask for many types, but all events have the same.
    for (const type of other) index.set(type, parse({ type: [type] }));
    index.set("both", parse({ type: ["common"], name: ["rare"] }));
    for (let n = 0; n < 100; n += 1) expect(index.match({ type: "common", name: `${n}` })).toEqual([]);
    expect(index.match({ type: "common", name: "rare" })).toEqual(["both"]);
    expect([index.delete("both"), index.match({ type: "common", name: "rare" })]).toEqual([true, []]);
    expect(index.match({ type: "other 7", name: "rare" })).toEqual(["other 7"]);
  });

  describe.skipIf(!existsSync(ENVELOPES))("on real envelopes (skipped without ../shared/data)", () => {
    const envelopes = existsSync(ENVELOPES)
      ? readdirSync(ENVELOPES)
          .filter((file) => file.endsWith(".json.gz"))
          .map((file) => JSON.parse(gunzipSync(readFileSync(join(ENVELOPES, file))).toString("utf8")) as JsonObject)
      : [];

    test("finds for each the patterns made of its own values, as asking one by one does", () => {
      const patterns = new Map(envelopes.map((envelope, key) => [key, parse(patternOf(envelope))]));
      const index = new PatternIndex<number>();
      for (const [key, pattern] of patterns) index.set(key, pattern);
      for (const [key, envelope] of envelopes.entries()) {
        expect(index.match(envelope)).toContain(key);
        expect(new Set(index.match(envelope))).toEqual(keysOf(patterns, envelope));
      }
      expect(envelopes.length).toBeGreaterThan(30);
    });
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
