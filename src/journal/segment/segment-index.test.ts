import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LookupAttributeName } from "../../record/index.ts";
import {
  buildSegment,
  comparePlaces,
  entryOf,
  openSegment,
  type Place,
  type Segment,
  type SegmentObjects,
  type SegmentQuery,
} from "./index.ts";
import { termHash, termOf } from "./term-hash.ts";
import { memoryObjects, segmentInput } from "./testing.ts";

const START = Date.parse("2026-11-20T10:00:00Z");
const FIRST = 65_536;
const scope = "1|r|management";

interface Sketch {
  readonly timeS: number;
  readonly name: string;
  readonly user: string;
}

const recordOf = ({ timeS, name, user }: Sketch, index: number): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      eventTime: new Date(START + timeS * 1000).toISOString(),
      eventName: name,
      eventID: `event-${index}`,
      userIdentity: { type: "IAMUser", userName: user },
      awsRegion: "r",
      recipientAccountId: "1",
    }),
  );

const query = (...attributes: (readonly [LookupAttributeName, string])[]): SegmentQuery => ({
  scope,
  attributes,
  sinceMs: 0,
  untilMs: Infinity,
});

async function segmentOf(records: readonly Uint8Array[]): Promise<Segment> {
  return openSegment(memoryObjects({ s: buildSegment(segmentInput(FIRST, records)) }), "s");
}

async function found(segment: Segment, asked: SegmentQuery): Promise<Place[]> {
  return Array.fromAsync(segment.lookup(asked));
}

describe("lookup()", () => {
  test("Segment.lookup() finds what a full scan does, in its order", async () => {
    // More records than two pages of the time order hold; common and rare values, so that every form of list occurs.
    const sketches = Array.from({ length: 1300 }, (_, index) => ({
      timeS: ((index * 7919) % 1009) % 640,
      name: index % 50 === 3 ? "Rare" : "Common",
      user: `user-${index % 7}`,
    }));
    const places = sketches.map(({ timeS }, index) => ({ timeMs: START + timeS * 1000, sequence: FIRST + index }));
    const segment = await segmentOf(sketches.map(recordOf));
    const second = fc.integer({ min: -2, max: 645 });
    await fc.assert(
      fc.asyncProperty(
        fc.option(fc.constantFrom("Rare", "Common", "Absent"), { nil: undefined }),
        fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined }),
        second,
        second,
        fc.option(fc.nat(1299), { nil: undefined }),
        async (name, user, since, until, after) => {
          const asked: SegmentQuery = {
            scope,
            attributes: [
              ...(name === undefined ? [] : [["EventName", name] as const]),
              ...(user === undefined ? [] : [["Username", `user-${user}`] as const]),
            ],
            sinceMs: START + since * 1000,
            untilMs: START + until * 1000,
            ...(after !== undefined && { after: places[after] as Place }),
          };
          const expected = places
            .filter(({ timeMs }, index) => {
              const fits = name === undefined || sketches[index]?.name === name;
              const owned = user === undefined || sketches[index]?.user === `user-${user}`;
              return fits && owned && timeMs >= asked.sinceMs && timeMs <= asked.untilMs;
            })
            .filter((place) => asked.after === undefined || comparePlaces(asked.after, place) < 0)
            .sort(comparePlaces);
          expect(await found(segment, asked)).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("Segment.lookup() finds every record by its own EventId, and by its alone", async () => {
    const segment = await segmentOf(
      Array.from({ length: 2000 }, (_, n) => recordOf({ timeS: n, name: "N", user: "U" }, n)),
    );
    for (let index = 0; index < 2000; index++) {
      const places = await found(segment, query(["EventId", `event-${index}`]));
      expect(places.map(({ sequence }) => sequence)).toEqual([FIRST + index]);
    }
    expect(await found(segment, query(["EventId", "event-2000"]))).toEqual([]);
    expect(await found(segment, { ...query(), scope: "1|r|insight" })).toEqual([]);
  });

  test("Segment.lookup() answers the records of both terms when their fingerprints collide", async () => {
    const hash = termHash(segmentInput(FIRST, []).salt);
    const seen = new Map<number, string>();
    let pair: readonly [string, string] | undefined;
    for (let index = 0; pair === undefined; index++) {
      const name = `Name${index}`;
      const fingerprint = hash(termOf(scope, ["EventName", name]));
      const other = seen.get(fingerprint);
      if (other !== undefined) pair = [other, name];
      seen.set(fingerprint, name);
    }
    const [one, other] = pair;
    const names = [one, "Else", other, one];
    const segment = await segmentOf(names.map((name, index) => recordOf({ timeS: index, name, user: "U" }, index)));
    for (const name of pair) {
      const places = await found(segment, query(["EventName", name]));
      expect(places.map(({ sequence }) => sequence - FIRST)).toEqual([3, 2, 0]);
    }
  });

  test("Segment.lookup() finds nothing where no record can be found", async () => {
    const segment = await segmentOf([Buffer.from("{}"), Buffer.from("[")]);
    expect(segment).toMatchObject({ count: 2, indexed: 0 });
    expect(await found(segment, query())).toEqual([]);
    await segment.verify();
  });

  test("Segment.lookup() keeps times from 1970 to 9999 and fractions of a second apart", async () => {
    const times = [
      "1970-01-01T00:00:00Z",
      "9999-12-31T23:59:59.999Z",
      "2026-11-20T10:00:00.001Z",
      "2026-11-20T10:00:00Z",
    ];
    const segment = await segmentOf(
      times.map((eventTime) => Buffer.from(JSON.stringify({ eventTime, awsRegion: "r", recipientAccountId: "1" }))),
    );
    const places = await found(segment, query());
    expect(places.map(({ timeMs }) => timeMs)).toEqual([1, 2, 3, 0].map((index) => Date.parse(times[index] as string)));
    expect(segment).toMatchObject({ minTimeMs: 0, maxTimeMs: 253_402_300_799_999 });
  });
});

describe("mayHold()", () => {
  test("Segment.mayHold() is true of every term of every record, alone and together", async () => {
    const sketch = fc.record({ timeS: fc.nat(99), name: fc.string(), user: fc.string({ unit: "binary" }) });
    await fc.assert(
      fc.asyncProperty(fc.array(sketch, { minLength: 1, maxLength: 40 }), async (sketches) => {
        const records = sketches.map(recordOf);
        const segment = await segmentOf(records);
        const entries = records.map((bytes) => entryOf(bytes)).filter((entry) => entry !== undefined);
        expect(entries.length).toBe(segment.indexed);
        for (const { scope, attributes } of entries) {
          const asked = [[], attributes, ...attributes.map((attribute) => [attribute])];
          expect(asked.filter((terms) => !segment.mayHold({ ...query(...terms), scope }))).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("Segment.mayHold() is true of fewer than 3 % of the absent terms, and tells so without reading", async () => {
    const records = Array.from({ length: 3000 }, (_, n) => recordOf({ timeS: n, name: "N", user: "U" }, n));
    const objects = memoryObjects({ s: buildSegment(segmentInput(FIRST, records)) });
    let reads = 0;
    const counted: SegmentObjects = {
      ...objects,
      read: (...asked) => {
        reads += 1;
        return objects.read(...asked);
      },
    };
    const segment = await openSegment(counted, "s");
    reads = 0;
    const absent = Array.from({ length: 20_000 }, (_, n) => query(["EventId", `absent-${n}`]));
    const passed = absent.filter((asked) => segment.mayHold(asked));
    expect(passed.length).toBeLessThan(absent.length * 0.03);
    const pairs = absent.map((asked) => query(["EventName", "N"], ...asked.attributes));
    expect(pairs.filter((asked) => segment.mayHold(asked)).length).toBe(passed.length);
    expect(reads).toBe(0);
  });

  test("Segment.mayHold() is false of everything where no record can be found", async () => {
    const segment = await segmentOf([Buffer.from("{}"), Buffer.from("[")]);
    expect(segment.mayHold(query())).toBe(false);
  });
});

describe("termHash()", () => {
  test("termHash() gives another segment another fingerprint", () => {
    const one = termHash(new Uint8Array(32).fill(1));
    const other = termHash(new Uint8Array(32).fill(2));
    const terms = Array.from({ length: 100 }, (_, index) => `term ${index}`);
    expect(terms.filter((term) => one(term) === other(term))).toEqual([]);
  });

  test("termHash() spreads terms that differ in one letter, in length or in a lone surrogate evenly", () => {
    const hash = termHash(new Uint8Array(32).fill(1));
    const terms = Array.from({ length: 4096 }, (_, n) => `${"a".repeat(n % 5)}${String.fromCharCode(0xd700 + n)}`);
    const fingerprints = terms.map(hash);
    expect(new Set(fingerprints).size).toBe(4096);
    const buckets = new Uint32Array(16);
    for (const fingerprint of fingerprints) buckets[fingerprint >>> 28] = (buckets[fingerprint >>> 28] as number) + 1;
    // 256 are expected in each, with a standard deviation of 15.5.
    for (const count of buckets) expect(Math.abs(count - 256)).toBeLessThan(80);
  });
});
