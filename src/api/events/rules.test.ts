import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { RULES_PER_BUS_MAX } from "../../rules/index.ts";
import { ACCOUNT, type Events, openEvents, OTHER_ACCOUNT, REGION, refusal, TOPIC } from "./open-events.fixture.ts";

const PATTERN = '{"source":["my.app"]}';
const RULES = `arn:aws:events:${REGION}:${ACCOUNT}:rule`;

/** A rule as OpenTrail keeps it by itself. */
async function withManagedRule(): Promise<Events> {
  const events = await openEvents();
  const rule = {
    arn: `${RULES}/kept`,
    name: "kept",
    busArn: `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`,
    account: ACCOUNT,
    region: REGION,
    eventPattern: PATTERN,
    state: "ENABLED",
    managedBy: "opentrail",
    createdBy: ACCOUNT,
    everywhere: true,
  } as const;
  await events.keep(rule, [{ Id: "topic", Arn: TOPIC }]);
  return events;
}

describe("PutRule", () => {
  test("creates a rule on the default bus or another one, and DescribeRule shows it", async () => {
    const events = await openEvents();
    const put = { Name: "watch", EventPattern: PATTERN, Description: "looks", RoleArn: "arn:aws:iam::1:role/r" };
    expect(await events.call("PutRule", put)).toEqual({ RuleArn: `${RULES}/watch` });
    expect(await events.call("DescribeRule", { Name: "watch" })).toEqual({
      ...put,
      Arn: `${RULES}/watch`,
      State: "ENABLED",
      EventBusName: "default",
      CreatedBy: ACCOUNT,
    });
    await events.call("CreateEventBus", { Name: "orders" });
    const EventBusName = "orders";
    const RuleArn = `${RULES}/orders/watch`;
    expect(await events.call("PutRule", { Name: "watch", EventPattern: PATTERN, EventBusName })).toEqual({ RuleArn });
    const described = await events.call("DescribeRule", { Name: "watch", EventBusName });
    expect(described).toMatchObject({ Arn: RuleArn, EventBusName });
    const byArn = { Name: "watch", EventBusName: `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/orders` };
    expect(await events.call("DescribeRule", byArn)).toEqual(described);
  });

  test("replaces all that was said of a rule but its targets and tags", async () => {
    const events = await openEvents();
    const Tags = [{ Key: "team", Value: "a" }];
    await events.call("PutRule", {
      Name: "watch",
      EventPattern: PATTERN,
      Description: "looks",
      State: "DISABLED",
      Tags,
    });
    await events.call("PutTargets", { Rule: "watch", Targets: [{ Id: "topic", Arn: TOPIC }] });
    await events.call("PutRule", {
      Name: "watch",
      ScheduleExpression: "rate(1 day)",
      Tags: [{ Key: "b", Value: "c" }],
    });
    expect(await events.call("DescribeRule", { Name: "watch" })).toEqual({
      Name: "watch",
      Arn: `${RULES}/watch`,
      ScheduleExpression: "rate(1 day)",
      State: "ENABLED",
      EventBusName: "default",
      CreatedBy: ACCOUNT,
    });
    expect(await events.call("ListTargetsByRule", { Rule: "watch" })).toEqual({
      Targets: [{ Id: "topic", Arn: TOPIC }],
    });
    expect(await events.call("ListTagsForResource", { ResourceARN: `${RULES}/watch` })).toEqual({ Tags });
  });

  test.each([
    [{}, "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified."],
    [{ EventPattern: "" }, "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified."],
    [{ EventPattern: PATTERN, EventBusName: "none" }, "ResourceNotFoundException: Event bus none does not exist."],
    [
      { ScheduleExpression: "rate(1 day)", EventBusName: "orders" },
      "ValidationException: ScheduleExpression is supported only on the default event bus.",
    ],
    [{ ScheduleExpression: "rate(1 days)" }, "ValidationException: Parameter ScheduleExpression is not valid."],
    [
      { EventPattern: PATTERN, Name: "a b" },
      "ValidationException: 1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+",
    ],
    [
      { EventPattern: PATTERN, EventBusName: `arn:aws:events:us-east-1:${ACCOUNT}:event-bus/default` },
      `ResourceNotFoundException: Event bus arn:aws:events:us-east-1:${ACCOUNT}:event-bus/default does not exist.`,
    ],
  ])("refuses %j", async (input, words) => {
    const events = await openEvents();
    await events.call("CreateEventBus", { Name: "orders" });
    expect(await refusal(events.call("PutRule", { Name: "watch", ...input }))).toBe(words);
  });

  test("refuses a rule too many for its bus, and still changes those there are", async () => {
    const events = await openEvents();
    await events.call("PutRule", { Name: "watch", EventPattern: PATTERN });
    await sql`with recursive n (i) as (select 2 union all select i + 1 from n where i < ${RULES_PER_BUS_MAX})
      insert into event_rules select 'arn ' || i, bus_arn, account_id, region, 'rule ' || i, rule from event_rules, n`.execute(
      events.tables,
    );
    expect(await refusal(events.call("PutRule", { Name: "more", EventPattern: PATTERN }))).toBe(
      "LimitExceededException: The requested resource exceeds the maximum number allowed.",
    );
    expect(await events.call("PutRule", { Name: "watch", EventPattern: PATTERN })).toEqual({
      RuleArn: `${RULES}/watch`,
    });
  });

  test("names the place where a pattern is wrong", async () => {
    const events = await openEvents();
    const words = await refusal(events.call("PutRule", { Name: "watch", EventPattern: '{"source":"my.app"}' }));
    expect(words).toMatch(
      /^InvalidEventPatternException: Event pattern is not valid\. Reason: "source" must be an object or an array\n at \[Source: .*line: 1, column: \d+\]$/s,
    );
  });
});

describe("ListRules", () => {
  test("lists rules of the bus by name, a page at a time", async () => {
    const events = await openEvents();
    await events.call("CreateEventBus", { Name: "orders" });
    for (const Name of ["b", "a2", "a1", "A"]) await events.call("PutRule", { Name, EventPattern: PATTERN });
    await events.call("PutRule", { Name: "a3", EventPattern: PATTERN, EventBusName: "orders" });
    const names = (page: { readonly Rules?: readonly { readonly Name?: string | undefined }[] | undefined }) =>
      page.Rules?.map(({ Name }) => Name);
    expect(names(await events.call("ListRules", {}))).toEqual(["A", "a1", "a2", "b"]);
    expect(names(await events.call("ListRules", { NamePrefix: "a" }))).toEqual(["a1", "a2"]);
    expect(names(await events.call("ListRules", { EventBusName: "orders" }))).toEqual(["a3"]);
    const first = await events.call("ListRules", { Limit: 3 });
    expect(names(first)).toEqual(["A", "a1", "a2"]);
    const { NextToken } = first;
    expect(NextToken).toBeDefined();
    expect(await events.call("ListRules", { Limit: 3, NextToken })).toMatchObject({ Rules: [{ Name: "b" }] });
    expect(await refusal(events.call("ListRules", { NamePrefix: "a", NextToken }))).toBe(
      "ValidationException: Parameter NextToken is not valid.",
    );
  });
});

describe("DeleteRule", () => {
  test("deletes a rule without targets with its tags, and is content when there is none", async () => {
    const events = await openEvents();
    const put = { Name: "watch", EventPattern: PATTERN };
    await events.call("PutRule", { ...put, Tags: [{ Key: "team", Value: "a" }] });
    await events.call("PutTargets", { Rule: "watch", Targets: [{ Id: "topic", Arn: TOPIC }] });
    expect(await refusal(events.call("DeleteRule", { Name: "watch" }))).toBe(
      "ValidationException: Rule can't be deleted since it has targets.",
    );
    await events.call("RemoveTargets", { Rule: "watch", Ids: ["topic"] });
    expect(await events.call("DeleteRule", { Name: "watch" })).toBeUndefined();
    expect(await refusal(events.call("DescribeRule", { Name: "watch" }))).toBe(
      "ResourceNotFoundException: Rule watch does not exist on EventBus default.",
    );
    expect(await events.call("DeleteRule", { Name: "watch" })).toBeUndefined();
    await events.call("PutRule", put);
    expect(await events.call("ListTagsForResource", { ResourceARN: `${RULES}/watch` })).toEqual({ Tags: [] });
  });
});

describe("EnableRule and DisableRule", () => {
  test.each([
    ["ENABLED", "DisableRule", "DISABLED"],
    ["DISABLED", "EnableRule", "ENABLED"],
    ["ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", "EnableRule", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"],
  ] as const)("turn %s by %s into %s", async (State, name, after) => {
    const events = await openEvents();
    await events.call("PutRule", { Name: "watch", EventPattern: PATTERN, State });
    await events.call(name, { Name: "watch" });
    expect(await events.call("DescribeRule", { Name: "watch" })).toMatchObject({ State: after });
  });

  test("refuse a rule that is not there", async () => {
    const events = await openEvents();
    expect(await refusal(events.call("EnableRule", { Name: "watch" }))).toBe(
      "ResourceNotFoundException: Rule watch does not exist on EventBus default.",
    );
  });
});

describe("a rule that OpenTrail keeps by itself", () => {
  const changing = [
    ["PutRule", { Name: "kept", EventPattern: PATTERN }],
    ["DeleteRule", { Name: "kept", Force: true }],
    ["DisableRule", { Name: "kept" }],
    ["PutTargets", { Rule: "kept", Targets: [{ Id: "topic", Arn: TOPIC }] }],
    ["RemoveTargets", { Rule: "kept", Ids: ["topic"], Force: true }],
    ["TagResource", { ResourceARN: `${RULES}/kept`, Tags: [] }],
    ["UntagResource", { ResourceARN: `${RULES}/kept`, TagKeys: ["a"] }],
  ] as const;

  test.each(changing)("is not changed by %s", async (name, input) => {
    const events = await withManagedRule();
    expect(await refusal(events.call(name, input as never))).toBe(
      "ManagedRuleException: Rule kept is managed by opentrail and cannot be changed.",
    );
  });

  test("is shown, and kept anew without a change", async () => {
    const events = await withManagedRule();
    expect(await events.call("DescribeRule", { Name: "kept" })).toMatchObject({ ManagedBy: "opentrail" });
    expect(await events.call("ListTargetsByRule", { Rule: "kept" })).toEqual({
      Targets: [{ Id: "topic", Arn: TOPIC }],
    });
  });
});

describe("permissions", () => {
  test("are asked for on the rule, on its bus", async () => {
    const events = await openEvents();
    const rule = { Name: "watch", EventBusName: "orders" };
    expect(await events.resources("DescribeRule", rule)).toEqual([`${RULES}/orders/watch`]);
    expect(await events.resources("ListRules", {})).toEqual([`${RULES}/*`]);
    const targets = { Rule: "watch", Targets: [{ Id: "topic", Arn: TOPIC }] };
    expect(await events.resources("PutTargets", targets)).toEqual([`${RULES}/watch`]);
    expect(await events.conditions("PutTargets", targets)).toEqual({ "events:TargetArn": [TOPIC] });
  });

  test("tell the tags of the rule, and those that a call sets", async () => {
    const events = await openEvents();
    const put = { Name: "watch", EventPattern: PATTERN, Tags: [{ Key: "team", Value: "a" }] };
    const asked = { "aws:RequestTag/team": "a", "aws:TagKeys": ["team"] };
    expect(await events.conditions("PutRule", put)).toEqual(asked);
    await events.call("PutRule", put);
    expect(await events.conditions("DeleteRule", { Name: "watch" })).toEqual({ "aws:ResourceTag/team": "a" });
  });

  test("on a bus of another account come from its policy", async () => {
    const events = await openEvents();
    const bus = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`;
    const put = { Name: "theirs", EventPattern: PATTERN, EventBusName: bus };
    const other = events.as(OTHER_ACCOUNT);
    expect(await other.allowed("PutRule", put)).toBe(false);
    const statement = {
      Effect: "Allow",
      Principal: { AWS: OTHER_ACCOUNT },
      Action: "events:PutRule",
      Resource: `${RULES}/theirs`,
    };
    await events.call("PutPermission", { Policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) });
    expect(await other.allowed("PutRule", put)).toBe(true);
    expect(await other.call("PutRule", put)).toEqual({ RuleArn: `${RULES}/theirs` });
    expect(await events.call("DescribeRule", { Name: "theirs" })).toMatchObject({ CreatedBy: OTHER_ACCOUNT });
  });
});
