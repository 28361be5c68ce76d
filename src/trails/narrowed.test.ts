import { describe, expect, test } from "vitest";
import { narrowed } from "./narrowed.ts";
import { trailNamed } from "./open-trails.fixture.ts";
import { parseSelectors } from "./selectors/index.ts";
import type { Selectors, Trail, TrailSettings } from "./trail.ts";

function trail(selectors: Selectors, settings: Partial<TrailSettings> = {}): Trail {
  return { ...trailNamed("audit", settings), createdAt: 0, selectors, insightSelectors: [], logging: true };
}

const basic = (selector: object): Selectors =>
  parseSelectors({ EventSelectors: [selector] } as Parameters<typeof parseSelectors>[0]);
const advanced = (...selectors: readonly (readonly object[])[]): Selectors =>
  parseSelectors({
    AdvancedEventSelectors: selectors.map((FieldSelectors) => ({ FieldSelectors })),
  } as unknown as Parameters<typeof parseSelectors>[0]);
const equals = (Field: string, ...Equals: string[]): object => ({ Field, Equals });

const ALL = basic({ ReadWriteType: "All", IncludeManagementEvents: true });
const MANAGEMENT = [equals("eventCategory", "Management")];
const s3 = (...Values: string[]): object => ({
  ReadWriteType: "All",
  IncludeManagementEvents: true,
  DataResources: [{ Type: "AWS::S3::Object", Values }],
});
const S3_DATA = [equals("eventCategory", "Data"), equals("resources.type", "AWS::S3::Object")];

describe("narrowed()", () => {
  test.each<readonly [string, Selectors, Selectors]>([
    ["reads left out", ALL, basic({ ReadWriteType: "WriteOnly", IncludeManagementEvents: true })],
    ["writes left out", ALL, basic({ ReadWriteType: "ReadOnly", IncludeManagementEvents: true })],
    ["a service left out", ALL, basic({ ExcludeManagementEventSources: ["kms.amazonaws.com"] })],
    ["a bucket no longer named", basic(s3("arn:aws:s3:::one/", "arn:aws:s3:::two/")), basic(s3("arn:aws:s3:::one/"))],
    ["a prefix made longer", basic(s3("arn:aws:s3:::one/")), basic(s3("arn:aws:s3:::one/a/"))],
    ["reads left out by advanced selectors", ALL, advanced([...MANAGEMENT, equals("readOnly", "false")])],
    [
      "one service left out by advanced selectors",
      advanced(MANAGEMENT),
      advanced([...MANAGEMENT, { Field: "eventSource", NotEquals: ["kms.amazonaws.com"] }]),
    ],
    ["data events given up", advanced(MANAGEMENT, S3_DATA), advanced(MANAGEMENT)],
    [
      "one event name left out",
      advanced(S3_DATA),
      advanced([...S3_DATA, { Field: "eventName", NotEquals: ["DeleteObject"] }]),
    ],
  ])("sees %s", (_, before, after) => {
    expect(narrowed(trail(before), trail(after))).not.toEqual([]);
    expect(narrowed(trail(after), trail(before))).toEqual([]);
  });

  test.each<readonly [string, Selectors, Selectors]>([
    ["nothing changed", ALL, ALL],
    ["the same said in advanced selectors", ALL, advanced(MANAGEMENT)],
    ["data events added", advanced(MANAGEMENT), advanced(MANAGEMENT, S3_DATA)],
    ["a prefix made shorter", basic(s3("arn:aws:s3:::one/a/")), basic(s3("arn:aws:s3:::one/"))],
  ])("is silent about %s", (_, before, after) => expect(narrowed(trail(before), trail(after))).toEqual([]));

  test.each(["multiRegion", "includeGlobalServiceEvents", "organization", "validation"] as const)(
    "sees that %s was turned off",
    (setting) => {
      const one = trail(ALL, { [setting]: true });
      const other = trail(ALL, { [setting]: false });
      expect(narrowed(one, other)).not.toEqual([]);
      expect(narrowed(other, one)).toEqual([]);
    },
  );

  test.each(["bucket", "prefix", "logGroupArn", "snsTopicArn"] as const)("sees that %s was moved", (setting) => {
    const one = trail(ALL, { [setting]: "one" });
    const other = trail(ALL, { [setting]: "other" });
    expect(narrowed(one, other)).not.toEqual([]);
    expect(narrowed(one, one)).toEqual([]);
  });

  test("is silent about a topic and a log group that come to it", () => {
    expect(narrowed(trail(ALL), trail(ALL, { snsTopicArn: "one", logGroupArn: "two" }))).toEqual([]);
  });

  test("says no more than ten things, in words", () => {
    const values = Array.from({ length: 40 }, (_, index) => `arn:aws:s3:::bucket-${index}/`);
    const said = narrowed(trail(basic(s3(...values))), trail(ALL));
    expect(said).toHaveLength(10);
    expect(said[0]).toBe("data events that write (arn:aws:s3:::bucket-0/) not logged");
  });
});
