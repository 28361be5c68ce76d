import { describe, expect, test } from "vitest";
import { ACCOUNT, type Events, openEvents, OTHER_ACCOUNT, REGION, refusal, TOPIC } from "./open-events.fixture.ts";

const UUID = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) as string;
const GOOD = { Source: "my.app", DetailType: "order", Detail: '{"n": 1}' };

async function withRule(EventBusName?: string): Promise<Events> {
  const events = await openEvents();
  if (EventBusName !== undefined) await events.call("CreateEventBus", { Name: EventBusName });
  await events.call("PutRule", { Name: "watch", EventPattern: '{"source":["my.app"]}', EventBusName });
  await events.call("PutTargets", { Rule: "watch", EventBusName, Targets: [{ Id: "topic", Arn: TOPIC }] });
  return events;
}

describe("PutEvents", () => {
  test("sends events to the rules of the bus in EventBridge's envelope", async () => {
    const events = await withRule();
    const Entries = [
      { ...GOOD, Time: new Date(0), Resources: ["arn:aws:s3:::b"] },
      { ...GOOD, Source: "other" },
    ];
    const answer = await events.call("PutEvents", { Entries });
    expect(answer).toEqual({ FailedEntryCount: 0, Entries: [{ EventId: UUID }, { EventId: UUID }] });
    const [delivery, ...more] = await events.deliveries();
    expect(more).toEqual([]);
    expect(JSON.parse(delivery?.body ?? "")).toEqual({
      version: "0",
      id: answer.Entries?.[0]?.EventId,
      "detail-type": "order",
      source: "my.app",
      account: ACCOUNT,
      time: "1970-01-01T00:00:00Z",
      region: REGION,
      resources: ["arn:aws:s3:::b"],
      detail: { n: 1 },
    });
  });

  test("takes the time of the call where none is given, and finds other buses by name and ARN", async () => {
    const events = await withRule("orders");
    const Entries = ["orders", `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/orders`, "default", undefined].map(
      (EventBusName) => ({ ...GOOD, EventBusName }),
    );
    await events.call("PutEvents", { Entries });
    const bodies = (await events.deliveries()).map(({ body }) => JSON.parse(body) as { readonly time: string });
    expect(bodies.map(({ time }) => time)).toEqual(["2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z"]);
  });

  const deep = (depth: number): string => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;

  test.each([
    [{ Source: undefined }, "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."],
    [
      { DetailType: "" },
      "InvalidArgument",
      "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
    ],
    [{ Detail: undefined }, "InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument."],
    [{ Detail: "[]" }, "MalformedDetail", "Detail is malformed."],
    [{ Detail: "{" }, "MalformedDetail", "Detail is malformed."],
    [{ Detail: deep(1001) }, "MalformedDetail", "Detail is malformed."],
    [{ Source: "aws.s3" }, "NotAuthorizedForSourceException", "Not authorized for the source."],
    [{ EventBusName: "none" }, "ResourceNotFoundException", "Event bus none does not exist."],
  ])("tells of an entry with %j, and takes the others", async (entry, ErrorCode, ErrorMessage) => {
    const events = await withRule();
    expect(await events.call("PutEvents", { Entries: [{ ...GOOD, ...entry }, GOOD] })).toEqual({
      FailedEntryCount: 1,
      Entries: [{ ErrorCode, ErrorMessage }, { EventId: UUID }],
    });
    expect(await events.deliveries()).toHaveLength(1);
  });

  test("takes details as deep as AWS does", async () => {
    const events = await withRule();
    const Entries = [
      { ...GOOD, Detail: deep(1000) },
      { ...GOOD, Detail: `{"a": "${"[".repeat(2000)}"}` },
    ];
    expect(await events.call("PutEvents", { Entries })).toMatchObject({ FailedEntryCount: 0 });
  });

  test("refuses entries that are too large together", async () => {
    const events = await withRule();
    const entries = (bytes: number) => {
      const rest = Buffer.byteLength(GOOD.Source + GOOD.DetailType + '{"t":""}');
      return [{ ...GOOD, Detail: `{"t":"${"x".repeat(bytes - rest)}"}` }];
    };
    expect(await refusal(events.call("PutEvents", { Entries: entries(1024 * 1024) }))).toBe(
      "ValidationException: Total size of the entries in the request is over the limit.",
    );
    expect(await events.call("PutEvents", { Entries: entries(1024 * 1024 - 1) })).toMatchObject({
      FailedEntryCount: 0,
    });
  });

  test("asks for permission on each bus, and the bus's policy lets in other accounts", async () => {
    const events = await withRule("orders");
    const bus = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/orders`;
    const put = { Entries: [{ ...GOOD, EventBusName: bus }, GOOD] };
    expect(await events.resources("PutEvents", put)).toEqual([
      bus,
      `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`,
    ]);
    expect(await events.conditions("PutEvents", put)).toEqual({
      "events:source": ["my.app", "my.app"],
      "events:detail-type": ["order", "order"],
    });
    const other = events.as(OTHER_ACCOUNT);
    expect(await other.allowed("PutEvents", put)).toBe(false);
    const permission = { Action: "events:PutEvents", Principal: OTHER_ACCOUNT, StatementId: "other" };
    await events.call("PutPermission", { ...permission, EventBusName: "orders" });
    expect(await other.allowed("PutEvents", put)).toBe(true);
    await other.call("PutEvents", put);
    const [delivery] = await events.deliveries();
    expect(JSON.parse(delivery?.body ?? "")).toMatchObject({ account: OTHER_ACCOUNT });
  });
});

describe("TestEventPattern", () => {
  const event = {
    id: "1",
    account: ACCOUNT,
    source: "my.app",
    time: "2026-11-20T12:00:00Z",
    region: REGION,
    resources: [],
    "detail-type": "order",
  };
  const ask = (events: Events, pattern: string, given: unknown) =>
    events.call("TestEventPattern", { EventPattern: pattern, Event: JSON.stringify(given) });

  test.each([
    ['{"source":["my.app"]}', true],
    ['{"source":["my"]}', false],
  ])("answers %s by %s", async (pattern, Result) => {
    expect(await ask(await openEvents(), pattern, event)).toEqual({ Result });
  });

  test.each([[[]], ["text"], [null], [{ ...event, id: undefined }], [{ ...event, "detail-type": undefined }]])(
    "refuses the event %j",
    async (given) => {
      expect(await refusal(ask(await openEvents(), '{"source":["my.app"]}', given))).toBe(
        "ValidationException: Parameter Event is not valid.",
      );
    },
  );

  test("refuses a pattern that is none", async () => {
    expect(await refusal(ask(await openEvents(), "[]", event))).toContain("Event pattern is not valid. Reason: Filter");
  });
});
