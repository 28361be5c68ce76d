import { describe, expect, test } from "vitest";
import { destinationOf } from "./target-kinds.ts";

const AT = "eu-central-1:123456789012";

describe("destinationOf()", () => {
  test.each([
    [`arn:aws:sns:${AT}:alarms`, "topic"],
    [`arn:aws:sqs:${AT}:jobs.fifo`, "queue"],
    [`arn:aws:logs:${AT}:log-group:/aws/events/all:*`, "log-group"],
    [`arn:aws:events:${AT}:event-bus/audit`, "bus"],
    [`arn:aws:events:${AT}:api-destination/hook/0d5e1f8a-1111-4222-8333-444455556666`, "api-destination"],
    [`arn:aws:lambda:${AT}:function:respond:$LATEST`, "function"],
    [`arn:aws:firehose:${AT}:deliverystream/all`, "stream"],
  ])("leads %s to a %s", (arn, kind) => expect(destinationOf(arn)).toEqual({ kind, endpoint: arn }));

  test.each([
    [`arn:aws:x-opentrail:${AT}:email/ops+alarm@example.org`, { kind: "email", endpoint: "ops+alarm@example.org" }],
    [`arn:aws:x-opentrail:${AT}:command/page-me`, { kind: "command", endpoint: "page-me" }],
  ])("leads %s to what it names", (arn, expected) => expect(destinationOf(arn)).toEqual(expected));

  test.each([
    "https://example.org",
    `arn:aws:ecs:${AT}:cluster/main`,
    `arn:aws:sns:${AT}:`,
    `arn:aws:sns:eu-central-1::alarms`,
    `arn:aws:x-opentrail:${AT}:email/a@example.org,b@example.org`,
    `arn:aws:x-opentrail:${AT}:email/a@example.org\r\nBcc: b@example.org`,
    `arn:aws:x-opentrail:${AT}:command/../sh`,
    `arn:aws:events:${AT}:rule/other`,
  ])("leads %j nowhere", (arn) => expect(destinationOf(arn)).toBeUndefined());
});
