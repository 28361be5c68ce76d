import { describe, expect, test } from "vitest";
import type { Target } from "./rule.ts";
import { compileRule, deliveriesOf } from "./rule-deliveries.ts";
import { ACCOUNT, eventOf, NOW, REGION, ruleNamed, TOPIC } from "./rules.fixture.ts";

const AT = `${REGION}:${ACCOUNT}`;
const EVENT = eventOf({}, { hops: 2 });

function deliveryTo(target: Omit<Target, "Id">, event = EVENT) {
  const rule = ruleNamed("watch");
  const [delivery, ...more] = deliveriesOf(compileRule(rule, [{ Id: "one", ...target }]), event, NOW);
  expect(more).toEqual([]);
  return delivery;
}

describe("deliveriesOf()", () => {
  test("says who wants what delivered where, as often as EventBridge tries", () => {
    expect(deliveryTo({ Arn: TOPIC })).toEqual({
      owner: ruleNamed("watch").arn,
      target: "one",
      kind: "topic",
      endpoint: TOPIC,
      eventId: EVENT.envelope.id,
      body: EVENT.text,
      parameters: {},
      retry: { kind: "exponential", attemptsMax: 185, ageMaxMs: 86_400_000 },
      hops: 3,
    });
  });

  test("follows the target's retry policy and names its dead-letter queue", () => {
    const queue = `arn:aws:sqs:${AT}:dead`;
    const delivery = deliveryTo({
      Arn: TOPIC,
      RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      DeadLetterConfig: { Arn: queue },
    });
    expect(delivery).toMatchObject({
      retry: { kind: "exponential", attemptsMax: 0, ageMaxMs: 60_000 },
      deadLetterArn: queue,
    });
  });

  test.each([
    [{ Input: '{"fixed": true}' }, '{"fixed": true}'],
    [{ InputPath: "$" }, EVENT.text],
    [{ InputPath: "$.detail" }, '{"instance-id":"i-0123456789","state":"RUNNING"}'],
    [{ InputPath: "$.detail.state" }, '"RUNNING"'],
    [{ InputPath: "$.detail.none" }, "null"],
    [{ InputTransformer: { InputPathsMap: { s: "$.detail.state" }, InputTemplate: "is <s>" } }, "is RUNNING"],
    [{ InputTransformer: { InputTemplate: "at <aws.events.event.ingestion-time>" } }, "at 2026-11-20T12:00:00Z"],
  ])("makes the body by %j", (input, body) => expect(deliveryTo({ Arn: TOPIC, ...input })).toMatchObject({ body }));

  test.each([
    [{ Arn: `arn:aws:sqs:${AT}:jobs.fifo`, SqsParameters: { MessageGroupId: "g" } }, { messageGroupId: "g" }],
    [
      { Arn: `arn:aws:events:${AT}:api-destination/hook`, HttpParameters: { HeaderParameters: { "x-a": "1" } } },
      { HeaderParameters: { "x-a": "1" } },
    ],
    [
      { Arn: `arn:aws:x-opentrail:${AT}:email/ops@example.org` },
      { subject: "EC2 Instance State-change Notification (my.app)" },
    ],
    [{ Arn: `arn:aws:lambda:${AT}:function:respond` }, {}],
  ])("tells the transport of %j", (target, parameters) => {
    expect(deliveryTo(target)).toMatchObject({ parameters });
  });

  test("tells another bus what only reads", () => {
    const Arn = `arn:aws:events:${AT}:event-bus/audit`;
    expect(deliveryTo({ Arn })?.parameters).toEqual({});
    const reading = eventOf({}, { readOnlyManagement: true });
    expect(deliveryTo({ Arn }, reading)?.parameters).toEqual({ readOnlyManagement: true });
  });

  test.each([
    ["the event's own time and text", undefined, EVENT.text, "2026-11-20T11:59:59Z"],
    ["what a template makes of both", '{"timestamp": 86400000, "message": "<s>"}', "RUNNING", "1970-01-02T00:00:00Z"],
    ["a time as text", '{"timestamp": <time>, "message": {"s": <s>}}', '{"s":"RUNNING"}', "2026-11-20T11:59:59Z"],
    ["any other template as message", "it is <s>", "it is RUNNING", "2026-11-20T11:59:59Z"],
    ["any other object as message", '{"s": <s>}', '{"s": "RUNNING"}', "2026-11-20T11:59:59Z"],
  ])("gives a log group %s", (_, template, body, time) => {
    const paths = { s: "$.detail.state", time: "$.time" };
    const delivery = deliveryTo({
      Arn: `arn:aws:logs:${AT}:log-group:/aws/events/all`,
      ...(template !== undefined && { InputTransformer: { InputPathsMap: paths, InputTemplate: template } }),
    });
    expect(delivery).toMatchObject({ kind: "log-group", body, parameters: { timestampMs: Date.parse(time) } });
  });
});
