import { describe, expect, test } from "vitest";
import { describeRequest, type FilterOptions, lookupRequest } from "./filters.ts";
import { utcZone } from "./time-argument.ts";
import { UsageError } from "./usage-error.ts";

const NOW = Date.parse("2026-08-01T12:00:00Z");
const ALL = { EventCategory: "all" };
const attribute = (AttributeKey: string, AttributeValue: string): object => ({
  LookupAttributes: [{ AttributeKey, AttributeValue }],
  ...ALL,
});

describe("lookupRequest()", () => {
  test.each<[FilterOptions, object]>([
    [{}, ALL],
    [{ category: "management" }, {}],
    [{ category: "data" }, { EventCategory: "data" }],
    [{ eventName: "CreateUser" }, attribute("EventName", "CreateUser")],
    [{ user: "Mary" }, attribute("Username", "Mary")],
    [{ source: "iam" }, attribute("EventSource", "iam.amazonaws.com")],
    [{ source: "coffee.example.org" }, attribute("EventSource", "coffee.example.org")],
    [{ resourceName: "Mary" }, attribute("ResourceName", "Mary")],
    [{ resourceType: "AWS::IAM::User" }, attribute("ResourceType", "AWS::IAM::User")],
    [{ accessKey: "AKIAIOSFODNN7EXAMPLE" }, attribute("AccessKeyId", "AKIAIOSFODNN7EXAMPLE")],
    [{ eventId: "1" }, attribute("EventId", "1")],
    [{ readOnly: true }, attribute("ReadOnly", "true")],
    [{ writes: true }, attribute("ReadOnly", "false")],
    [
      { category: "insight", source: "iam" },
      { ...attribute("EventSource", "iam.amazonaws.com"), EventCategory: "insight" },
    ],
    [
      { since: "2h", until: "1h" },
      { StartTime: new Date(NOW - 7_200_000), EndTime: new Date(NOW - 3_600_000), ...ALL },
    ],
    [
      { user: "Mary", writes: true },
      {
        LookupAttributes: [
          { AttributeKey: "Username", AttributeValue: "Mary" },
          { AttributeKey: "ReadOnly", AttributeValue: "false" },
        ],
        ...ALL,
      },
    ],
  ])("makes of %j %j", (options, request) => expect(lookupRequest(options, NOW)).toEqual(request));

  test.each<[FilterOptions, string]>([
    [{ category: "insight", user: "Mary" }, "--user cannot go with --category insight"],
    [{ user: "" }, "--user is empty"],
    [{ since: "soon" }, "--since soon is no time"],
    [{ since: "1h", until: "2h" }, "--since is later"],
    [{ since: "2099-01-01" }, "--since is later"],
  ])("refuses %j: %s", (options, message) => {
    expect(() => lookupRequest(options, NOW)).toThrow(UsageError);
    expect(() => lookupRequest(options, NOW)).toThrow(message);
  });
});

describe("describeRequest()", () => {
  test.each<[FilterOptions, string]>([
    [{}, "events in all that is kept (90 days, if nobody changed that) until now"],
    [
      { user: "Mary", writes: true, since: "2h", until: "1h" },
      "events with Username Mary and ReadOnly false from 2026-08-01 10:00:00Z until 2026-08-01 11:00:00Z",
    ],
    [{ category: "data", since: "2h" }, "data events from 2026-08-01 10:00:00Z until now"],
    [{ category: "insight", since: "2h" }, "Insights events from 2026-08-01 10:00:00Z until now"],
  ])("of %j is %s", (options, text) => expect(describeRequest(lookupRequest(options, NOW), utcZone)).toBe(text));
});
