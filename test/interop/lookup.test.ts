import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cloudtrailOperations } from "../../src/api/index.ts";
import type { Boto3 } from "./boto3-client.ts";
import { type AwsClient, at, type Credentials, list, type Output, type Parameters, text } from "./client.ts";
import { BOTO3_MISSING, whySkipped } from "./clients.ts";
import { jsClient } from "./js-client.ts";
import { credentialsIn, errorOf, outputOf, Run } from "./run.ts";
import { checkWholeJournal, type JournalledRecord, journalled, readFiles } from "./whole-journal.ts";

const USERS = 240;
const ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess";

describe.skipIf(BOTO3_MISSING !== undefined)(`LookupEvents through boto3${whySkipped(BOTO3_MISSING)}`, () => {
  let run: Run;
  let boto3: Boto3;
  let js: AwsClient;
  let john: Credentials;
  let mary: JournalledRecord;
  let ready: Date;

  beforeAll(async () => {
    run = await Run.start();
    boto3 = run.boto3();
    js = run.open(jsClient);
    await iam("CreateUser", { UserName: "John" });
    await iam("AttachUserPolicy", { UserName: "John", PolicyArn: ADMIN });
    john = credentialsIn(await iam("CreateAccessKey", { UserName: "John" }), "AccessKey");
    const created = await run.call(js, "iam", "CreateUser", { UserName: "Mary" }, { credentials: john });
    mary = await run.recordOf(created.requestId);
    // Times are told in whole seconds: what comes now is of a later one.
    await untilNextSecond();
    ready = new Date(Math.floor(Date.now() / 1000) * 1000);
    for (let index = 0; index < USERS; index++)
      await iam("CreateUser", { UserName: `guest-${index}`, Path: "/guests/" });
    await run.recordOf((await run.call(js, "iam", "ListUsers", {})).requestId);
  });
  afterAll(() => run.stop());

  async function iam(operation: string, parameters: Parameters): Promise<Output> {
    return outputOf(await run.call(js, "iam", operation, parameters));
  }
  async function lookup(parameters: Parameters, region = "us-east-1"): Promise<readonly JournalledRecord[]> {
    const output = outputOf(await run.boto3Call(boto3, "cloudtrail", "LookupEvents", parameters, { region }));
    return list(output, "Events").map(journalled);
  }
  const by = (...pairs: readonly (readonly [key: string, value: string])[]): Parameters => ({
    LookupAttributes: pairs.map(([AttributeKey, AttributeValue]) => ({ AttributeKey, AttributeValue })),
  });

  test.each([
    ["EventId", () => mary.record.eventID],
    ["Username", () => "John"],
    ["ResourceName", () => "Mary"],
    ["AccessKeyId", () => john.accessKeyId],
  ])("by %s finds the one event", async (key, value) => {
    const found = await lookup(by([key, value()]));
    expect(found.map(({ json }) => json)).toEqual([mary.json]);
  });

  test.each([
    ["EventName", "CreateUser"],
    ["ReadOnly", "false"],
    ["ResourceType", "AWS::IAM::User"],
    ["EventSource", "iam.amazonaws.com"],
  ])("by %s fills a page of 50 with nothing else", async (key, value) => {
    const found = await lookup(by([key, value]));
    expect(found).toHaveLength(50);
    expect(found.filter((each) => attributesOf(each)[key]?.includes(value) !== true)).toEqual([]);
  });

  test.each(["Mar", "mary", "MARY", "Mary ", "*"])(
    "values match whole and exactly: nothing is called %j",
    async (name) => {
      expect(await lookup(by(["ResourceName", name]))).toEqual([]);
    },
  );

  test("an event is told with all its members", () => {
    expect(mary.event).toEqual({
      EventId: mary.record.eventID,
      EventName: "CreateUser",
      ReadOnly: "false",
      AccessKeyId: john.accessKeyId,
      EventTime: expect.any(String),
      EventSource: "iam.amazonaws.com",
      Username: "John",
      Resources: expect.arrayContaining([{ ResourceType: "AWS::IAM::User", ResourceName: "Mary" }]),
      CloudTrailEvent: mary.json,
    });
  });

  test("two attributes are ANDed", async () => {
    const both = await lookup(by(["EventName", "CreateUser"], ["Username", "John"]));
    expect(both.map(({ json }) => json)).toEqual([mary.json]);
    expect(await lookup(by(["EventName", "DeleteUser"], ["Username", "John"]))).toEqual([]);
  });

  test("newest first", async () => {
    const times = (await run.records()).map(({ record }) => record.eventTime);
    expect(times.length).toBeGreaterThan(USERS);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  test("StartTime and EndTime belong to the range", async () => {
    const at = new Date(mary.record.eventTime);
    const marys = async (range: Parameters): Promise<number> =>
      (await lookup({ ...by(["ResourceName", "Mary"]), ...range })).length;
    const second = (offset: number): Date => new Date(at.getTime() + offset * 1000);
    expect(await marys({ StartTime: at, EndTime: at })).toBe(1);
    expect(await marys({ StartTime: second(-1) })).toBe(1);
    expect(await marys({ EndTime: second(1) })).toBe(1);
    expect(await marys({ StartTime: second(1) })).toBe(0);
    expect(await marys({ EndTime: second(-1) })).toBe(0);
  });

  test("a time range keeps out what is older", async () => {
    const pages = await allPages({ StartTime: ready, ...by(["EventName", "CreateUser"]) }, 50);
    expect(pages.flat()).toHaveLength(USERS);
  });

  test("the paginator repeats and loses nothing while new events arrive", async () => {
    let arriving = 0;
    let done = false;
    const arrivals = (async () => {
      for (; !done; arriving++) await iam("CreateUser", { UserName: `late-${arriving}` });
    })();
    const pages = await allPages(by(["EventName", "CreateUser"]), 7);
    done = true;
    await arrivals;
    const names = pages.flat().map(({ record }) => text(record.requestParameters, "userName"));
    expect(arriving, "calls during the paging").toBeGreaterThan(5);
    expect(new Set(names).size).toBe(names.length);
    const expected = ["John", "Mary", ...Array.from({ length: USERS }, (_, index) => `guest-${index}`)];
    expect(names.filter((name) => !name.startsWith("late-")).toSorted()).toEqual(expected.toSorted());
    expect(pages.slice(0, -1).every((page) => page.length === 7)).toBe(true);
    // What came during the paging is not in it: it shows what there was at its first page.
    expect(names.filter((name) => name.startsWith("late-")).length).toBeLessThan(arriving);
  });

  async function allPages(parameters: Parameters, pageSize: number): Promise<readonly (readonly JournalledRecord[])[]> {
    const { pages = [] } = await run.boto3Call(boto3, "cloudtrail", "LookupEvents", parameters, { pageSize });
    return pages.map((page) => list(page, "Events").map(journalled));
  }

  test("EventCategory=insight finds Insights events only, and there are none", async () => {
    expect(await lookup({ EventCategory: "insight" })).toEqual([]);
  });

  test("another Region has a history of its own", async () => {
    expect(await lookup({}, "eu-central-1")).toEqual([]);
    const names = (await lookup({}, "eu-central-1")).map(({ record }) => record.eventName);
    expect(names).toEqual(["LookupEvents"]);
  });

  test("looking is recorded as well, with what was looked for", async () => {
    const answer = await run.boto3Call(boto3, "cloudtrail", "LookupEvents", {
      ...by(["EventName", "ConsoleLogin"]),
      StartTime: ready,
      MaxResults: 3,
    });
    const { record } = await run.recordOf(answer.requestId);
    expect(record).toMatchObject({
      eventSource: "cloudtrail.amazonaws.com",
      readOnly: true,
      responseElements: null,
      requestParameters: {
        lookupAttributes: [{ attributeKey: "EventName", attributeValue: "ConsoleLogin" }],
        startTime: expect.anything(),
        maxResults: 3,
      },
    });
  });

  const later = new Date("2026-06-02T00:00:00Z");
  const earlier = new Date("2026-06-01T00:00:00Z");
  test.each([
    ["MaxResults 0", { MaxResults: 0 }, "InvalidMaxResultsException"],
    ["MaxResults 51", { MaxResults: 51 }, "InvalidMaxResultsException"],
    ["StartTime after EndTime", { StartTime: later, EndTime: earlier }, "InvalidTimeRangeException"],
    ["a made-up token", { NextToken: "abc" }, "InvalidNextTokenException"],
    ["an unknown attribute", by(["Colour", "red"]), "InvalidLookupAttributesException"],
    ["an unknown category", { EventCategory: "Insight" }, "InvalidEventCategoryException"],
  ])("%s is refused as the model says", async (_, parameters, code) => {
    const answer = await run.boto3Call(boto3, "cloudtrail", "LookupEvents", parameters, { validate: false });
    expect(errorOf(answer)).toMatchObject({ code, status: 400, thrownAs: code });
    expect((await run.recordOf(answer.requestId)).record).toMatchObject({
      errorCode: code,
      errorMessage: errorOf(answer).message,
    });
  });

  test("a token goes on only with its own query", async () => {
    const first = { ...by(["EventName", "CreateUser"]), MaxResults: 5 };
    const output = outputOf(await run.boto3Call(boto3, "cloudtrail", "LookupEvents", first));
    const NextToken = text(output, "NextToken");
    expect(await lookup({ ...first, NextToken })).toHaveLength(5);
    for (const other of [
      by(["EventName", "ListUsers"]),
      { ...first, StartTime: earlier },
      { EventCategory: "insight" },
    ]) {
      const answer = await run.boto3Call(boto3, "cloudtrail", "LookupEvents", { ...other, NextToken });
      expect(errorOf(answer)).toMatchObject({ code: "InvalidNextTokenException" });
    }
    const edited = `${NextToken.startsWith("A") ? "B" : "A"}${NextToken.slice(1)}`;
    const answer = await run.boto3Call(boto3, "cloudtrail", "LookupEvents", { ...first, NextToken: edited });
    expect(errorOf(answer).code).toBe("InvalidNextTokenException");
  });

  test("ListPublicKeys has the Region's key before anything is signed with it", async () => {
    const keys = list(outputOf(await run.boto3Call(boto3, "cloudtrail", "ListPublicKeys", {})), "PublicKeyList");
    expect(keys).toEqual([
      {
        Value: expect.anything(),
        Fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
        ValidityStartTime: expect.anything(),
        ValidityEndTime: expect.anything(),
      },
    ]);
    const again = outputOf(await run.boto3Call(boto3, "cloudtrail", "ListPublicKeys", {}));
    expect(list(again, "PublicKeyList")).toEqual(keys);
    const elsewhere = outputOf(await run.boto3Call(boto3, "cloudtrail", "ListPublicKeys", {}, { region: "eu-west-1" }));
    expect(list(elsewhere, "PublicKeyList")).not.toEqual(keys);
    const range = { StartTime: later, EndTime: earlier };
    const refused = await run.boto3Call(boto3, "cloudtrail", "ListPublicKeys", range);
    expect(errorOf(refused).thrownAs).toBe("InvalidTimeRangeException");
  });

  test("every operation of CloudTrail that is not served is refused by name", async () => {
    const served = Object.keys(cloudtrailOperations({} as never));
    const others = (await boto3.operations("cloudtrail")).filter((operation) => !served.includes(operation));
    expect(others.length + served.length).toBe(60);
    for (const operation of others) {
      const answer = await run.boto3Call(boto3, "cloudtrail", operation, "minimal");
      const { code, message, status, thrownAs } = errorOf(answer);
      expect([operation, code, status, thrownAs]).toEqual([
        operation,
        "UnsupportedOperationException",
        400,
        "UnsupportedOperationException",
      ]);
      expect(message).toBe(`cloudtrail ${operation} is not supported by OpenTrail`);
    }
    const records = (await run.records()).filter(({ record }) => record.errorCode === "UnsupportedOperationException");
    expect(records.map(({ record }) => record.eventName).toSorted()).toEqual([...others].toSorted());
  });

  test("cloudtrail-data PutAuditEvents is refused by name", async () => {
    const eventData = JSON.stringify({ version: "1", eventData: {} });
    const parameters = {
      channelArn: "arn:aws:cloudtrail:us-east-1:123456789012:channel/01234567-89ab-cdef-0123-456789abcdef",
      auditEvents: [{ id: "1", eventData }],
    };
    const answer = await run.boto3Call(boto3, "cloudtrail-data", "PutAuditEvents", parameters);
    expect(errorOf(answer)).toMatchObject({
      code: "UnsupportedOperationException",
      thrownAs: "UnsupportedOperationException",
    });
    // It is a data event, which event history does not show; the log has it all the same.
    expect((await run.records()).filter(({ record }) => record.requestID === answer.requestId)).toEqual([]);
    expect(readFiles(run).some(({ content }) => content.includes(answer.requestId))).toBe(true);
  });

  test("every record keeps the rules, and no secret is in the log", async () => {
    expect(await checkWholeJournal(run)).toBeGreaterThan(USERS + 100);
  });
});

/** The eight attributes of an event, as the answer shows them. */
function attributesOf({ event }: JournalledRecord): Readonly<Record<string, readonly unknown[] | undefined>> {
  const resources = list(event, "Resources");
  return {
    EventId: [event["EventId"]],
    EventName: [event["EventName"]],
    ReadOnly: [event["ReadOnly"]],
    Username: [event["Username"]],
    EventSource: [event["EventSource"]],
    AccessKeyId: [event["AccessKeyId"]],
    ResourceType: resources.map((resource) => at(resource, "ResourceType")),
    ResourceName: resources.map((resource) => at(resource, "ResourceName")),
  };
}

function untilNextSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000) + 5));
}
