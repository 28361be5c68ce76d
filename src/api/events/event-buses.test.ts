import { describe, expect, test } from "vitest";
import { ACCOUNT, NOW, openEvents, OTHER_ACCOUNT, REGION, refusal } from "./open-events.fixture.ts";

const BUSES = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus`;

describe("event buses", () => {
  test("are created, described, changed, listed and deleted", async () => {
    const events = await openEvents();
    const DeadLetterConfig = { Arn: `arn:aws:sqs:${REGION}:${ACCOUNT}:dead` };
    const Tags = [{ Key: "team", Value: "a" }];
    expect(await events.call("CreateEventBus", { Name: "orders", Description: "o", DeadLetterConfig, Tags })).toEqual({
      EventBusArn: `${BUSES}/orders`,
      Description: "o",
      DeadLetterConfig,
    });
    expect(await events.call("ListTagsForResource", { ResourceARN: `${BUSES}/orders` })).toEqual({ Tags });
    await events.call("UpdateEventBus", { Name: "orders", Description: "new" });
    expect(await events.call("DescribeEventBus", { Name: "orders" })).toEqual({
      Name: "orders",
      Arn: `${BUSES}/orders`,
      Description: "new",
      DeadLetterConfig,
      CreationTime: new Date(NOW),
      LastModifiedTime: new Date(NOW),
    });
    await events.call("DeleteEventBus", { Name: "orders" });
    expect(await refusal(events.call("DescribeEventBus", { Name: "orders" }))).toBe(
      "ResourceNotFoundException: Event bus orders does not exist.",
    );
    expect(await events.call("DeleteEventBus", { Name: "orders" })).toBeUndefined();
  });

  test("have the default one among them, in every Region", async () => {
    const events = await openEvents();
    expect(await events.call("DescribeEventBus", {})).toEqual({ Name: "default", Arn: `${BUSES}/default` });
    for (const Name of ["a", "z"]) await events.call("CreateEventBus", { Name });
    const names = async (input: object): Promise<unknown> =>
      (await events.call("ListEventBuses", input)).EventBuses?.map(({ Name }) => Name);
    expect(await names({})).toEqual(["a", "default", "z"]);
    expect(await names({ NamePrefix: "d" })).toEqual(["default"]);
    const first = await events.call("ListEventBuses", { Limit: 2 });
    expect(await names({ Limit: 2, NextToken: first.NextToken })).toEqual(["z"]);
    expect(await events.in("us-east-1").call("ListEventBuses", {})).toMatchObject({
      EventBuses: [{ Name: "default" }],
    });
  });

  test.each([
    ["default", {}, "ResourceAlreadyExistsException: Event bus default already exists."],
    ["orders", {}, "ResourceAlreadyExistsException: Event bus orders already exists."],
    ["a/b", {}, "ValidationException: Event bus name a/b is not valid: only partners' buses bear a slash."],
    [
      "x",
      { EventSourceName: "aws.partner/x/y" },
      "ResourceNotFoundException: Event source aws.partner/x/y does not exist.",
    ],
  ])("are not created as %s %j", async (Name, input, words) => {
    const events = await openEvents();
    await events.call("CreateEventBus", { Name: "orders" });
    expect(await refusal(events.call("CreateEventBus", { Name, ...input }))).toBe(words);
  });

  test("are not more than a hundred", async () => {
    const events = await openEvents();
    for (let count = 1; count < 100; count++) await events.call("CreateEventBus", { Name: `bus-${count}` });
    expect(await refusal(events.call("CreateEventBus", { Name: "one-more" }))).toBe(
      "LimitExceededException: The requested resource exceeds the maximum number allowed.",
    );
  });

  test("are not deleted with rules on them, and never the default one", async () => {
    const events = await openEvents();
    await events.call("CreateEventBus", { Name: "orders" });
    await events.call("PutRule", { Name: "watch", EventPattern: '{"source":["my.app"]}', EventBusName: "orders" });
    expect(await refusal(events.call("DeleteEventBus", { Name: "orders" }))).toBe(
      "ValidationException: Event bus can't be deleted since it has rules.",
    );
    expect(await refusal(events.call("DeleteEventBus", { Name: "default" }))).toBe(
      "ValidationException: Cannot delete event bus default.",
    );
  });
});

describe("PutPermission and RemovePermission", () => {
  const permission = { Action: "events:PutEvents", Principal: OTHER_ACCOUNT, StatementId: "other" };
  const statement = {
    Sid: "other",
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${OTHER_ACCOUNT}:root` },
    Action: "events:PutEvents",
    Resource: `${BUSES}/default`,
  };

  test("write and remove a policy statement by statement", async () => {
    const events = await openEvents();
    const policy = async (): Promise<unknown> => {
      const { Policy } = await events.call("DescribeEventBus", {});
      return Policy === undefined ? undefined : (JSON.parse(Policy) as unknown);
    };
    await events.call("PutPermission", permission);
    expect(await policy()).toEqual({ Version: "2012-10-17", Statement: [statement] });
    const Condition = { Type: "StringEquals", Key: "aws:PrincipalOrgID", Value: "o-1234567890" };
    await events.call("PutPermission", { ...permission, Principal: "*", Condition });
    await events.call("PutPermission", { ...permission, StatementId: "second" });
    const org = { ...statement, Principal: "*", Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1234567890" } } };
    expect(await policy()).toEqual({ Version: "2012-10-17", Statement: [org, { ...statement, Sid: "second" }] });
    await events.call("RemovePermission", { StatementId: "other" });
    expect(await policy()).toMatchObject({ Statement: [{ Sid: "second" }] });
    await events.call("RemovePermission", { StatementId: "second" });
    expect(await policy()).toBeUndefined();
  });

  test("write and remove a policy as a whole", async () => {
    const events = await openEvents();
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
    await events.call("PutPermission", { Policy });
    expect(await events.call("DescribeEventBus", {})).toMatchObject({ Policy });
    await events.call("RemovePermission", { RemoveAllPermissions: true });
    expect(await events.call("DescribeEventBus", {})).not.toHaveProperty("Policy");
  });

  test.each([
    ["PutPermission", { Action: "events:PutEvents" }, "ValidationException: Parameter Principal is not valid."],
    [
      "PutPermission",
      { ...permission, Action: "events:PutRule" },
      "ValidationException: Provided value in parameter 'action' is not supported.",
    ],
    [
      "PutPermission",
      { ...permission, EventBusName: "none" },
      "ResourceNotFoundException: Event bus none does not exist.",
    ],
    ["PutPermission", { Policy: "{}" }, "ValidationException: Parameter Policy is not valid."],
    [
      "PutPermission",
      { Policy: " ".repeat(10_241) },
      "PolicyLengthExceededException: The policy is longer than a bus may",
    ],
    ["RemovePermission", { StatementId: "other" }, "ResourceNotFoundException: EventBus does not have a policy."],
  ] as const)("refuse %s %j", async (name, input, words) => {
    const events = await openEvents();
    expect(await refusal(events.call(name, input))).toContain(words);
  });

  test("refuse to remove a statement that is not there", async () => {
    const events = await openEvents();
    await events.call("PutPermission", permission);
    expect(await refusal(events.call("RemovePermission", { StatementId: "second" }))).toBe(
      "ResourceNotFoundException: Statement with the provided id does not exist.",
    );
    expect(await refusal(events.call("RemovePermission", {}))).toContain("StatementId is a required argument.");
  });
});

describe("tags", () => {
  const ResourceARN = `${BUSES}/orders`;

  test("are set, changed and removed", async () => {
    const events = await openEvents();
    await events.call("CreateEventBus", { Name: "orders", Tags: [{ Key: "a", Value: "1" }] });
    const Tags = [
      { Key: "b", Value: "2" },
      { Key: "a", Value: "3" },
    ];
    await events.call("TagResource", { ResourceARN, Tags });
    const { Tags: set } = await events.call("ListTagsForResource", { ResourceARN });
    expect(set).toEqual([
      { Key: "a", Value: "3" },
      { Key: "b", Value: "2" },
    ]);
    await events.call("UntagResource", { ResourceARN, TagKeys: ["a", "none"] });
    expect(await events.call("ListTagsForResource", { ResourceARN })).toEqual({ Tags: [{ Key: "b", Value: "2" }] });
  });

  test.each([
    [{ ResourceARN, Tags: [{ Key: "aws:a", Value: "" }] }, "ValidationException: Tag key aws:a is not valid"],
    [{ ResourceARN, Tags: Array.from({ length: 51 }, (_, n) => ({ Key: `k${n}`, Value: "" })) }, "at most 50 tags"],
    [{ ResourceARN: `${BUSES}/none`, Tags: [] }, "ResourceNotFoundException: Event bus none does not exist."],
    [
      { ResourceARN: `arn:aws:events:${REGION}:${ACCOUNT}:rule/orders/none`, Tags: [] },
      "ResourceNotFoundException: Rule none does not exist on EventBus orders.",
    ],
    [{ ResourceARN: "arn:aws:s3:::b", Tags: [] }, "ValidationException: Parameter ResourceARN is not valid."],
  ])("are refused: %j", async (input, words) => {
    const events = await openEvents();
    await events.call("CreateEventBus", { Name: "orders" });
    expect(await refusal(events.call("TagResource", input))).toContain(words);
  });
});
