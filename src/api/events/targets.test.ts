import { describe, expect, test } from "vitest";
import { ACCOUNT, type Events, openEvents, REGION, refusal, TOPIC } from "./open-events.fixture.ts";

const AT = `${REGION}:${ACCOUNT}`;

async function withRule(): Promise<Events> {
  const events = await openEvents();
  await events.call("PutRule", { Name: "watch", EventPattern: '{"source":["my.app"]}' });
  return events;
}

describe("PutTargets", () => {
  test("adds targets and replaces those of the same id, as they were given", async () => {
    const events = await withRule();
    const full = {
      Id: "hook",
      Arn: `arn:aws:events:${AT}:api-destination/hook/0d5e1f8a-1111-4222-8333-444455556666`,
      RoleArn: `arn:aws:iam::${ACCOUNT}:role/r`,
      InputTransformer: { InputPathsMap: { s: "$.detail.state" }, InputTemplate: '{"text": <s>}' },
      HttpParameters: { HeaderParameters: { "x-a": "1" } },
      DeadLetterConfig: { Arn: `arn:aws:sqs:${AT}:dead` },
      RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 600 },
    };
    const Targets = [{ Id: "topic", Arn: TOPIC }, full];
    expect(await events.call("PutTargets", { Rule: "watch", Targets })).toEqual({
      FailedEntryCount: 0,
      FailedEntries: [],
    });
    await events.call("PutTargets", { Rule: "watch", Targets: [{ Id: "topic", Arn: TOPIC, Input: '"fixed"' }] });
    const first = await events.call("ListTargetsByRule", { Rule: "watch", Limit: 1 });
    expect(first.Targets).toEqual([{ Id: "topic", Arn: TOPIC, Input: '"fixed"' }]);
    const { NextToken } = first;
    expect(await events.call("ListTargetsByRule", { Rule: "watch", NextToken })).toEqual({ Targets: [full] });
  });

  test("tells per entry what OpenTrail does not deliver to, and takes the others", async () => {
    const events = await withRule();
    const cluster = `arn:aws:ecs:${AT}:cluster/main`;
    const bus = `arn:aws:events:${AT}:event-bus/audit`;
    const Targets = [
      { Id: "task", Arn: cluster },
      { Id: "topic", Arn: TOPIC },
      { Id: "bus", Arn: bus, InputPath: "$.detail" },
      { Id: "topic2", Arn: TOPIC, KinesisParameters: { PartitionKeyPath: "$.id" } },
    ];
    const { FailedEntryCount, FailedEntries } = await events.call("PutTargets", { Rule: "watch", Targets });
    expect(FailedEntryCount).toBe(3);
    expect(FailedEntries?.map(({ TargetId }) => TargetId)).toEqual(["task", "bus", "topic2"]);
    expect(FailedEntries?.[0]?.ErrorMessage).toContain(
      `Target task (${cluster}) is not supported: OpenTrail delivers to`,
    );
    expect(await events.call("ListTargetsByRule", { Rule: "watch" })).toEqual({
      Targets: [{ Id: "topic", Arn: TOPIC }],
    });
  });

  test.each([
    [
      { Input: "1", InputPath: "$" },
      "ValidationException: Only one of Input, InputPath, or InputTransformer must be provided for target T.",
    ],
    [
      { InputTransformer: { InputTemplate: "<k>" } },
      "ValidationException: InputTemplate for target T contains invalid placeholder k.",
    ],
    [{ Input: "{" }, "ValidationException: JSON syntax error in input for target T."],
    [{ InputPath: "detail" }, "ValidationException: Invalid JsonPath for target T: detail"],
    [
      { Arn: "topic" },
      "ValidationException: Parameter topic is not valid. Reason: Provided Arn is not in correct format.",
    ],
    [
      { Arn: `arn:aws:sqs:${AT}:jobs.fifo` },
      "ValidationException: Parameter(s) SqsParameters must be specified for target: T.",
    ],
    [
      { DeadLetterConfig: { Arn: TOPIC } },
      "ValidationException: Parameter DeadLetterConfig.Arn is not valid for target T. Reason: It must be the ARN of a queue.",
    ],
    [
      { RetryPolicy: { MaximumRetryAttempts: 186 } },
      "ValidationException: 1 validation error detected: Value '186' at 'targets.1.member.retryPolicy.maximumRetryAttempts' failed to satisfy constraint: Member must have value less than or equal to 185",
    ],
  ])("refuses a target with %j", async (target, words) => {
    const events = await withRule();
    const Targets = [{ Id: "T", Arn: TOPIC, ...target }];
    expect(await refusal(events.call("PutTargets", { Rule: "watch", Targets }))).toBe(words);
  });

  test("refuses a sixth target", async () => {
    const events = await withRule();
    const targets = (...ids: number[]) => ids.map((id) => ({ Id: String(id), Arn: TOPIC }));
    await events.call("PutTargets", { Rule: "watch", Targets: targets(1, 2, 3, 4) });
    expect(await refusal(events.call("PutTargets", { Rule: "watch", Targets: targets(4, 5, 6) }))).toBe(
      "LimitExceededException: The requested resource exceeds the maximum number allowed.",
    );
    expect(await events.call("PutTargets", { Rule: "watch", Targets: targets(4, 5) })).toMatchObject({
      FailedEntryCount: 0,
    });
  });

  test("refuses a rule that is not there", async () => {
    const events = await openEvents();
    const Targets = [{ Id: "T", Arn: TOPIC }];
    expect(await refusal(events.call("PutTargets", { Rule: "watch", Targets }))).toBe(
      "ResourceNotFoundException: Rule watch does not exist on EventBus default.",
    );
  });
});

describe("RemoveTargets", () => {
  test("tells per entry which targets there were not", async () => {
    const events = await withRule();
    await events.call("PutTargets", { Rule: "watch", Targets: [{ Id: "a", Arn: TOPIC }] });
    expect(await events.call("RemoveTargets", { Rule: "watch", Ids: ["a", "b"] })).toEqual({
      FailedEntryCount: 1,
      FailedEntries: [
        {
          TargetId: "b",
          ErrorCode: "ResourceNotFoundException",
          ErrorMessage: "Rule watch does not have a target with the Id b.",
        },
      ],
    });
    expect(await events.call("ListTargetsByRule", { Rule: "watch" })).toEqual({ Targets: [] });
  });
});

describe("ListRuleNamesByTarget", () => {
  test("names each rule of the bus once, a page at a time", async () => {
    const events = await openEvents();
    await events.call("CreateEventBus", { Name: "orders" });
    for (const [Name, EventBusName] of [["b"], ["a"], ["c", "orders"]] as const) {
      await events.call("PutRule", { Name, EventPattern: '{"source":["my.app"]}', EventBusName });
      const Targets = ["1", "2"].map((Id) => ({ Id, Arn: TOPIC }));
      await events.call("PutTargets", { Rule: Name, EventBusName, Targets });
    }
    expect(await events.call("ListRuleNamesByTarget", { TargetArn: TOPIC })).toEqual({ RuleNames: ["a", "b"] });
    expect(await events.call("ListRuleNamesByTarget", { TargetArn: `${TOPIC}2` })).toEqual({ RuleNames: [] });
    const first = await events.call("ListRuleNamesByTarget", { TargetArn: TOPIC, Limit: 1 });
    expect(first.RuleNames).toEqual(["a"]);
    const second = { TargetArn: TOPIC, NextToken: first.NextToken };
    expect(await events.call("ListRuleNamesByTarget", second)).toEqual({ RuleNames: ["b"] });
  });
});
