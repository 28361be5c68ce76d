import { describe, expect, test } from "vitest";
import { checkTransformer, compileTransformer } from "./input-transformer.ts";
import { eventOf } from "./rules.fixture.ts";

const PATHS = {
  instance: "$.detail.instance-id",
  state: "$.detail.state",
  detail: "$.detail",
  count: "$.detail.count",
  list: "$.detail.list",
  quoted: "$.detail.quoted",
  nothing: "$.detail.nothing",
  missing: "$.detail.missing.further",
};

const EVENT = eventOf({
  detail: {
    "instance-id": "i-0123456789",
    state: "RUNNING",
    count: 9,
    list: ["a", "b"],
    quoted: 'say "hi"\\',
    nothing: null,
  },
});

function transform(template: string): string {
  return compileTransformer({ InputPathsMap: PATHS, InputTemplate: template })({
    event: EVENT,
    ruleArn: "arn:aws:events:eu-central-1:123456789012:rule/watch",
    ruleName: "watch",
    ingestionTime: "2026-11-20T12:00:00Z",
  });
}

describe("compileTransformer()", () => {
  test.each([
    ["text in quotes", '"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"'],
    ["text without quotes", "<instance> is in state <state>", "i-0123456789 is in state RUNNING"],
    ["escaped quotes", '"<instance> is \\"<state>\\""', '"i-0123456789 is \\"RUNNING\\""'],
    ["several lines", '"one <instance>"\n"two <state>"', '"one i-0123456789"\n"two RUNNING"'],
    ["values of JSON", '{"instance": <instance>, "n": <count>}', '{"instance": "i-0123456789", "n": 9}'],
    ["values in quotes in JSON", '{"instance": "<instance>"}', '{"instance": "i-0123456789"}'],
    ["values among constants", '{"state": [9, <state>, true]}', '{"state": [9, "RUNNING", true]}'],
    ["a list as a value", '{"list": <list>}', '{"list": ["a","b"]}'],
    ["a list in quotes", '{"list": "<list>"}', '{"list": "[a,b]"}'],
    ["null as a value", '{"a": <nothing>}', '{"a": null}'],
    ["nothing at the path, as a value", '{"a": <missing>}', '{"a": ""}'],
    ["nothing at the path, in quotes", '"it is <missing>."', '"it is ."'],
    ["quotes in a value in quotes", '{"a": "<quoted>"}', '{"a": "say \\"hi\\"\\\\"}'],
    ["quotes in a value", '{"a": <quoted>}', '{"a": "say \\"hi\\"\\\\"}'],
    ["the rule", '{"a": <aws.events.rule-name>}', '{"a": "watch"}'],
    ["the time", '"at <aws.events.event.ingestion-time>"', '"at 2026-11-20T12:00:00Z"'],
    ["what looks like markup", "<https://example.org|open> <instance>", "<https://example.org|open> i-0123456789"],
  ])("writes %s", (_, template, expected) => expect(transform(template)).toBe(expected));

  test("writes the event whole, or without its detail", () => {
    const { detail: _, ...rest } = EVENT.envelope;
    expect(transform('{"event": <aws.events.event.json>}')).toBe(`{"event": ${EVENT.text}}`);
    expect(JSON.parse(transform('{"event": <aws.events.event>}'))).toEqual({ event: rest });
    expect(transform("<aws.events.event.json>")).toBe(EVENT.text);
  });

  test("keeps text inside of quotes valid JSON, whatever an object holds", () => {
    const text = transform('{"detail": "<detail>", "next": "<quoted>"}');
    expect(JSON.parse(text)).toMatchObject({ next: 'say "hi"\\' });
  });
});

describe("checkTransformer()", () => {
  test.each([
    [{ InputTemplate: "<what>" }, "InputTemplate for target T contains invalid placeholder what."],
    [
      { InputTemplate: "<aws.events.rule>" },
      "InputTemplate for target T contains invalid placeholder aws.events.rule.",
    ],
    [{ InputPathsMap: { a: "detail" }, InputTemplate: "<a>" }, "Invalid JsonPath for target T: detail"],
    [
      { InputPathsMap: { "aws.events.event": "$.detail" }, InputTemplate: "x" },
      "InputPathsMap for target T contains reserved key aws.events.event.",
    ],
    [{ InputPathsMap: { a: "$.detail" }, InputTemplate: '{"a": <a>}' }, undefined],
  ])("says of %j: %s", (transformer, expected) => expect(checkTransformer(transformer, "T")).toBe(expected));
});
