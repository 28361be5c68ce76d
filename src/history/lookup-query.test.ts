import { describe, expect, test } from "vitest";
import { type LookupEventsInput, parseLookup } from "./lookup-query.ts";

const parse = (input: LookupEventsInput) => parseLookup(input, "123456789012", "us-east-1");
const attribute = (AttributeKey: string, AttributeValue = "x"): LookupEventsInput => ({
  LookupAttributes: [{ AttributeKey, AttributeValue }],
});

describe("parseLookup()", () => {
  test("parseLookup() asks for the newest fifty management events by default", () => {
    expect(parse({})).toEqual({
      account: "123456789012",
      region: "us-east-1",
      category: "management",
      attributes: [],
      maxResults: 50,
    });
  });

  test("parseLookup() takes everything that can be said", () => {
    const input = {
      ...attribute("EventName", "CreateUser"),
      StartTime: new Date(1000),
      EndTime: new Date(1000),
      EventCategory: "insight",
      MaxResults: 1,
      NextToken: "t",
    };
    expect(parse(input)).toEqual({
      account: "123456789012",
      region: "us-east-1",
      category: "insight",
      attributes: [{ key: "EventName", value: "CreateUser" }],
      startTime: 1000,
      endTime: 1000,
      maxResults: 1,
      nextToken: "t",
    });
  });

  test.each([
    "EventId",
    "EventName",
    "ReadOnly",
    "Username",
    "ResourceType",
    "ResourceName",
    "EventSource",
    "AccessKeyId",
  ])("parseLookup() knows %s", (key) => {
    expect(parse(attribute(key)).attributes).toEqual([{ key, value: "x" }]);
  });

  test.each<[string, LookupEventsInput, string]>([
    ["an unknown category", { EventCategory: "management" }, "InvalidEventCategoryException"],
    ["an unknown key", attribute("eventname"), "InvalidLookupAttributesException"],
    ["a key of Object.prototype", attribute("constructor"), "InvalidLookupAttributesException"],
    [
      "Username of Insights events",
      { ...attribute("Username"), EventCategory: "insight" },
      "InvalidLookupAttributesException",
    ],
    ["an empty value", attribute("EventName", ""), "InvalidLookupAttributesException"],
    ["a value of 2,001 characters", attribute("EventName", "x".repeat(2001)), "InvalidLookupAttributesException"],
    ["a value of 1,001 underscores", attribute("EventName", "_".repeat(1001)), "InvalidLookupAttributesException"],
    [
      "nine attributes",
      { LookupAttributes: Array.from({ length: 9 }, () => ({ AttributeKey: "EventName", AttributeValue: "x" })) },
      "InvalidLookupAttributesException",
    ],
    ["a start after the end", { StartTime: new Date(2), EndTime: new Date(1) }, "InvalidTimeRangeException"],
    ["no results", { MaxResults: 0 }, "InvalidMaxResultsException"],
    ["51 results", { MaxResults: 51 }, "InvalidMaxResultsException"],
  ])("parseLookup() refuses %s", (_, input, code) => {
    expect(() => parse(input)).toThrow(expect.objectContaining({ code, status: 400 }));
  });

  test.each([
    ["2,000 characters", "x".repeat(2000)],
    ["1,000 spaces", " ".repeat(1000)],
  ])("parseLookup() takes a value of %s", (_, value) => {
    expect(parse(attribute("EventName", value)).attributes[0]?.value).toBe(value);
  });
});
