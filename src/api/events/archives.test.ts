import { describe, expect, test } from "vitest";
import { ACCOUNT, type Events, NOW, openEvents, OTHER_ACCOUNT, refusal, REGION } from "./open-events.fixture.ts";

const BUS = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`;
const ARCHIVE = `arn:aws:events:${REGION}:${ACCOUNT}:archive/all`;

async function openWithArchive(): Promise<Events> {
  const events = await openEvents();
  await events.call("CreateArchive", { ArchiveName: "all", EventSourceArn: BUS });
  return events;
}

describe("CreateArchive", () => {
  test("creates an archive that is enabled at once", async () => {
    const events = await openEvents();
    const input = {
      ArchiveName: "prod",
      EventSourceArn: BUS,
      Description: "what counts",
      EventPattern: '{"source":["shop"]}',
      RetentionDays: 30,
    };
    const made = { State: "ENABLED", CreationTime: new Date(NOW) };
    const ArchiveArn = `arn:aws:events:${REGION}:${ACCOUNT}:archive/prod`;
    expect(await events.call("CreateArchive", input)).toEqual({ ArchiveArn, ...made });
    expect(await events.call("DescribeArchive", { ArchiveName: "prod" })).toEqual({
      ...input,
      ...made,
      ArchiveArn,
      EventCount: 0,
      SizeBytes: 0,
    });
    expect(await events.resources("CreateArchive", input)).toEqual([ArchiveArn, BUS]);
  });

  test.each<[string, object, string]>([
    ["a name that is taken", { ArchiveName: "all" }, "ResourceAlreadyExistsException: Archive all already exists."],
    [
      "a bus that is none",
      { EventSourceArn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/one` },
      "ValidationException: Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN.",
    ],
    [
      "a bus that is not there",
      { EventSourceArn: `${BUS}-2` },
      "ResourceNotFoundException: Event bus default-2 does not exist.",
    ],
    [
      "another Region's bus",
      { EventSourceArn: BUS.replace(REGION, "us-east-1") },
      "ValidationException: Parameter EventSourceArn is not valid. Reason: Creating cross-region archive is not permitted.",
    ],
    [
      "another account's bus",
      { EventSourceArn: BUS.replace(ACCOUNT, OTHER_ACCOUNT) },
      "ValidationException: Parameter EventSourceArn is not valid. Reason: Creating cross-account archive is not permitted.",
    ],
    [
      "a pattern that is none",
      { EventPattern: "[]" },
      expect.stringMatching(
        /^InvalidEventPatternException: Event pattern is not valid. Reason: Filter is not an object/,
      ) as never,
    ],
  ])("refuses %s", async (_, given, told) => {
    const events = await openWithArchive();
    const input = { ArchiveName: "new", EventSourceArn: BUS, ...given };
    expect(await refusal(events.call("CreateArchive", input))).toEqual(told);
  });
});

describe("UpdateArchive", () => {
  test("changes what is given", async () => {
    const events = await openWithArchive();
    await events.call("UpdateArchive", { ArchiveName: "all", RetentionDays: 7 });
    await events.call("UpdateArchive", { ArchiveName: "all", Description: "a week" });
    expect(await events.call("DescribeArchive", { ArchiveName: "all" })).toMatchObject({
      RetentionDays: 7,
      Description: "a week",
    });
  });

  test("refuses to change nothing, and what is not there", async () => {
    const events = await openWithArchive();
    expect(await refusal(events.call("UpdateArchive", { ArchiveName: "all" }))).toBe(
      "ValidationException: At least one of EventPattern, RetentionDays or Description must be provided.",
    );
    expect(await refusal(events.call("UpdateArchive", { ArchiveName: "none", RetentionDays: 7 }))).toBe(
      "ResourceNotFoundException: Archive none does not exist.",
    );
  });
});

describe("DeleteArchive", () => {
  test("frees the name", async () => {
    const events = await openWithArchive();
    await events.call("DeleteArchive", { ArchiveName: "all" });
    expect(await refusal(events.call("DeleteArchive", { ArchiveName: "all" }))).toBe(
      "ResourceNotFoundException: Archive all does not exist.",
    );
    await events.call("CreateArchive", { ArchiveName: "all", EventSourceArn: BUS });
  });
});

describe("ListArchives", () => {
  test("lists those of the account and Region by name, filtered by one thing, in pages", async () => {
    const events = await openWithArchive();
    await events.call("CreateEventBus", { Name: "shop" });
    const shop = BUS.replace("default", "shop");
    for (const ArchiveName of ["b-1", "b-2"]) await events.call("CreateArchive", { ArchiveName, EventSourceArn: shop });
    const names = async (input: object) => {
      const { Archives = [], NextToken } = await events.call("ListArchives", input);
      return [Archives.map(({ ArchiveName }) => ArchiveName).join(" "), NextToken] as const;
    };
    expect(await names({})).toEqual(["all b-1 b-2", undefined]);
    expect(await names({ NamePrefix: "b-" })).toEqual(["b-1 b-2", undefined]);
    expect(await names({ EventSourceArn: BUS })).toEqual(["all", undefined]);
    expect(await names({ State: "DISABLED" })).toEqual(["", undefined]);
    const [first, NextToken] = await names({ Limit: 2 });
    expect([first, await names({ Limit: 2, NextToken })]).toEqual(["all b-1", ["b-2", undefined]]);
    expect(await refusal(events.call("ListArchives", { NamePrefix: "b", NextToken }))).toBe(
      "ValidationException: Parameter NextToken is not valid.",
    );
    expect(await events.as(OTHER_ACCOUNT).call("ListArchives", {})).toEqual({ Archives: [] });
    expect(await refusal(events.call("ListArchives", { NamePrefix: "b", State: "ENABLED" }))).toBe(
      "ValidationException: At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or NamePrefix.",
    );
  });
});

describe("StartReplay", () => {
  const input = {
    ReplayName: "again",
    EventSourceArn: ARCHIVE,
    EventStartTime: new Date(NOW - 3_600_000),
    EventEndTime: new Date(NOW),
    Destination: { Arn: BUS, FilterArns: [`arn:aws:events:${REGION}:${ACCOUNT}:rule/one`] },
  };
  const ReplayArn = `arn:aws:events:${REGION}:${ACCOUNT}:replay/again`;

  test("starts a replay, which can be cancelled once", async () => {
    const events = await openWithArchive();
    const begun = { State: "STARTING", ReplayStartTime: new Date(NOW) };
    expect(await events.resources("StartReplay", input)).toEqual([ReplayArn, ARCHIVE, BUS]);
    expect(await events.call("StartReplay", input)).toEqual({ ReplayArn, ...begun });
    expect(await events.call("DescribeReplay", { ReplayName: "again" })).toEqual({ ReplayArn, ...input, ...begun });
    expect(await events.call("CancelReplay", { ReplayName: "again" })).toEqual({ ReplayArn, State: "CANCELLING" });
    expect(await refusal(events.call("CancelReplay", { ReplayName: "again" }))).toBe(
      "IllegalStatusException: Replay again is not in a valid state for this operation.",
    );
    expect(await refusal(events.call("DescribeReplay", { ReplayName: "other" }))).toBe(
      "ResourceNotFoundException: Replay other does not exist.",
    );
  });

  test.each<[string, object, string]>([
    ["a name that is taken", {}, "ResourceAlreadyExistsException: Replay again already exists."],
    [
      "a destination that is no bus",
      { Destination: { Arn: ARCHIVE } },
      "ValidationException: Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.",
    ],
    [
      "another bus than the archive's",
      { Destination: { Arn: BUS.replace("default", "shop") } },
      "ValidationException: Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
    ],
    [
      "a bus that is not there",
      { Destination: { Arn: `${BUS}-2` } },
      "ResourceNotFoundException: Event bus default-2 does not exist.",
    ],
    [
      "an archive that is not there",
      { EventSourceArn: `${ARCHIVE}-2` },
      "ValidationException: Parameter EventSourceArn is not valid. Reason: Archive all-2 does not exist.",
    ],
    [
      "another account's archive",
      { EventSourceArn: ARCHIVE.replace(ACCOUNT, OTHER_ACCOUNT) },
      "ValidationException: Parameter EventSourceArn is not valid. Reason: Archive all does not exist.",
    ],
    [
      "an end before the start",
      { EventEndTime: new Date(NOW - 3_600_000) },
      "ValidationException: Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.",
    ],
  ])("refuses %s", async (_, given, told) => {
    const events = await openWithArchive();
    await events.call("CreateEventBus", { Name: "shop" });
    await events.call("StartReplay", input);
    expect(await refusal(events.call("StartReplay", { ...input, ...given }))).toBe(told);
  });

  test("refuses an eleventh at the same time, and lists them", async () => {
    const events = await openWithArchive();
    for (let index = 0; index < 10; index += 1) {
      await events.call("StartReplay", { ...input, ReplayName: `replay-${index}` });
    }
    expect(await refusal(events.call("StartReplay", input))).toBe(
      "LimitExceededException: The requested resource exceeds the maximum number allowed.",
    );
    await events.call("CancelReplay", { ReplayName: "replay-3" });
    const count = async (given: object) => (await events.call("ListReplays", given)).Replays?.length;
    expect(await count({})).toBe(10);
    expect(await count({ State: "CANCELLING" })).toBe(1);
    expect(await count({ NamePrefix: "replay-3" })).toBe(1);
    expect(await count({ EventSourceArn: `${ARCHIVE}-2` })).toBe(0);
    expect(await refusal(events.call("ListReplays", { State: "FAILED", NamePrefix: "r" }))).toBe(
      "ValidationException: At most one filter is allowed for ListReplays. Use either : State, EventSourceArn, or NamePrefix.",
    );
  });
});
