import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PageTokens, Refusal } from "../core/index.ts";
import type { LookupAttributeName } from "../record/index.ts";
import { type History, type LookupQuery, openHistory } from "./index.ts";
import { MemoryJournal } from "./testing.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const DAY_MS = 86_400_000;
const tokens = new PageTokens(new Uint8Array(32).fill(7));
const clock = { now: () => NOW, elapsed: () => 0 };
const account = "123456789012";
const region = "us-east-1";
const everything: LookupQuery = { account, region, category: "management", attributes: [], maxResults: 50 };

/** What a test says about an event; all attributes follow from it. */
interface Sketch {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly category: "Management" | "Insight" | "Data";
  readonly ageS: number;
  readonly name: string;
  readonly source: string;
  readonly user: string;
  readonly readOnly: boolean;
  readonly bucket: string;
}

const sketch = (members: Partial<Sketch>): Sketch => ({
  id: "id",
  account,
  region,
  category: "Management",
  ageS: 60,
  name: "PutBucketPolicy",
  source: "s3.amazonaws.com",
  user: "John",
  readOnly: false,
  bucket: "coffee",
  ...members,
});

function recordOf({ id, account, region, category, ageS, name, source, user, readOnly, bucket }: Sketch): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      userIdentity: { type: "IAMUser", accountId: account, accessKeyId: `AKIA${user}`, userName: user },
      eventTime: new Date(NOW - ageS * 1000).toISOString(),
      eventSource: source,
      eventName: name,
      awsRegion: region,
      eventID: id,
      readOnly,
      resources: [{ type: "AWS::S3::Bucket", ARN: bucket }, { ARN: `${bucket}/key` }],
      recipientAccountId: account,
      eventCategory: category,
    }),
  );
}

const VALUES: Readonly<Record<LookupAttributeName, (event: Sketch) => readonly string[]>> = {
  EventId: ({ id }) => [id],
  EventName: ({ name }) => [name],
  ReadOnly: ({ readOnly }) => [String(readOnly)],
  Username: ({ user }) => [user],
  ResourceType: () => ["AWS::S3::Bucket"],
  ResourceName: ({ bucket }) => [bucket, `${bucket}/key`],
  EventSource: ({ source }) => [source],
  AccessKeyId: ({ user }) => [`AKIA${user}`],
};

/** The answer by looking at everything. */
function scan(events: readonly Sketch[], query: LookupQuery): readonly string[] {
  const since = Math.max(query.startTime ?? 0, NOW - 90 * DAY_MS);
  const time = (event: Sketch): number => NOW - event.ageS * 1000;
  return events
    .map((event, sequence) => ({ event, sequence }))
    .filter(
      ({ event }) =>
        event.account === query.account &&
        event.region === query.region &&
        event.category.toLowerCase() === query.category &&
        time(event) >= since &&
        time(event) <= (query.endTime ?? Infinity) &&
        query.attributes.every(({ key, value }) => VALUES[key](event).includes(value)),
    )
    .sort((left, right) => time(right.event) - time(left.event) || right.sequence - left.sequence)
    .map(({ event }) => event.id);
}

async function openOver(journal: MemoryJournal): Promise<History> {
  return openHistory({ journal, clock, tokens });
}

/** Records per segment: few, so that every run has several. */
const RANGE = 8;

describe("lookup()", () => {
  const names = fc.constantFrom("CreateUser", "ListUsers", "PutBucketPolicy");
  const sketches = fc.record({
    account: fc.constantFrom(account, account, "210987654321"),
    region: fc.constantFrom(region, region, "eu-west-1"),
    category: fc.constantFrom("Management" as const, "Management" as const, "Insight" as const, "Data" as const),
    // Few different times, so that they collide; one in the future, two on either side of the retention's edge.
    ageS: fc.oneof(fc.integer({ min: -1, max: 12 }), fc.constantFrom(86_400 * 90, 86_400 * 90 + 1, 3600)),
    name: names,
    source: fc.constantFrom("iam.amazonaws.com", "s3.amazonaws.com"),
    user: fc.constantFrom("John", "Mary", "root"),
    readOnly: fc.boolean(),
    bucket: fc.constantFrom("coffee", "tea"),
  });
  const attribute = fc.oneof(
    fc.record({
      key: fc.constant("EventId" as const),
      value: fc.integer({ min: 0, max: 60 }).map((n) => `event-${n}`),
    }),
    fc.record({ key: fc.constant("EventName" as const), value: names }),
    fc.record({ key: fc.constant("ReadOnly" as const), value: fc.constantFrom("true", "false") }),
    fc.record({ key: fc.constant("Username" as const), value: fc.constantFrom("John", "root", "john") }),
    fc.record({ key: fc.constant("ResourceType" as const), value: fc.constant("AWS::S3::Bucket") }),
    fc.record({ key: fc.constant("ResourceName" as const), value: fc.constantFrom("tea", "coffee/key") }),
    fc.record({ key: fc.constant("EventSource" as const), value: fc.constant("iam.amazonaws.com") }),
    fc.record({ key: fc.constant("AccessKeyId" as const), value: fc.constantFrom("AKIAMary", "AKIA") }),
  );
  const moment = fc.option(
    fc.integer({ min: -2, max: 14 }).map((ageS) => NOW - ageS * 1000),
    { nil: undefined },
  );
  const queries = fc
    .record({
      region: fc.constantFrom(region, region, "eu-west-1", "ap-south-1"),
      category: fc.constantFrom("management" as const, "management" as const, "insight" as const),
      attributes: fc.array(attribute, { maxLength: 3 }),
      moments: fc.tuple(moment, moment),
      maxResults: fc.integer({ min: 1, max: 7 }),
    })
    .map(({ moments: [one, other], ...query }): LookupQuery => {
      const [startTime, endTime] =
        one !== undefined && other !== undefined && one > other ? [other, one] : [one, other];
      return {
        account,
        ...query,
        ...(startTime !== undefined && { startTime }),
        ...(endTime !== undefined && { endTime }),
      };
    });
  const steps = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.array(sketches, { minLength: 1, maxLength: 20 }).map((events) => ({ events })) },
      { weight: 1, arbitrary: fc.constant({ seal: true as const }) },
      { weight: 3, arbitrary: queries.map((query) => ({ query })) },
    ),
    { minLength: 5, maxLength: 25 },
  );

  test("lookup() answers what a full scan does, page by page, while events arrive and ranges are sealed", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(6), async (program, openAt) => {
        const journal = new MemoryJournal();
        const all: Sketch[] = [];
        let sealed = 0;
        let history: History | undefined;
        const open: { query: LookupQuery; expected: readonly string[]; seen: string[] }[] = [];
        const page = async (paging: (typeof open)[number]): Promise<void> => {
          const { events, nextToken } = await (history as History).lookup(paging.query);
          paging.seen.push(...events.map(({ EventId }) => EventId ?? ""));
          expect(events.length).toBeLessThanOrEqual(paging.query.maxResults);
          if (nextToken !== undefined) paging.query = { ...paging.query, nextToken };
          else open.splice(open.indexOf(paging), 1);
          const expected = nextToken === undefined ? paging.expected : paging.expected.slice(0, paging.seen.length);
          expect(paging.seen).toEqual(expected);
        };
        for (const [index, step] of program.entries()) {
          // Opened late, history rebuilds its tail from what is there; before that nothing can be asked.
          if (index === openAt) history = await openOver(journal);
          if ("events" in step) {
            const events = step.events.map((event, offset) => ({ ...event, id: `event-${all.length + offset}` }));
            all.push(...events);
            journal.append(events.map(recordOf));
          } else if ("seal" in step) {
            for (; all.length - sealed >= RANGE; sealed += RANGE) await journal.seal(RANGE);
          } else if (history !== undefined) {
            open.push({ query: step.query, expected: scan(all, step.query), seen: [] });
          }
          for (const paging of open.slice()) await page(paging);
        }
        while (open.length > 0) for (const paging of open.slice()) await page(paging);
      }),
      { numRuns: 150 },
    );
  });

  test("lookup() asked while ranges are being sealed misses nothing and repeats nothing", async () => {
    const journal = new MemoryJournal();
    const history = await openOver(journal);
    const all = Array.from({ length: 128 }, (_, index) => sketch({ id: `event-${index}`, ageS: (index * 7) % 40 }));
    journal.append(all.map(recordOf));
    const sealing = (async () => {
      for (let range = 0; range < 8; range++) await journal.seal(16);
    })();
    const pages = Array.from({ length: 40 }, async (_, turn) => {
      for (let wait = 0; wait < turn * 3; wait++) await Promise.resolve();
      return history.lookup(everything);
    });
    const expected = scan(all, everything).slice(0, 50);
    for (const { events } of await Promise.all(pages)) expect(events.map(({ EventId }) => EventId)).toEqual(expected);
    await sealing;
    expect(journal.segments).toHaveLength(8);
  });

  test("lookup() keeps a later event out of its pages when that is sealed in between", async () => {
    const journal = new MemoryJournal();
    const history = await openOver(journal);
    journal.append([3, 2, 1].map((ageS) => recordOf(sketch({ id: `first-${ageS}`, ageS }))));
    const { nextToken = "" } = await history.lookup({ ...everything, maxResults: 1 });
    journal.append([recordOf(sketch({ id: "late", ageS: 2 }))]);
    await journal.seal(4);
    const { events } = await history.lookup({ ...everything, nextToken });
    expect(events.map(({ EventId }) => EventId)).toEqual(["first-2", "first-3"]);
  });

  test("lookup() answers no event of which only the fingerprint matched, and still fills its page", async () => {
    const journal = new MemoryJournal();
    const all = Array.from({ length: 64 }, (_, n) =>
      sketch({ id: `${n}`, ageS: n, user: n % 16 === 5 ? "John" : "Mary" }),
    );
    journal.append(all.map(recordOf));
    await journal.seal(64);
    // A segment in which every term collides with every other.
    const [segment] = journal.segments.splice(0) as [(typeof journal.segments)[number]];
    journal.segments.push({ ...segment, lookup: (query) => segment.lookup({ ...query, attributes: [] }) });
    const history = await openOver(journal);
    const query = { ...everything, attributes: [{ key: "Username", value: "John" }] as const, maxResults: 3 };
    const { events, nextToken = "" } = await history.lookup(query);
    expect(events.map(({ EventId }) => EventId)).toEqual(["5", "21", "37"]);
    const rest = await history.lookup({ ...query, nextToken });
    expect(rest.events.map(({ EventId }) => EventId)).toEqual(["53"]);
    expect(rest.nextToken).toBeUndefined();
  });

  test("lookup() begins none of the segments that cannot have the event", async () => {
    const journal = new MemoryJournal();
    const events = Array.from({ length: 400 }, (_, n) => sketch({ id: `event-${n}`, ageS: 500 - n }));
    journal.append(events.map(recordOf));
    for (let sealed = 0; sealed < 400; sealed += 20) await journal.seal(20);
    const begun: number[] = [];
    for (const [index, segment] of journal.segments.entries()) {
      const lookup: typeof segment.lookup = (query) => {
        begun.push(index);
        return segment.lookup(query);
      };
      journal.segments[index] = { ...segment, lookup };
    }
    const history = await openOver(journal);
    const query = (value: string): LookupQuery => ({ ...everything, attributes: [{ key: "EventId", value }] });
    for (let n = 0; n < 400; n += 20) {
      begun.length = 0;
      const { events: found } = await history.lookup(query(`event-${n}`));
      expect(found.map(({ EventId }) => EventId)).toEqual([`event-${n}`]);
      expect(begun).toContain(n / 20);
      // Of the other 19, one in fifty is begun in vain.
      expect(begun.length).toBeLessThan(5);
    }
  });

  test("lookup() sees an event as soon as the journal told of it", async () => {
    const journal = new MemoryJournal();
    const history = await openOver(journal);
    journal.append([recordOf(sketch({ id: "now" }))]);
    expect(history.visible).toBe(1);
    expect((await history.lookup(everything)).events).toEqual([
      {
        EventId: "now",
        EventName: "PutBucketPolicy",
        ReadOnly: "false",
        AccessKeyId: "AKIAJohn",
        EventTime: new Date(NOW - 60_000),
        EventSource: "s3.amazonaws.com",
        Username: "John",
        Resources: [{ ResourceType: "AWS::S3::Bucket", ResourceName: "coffee" }, { ResourceName: "coffee/key" }],
        CloudTrailEvent: Buffer.from(recordOf(sketch({ id: "now" }))).toString(),
      },
    ]);
  });

  test("lookup() takes up what is appended while the tail is being read", async () => {
    const journal = new MemoryJournal();
    journal.append(Array.from({ length: 2500 }, (_, index) => recordOf(sketch({ id: `early-${index}` }))));
    const opening = openOver(journal);
    for (let index = 0; index < 20; index++) {
      journal.append([recordOf(sketch({ id: `late-${index}`, ageS: 1 }))]);
      await Promise.resolve();
    }
    const history = await opening;
    expect(history.visible).toBe(2520);
    const { events } = await history.lookup({ ...everything, maxResults: 20 });
    expect(events.map(({ EventId }) => EventId)).toEqual(Array.from({ length: 20 }, (_, n) => `late-${19 - n}`));
  });

  test("lookup() answers nothing new after close()", async () => {
    const journal = new MemoryJournal();
    const history = await openOver(journal);
    history.close();
    journal.append([recordOf(sketch({}))]);
    expect(history.visible).toBe(0);
  });

  test.each([
    [30, ["new"]],
    [90, ["new", "edge"]],
    [365, ["new", "edge", "old"]],
  ])("lookup() with a retention of %i days answers %j", async (retentionDays, expected) => {
    const journal = new MemoryJournal();
    journal.append([
      recordOf(sketch({ id: "new" })),
      recordOf(sketch({ id: "edge", ageS: 90 * 86_400 })),
      recordOf(sketch({ id: "old", ageS: 90 * 86_400 + 1 })),
    ]);
    const history = await openHistory({ journal, clock, tokens }, { retentionDays });
    const { events } = await history.lookup(everything);
    expect(events.map(({ EventId }) => EventId)).toEqual(expected);
  });

  const hostile: readonly string[] = [
    "",
    "not json",
    "null",
    "[]",
    '"text"',
    '{"eventTime":"2026-11-20T11:00:00Z","__proto__":{"eventName":"x"},"constructor":null}',
    JSON.stringify({ userIdentity: null, eventTime: 7, resources: {}, awsRegion: region, recipientAccountId: account }),
    `{"eventID":"\\ud800","eventTime":"2026-11-20T11:00:00Z","awsRegion":"${region}","recipientAccountId":"${account}"}`,
    JSON.stringify({ ...JSON.parse(recordOf(sketch({ id: "huge" })).toString()), eventName: "x".repeat(200_000) }),
    JSON.stringify({
      ...JSON.parse(recordOf(sketch({ id: "odd" })).toString()),
      eventName: { a: 1 },
      resources: [null, 1],
    }),
  ];
  test.each(["in the tail", "in a segment"])(
    "lookup() stands records that are anything but records, %s",
    async (where) => {
      const journal = new MemoryJournal();
      journal.append(hostile.map((text) => Buffer.from(text)));
      if (where === "in a segment") await journal.seal(hostile.length);
      const history = await openOver(journal);
      const { events } = await history.lookup(everything);
      expect(events.map(({ EventId }) => EventId)).toEqual(["odd", "huge", "\ud800"]);
      const lone = await history.lookup({ ...everything, attributes: [{ key: "EventId", value: "\ud800" }] });
      expect(lone.events).toHaveLength(1);
      const other = await history.lookup({ ...everything, attributes: [{ key: "EventId", value: "\udbff" }] });
      expect(other.events).toHaveLength(0);
    },
  );

  test.each<[string, Partial<LookupQuery>]>([
    ["another attribute", { attributes: [{ key: "EventName", value: "GetUser" }] }],
    ["no attribute", { attributes: [] }],
    ["another account", { account: "210987654321" }],
    ["another Region", { region: "eu-west-1" }],
    ["another category", { category: "insight" }],
    ["another start", { startTime: 0 }],
    ["another end", { endTime: NOW }],
    ["a token cut short", { nextToken: "e30" }],
    ["an empty token", { nextToken: "" }],
    ["a made-up token", { nextToken: `${Buffer.from("[9,9,9]").toString("base64url")}.AAAAAAAAAAAAAAAAAAAAAA` }],
    ["a token of another kind", { nextToken: tokens.seal(["ListUsers"], [1, 2, 3]) }],
  ])("lookup() refuses a token with %s", async (_, change) => {
    const journal = new MemoryJournal();
    journal.append([recordOf(sketch({ id: "1" })), recordOf(sketch({ id: "2" }))]);
    const history = await openOver(journal);
    const query = { ...everything, maxResults: 1, attributes: [{ key: "Username", value: "John" }] as const };
    const { nextToken } = await history.lookup(query);
    expect(nextToken).toBeTypeOf("string");
    const changed = { ...query, ...(nextToken !== undefined && { nextToken }), ...change };
    await expect(history.lookup(changed)).rejects.toMatchObject({ code: "InvalidNextTokenException", status: 400 });
  });

  test("lookup() lets the size of a page change", async () => {
    const journal = new MemoryJournal();
    journal.append(Array.from({ length: 5 }, (_, index) => recordOf(sketch({ id: `${index}` }))));
    const history = await openOver(journal);
    const { nextToken = "" } = await history.lookup({ ...everything, maxResults: 2 });
    const { events } = await history.lookup({ ...everything, maxResults: 50, nextToken });
    expect(events.map(({ EventId }) => EventId)).toEqual(["2", "1", "0"]);
  });

  test("lookup() refuses what parseLookup() refuses", async () => {
    const history = await openOver(new MemoryJournal());
    await expect(history.lookup({ ...everything, maxResults: 0 })).rejects.toThrow(Refusal);
  });
});
