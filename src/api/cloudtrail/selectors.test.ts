import { describe, expect, test } from "vitest";
import { ACCOUNT, type Cloudtrail, openCloudtrail, refusal } from "./open-cloudtrail.fixture.ts";

const ARN = `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/audit`;
const TrailName = "audit";
const READS = { ReadWriteType: "ReadOnly" };
const DATA = {
  FieldSelectors: [
    { Field: "eventCategory", Equals: ["Data"] },
    { Field: "resources.type", Equals: ["AWS::S3::Object"] },
  ],
};
const NETWORK = {
  FieldSelectors: [
    { Field: "eventCategory", Equals: ["NetworkActivity"] },
    { Field: "eventSource", Equals: ["ec2.amazonaws.com"] },
  ],
};
const DEFAULT = {
  ReadWriteType: "All",
  IncludeManagementEvents: true,
  DataResources: [],
  ExcludeManagementEventSources: [],
};

async function world(): Promise<Cloudtrail> {
  const cloudtrail = await openCloudtrail();
  await cloudtrail.call("CreateTrail", { Name: "audit", S3BucketName: "logs" });
  return cloudtrail;
}

describe("PutEventSelectors", () => {
  test("reads back what was put; one kind takes the place of the other", async () => {
    const cloudtrail = await world();
    const read = () => cloudtrail.call("GetEventSelectors", { TrailName });
    const has = async () => (await cloudtrail.call("GetTrail", { Name: ARN })).Trail?.HasCustomEventSelectors;
    expect(await read()).toStrictEqual({ TrailARN: ARN, EventSelectors: [DEFAULT] });
    expect(await has()).toBe(false);

    const advanced = { TrailARN: ARN, AdvancedEventSelectors: [{ Name: "objects", ...DATA }, NETWORK] };
    expect(
      await cloudtrail.call("PutEventSelectors", {
        TrailName,
        AdvancedEventSelectors: advanced.AdvancedEventSelectors,
      }),
    ).toStrictEqual(advanced);
    expect(await read()).toStrictEqual(advanced);
    expect(await has()).toBe(true);

    const basic = { TrailARN: ARN, EventSelectors: [{ ...DEFAULT, ...READS }] };
    expect(await cloudtrail.call("PutEventSelectors", { TrailName: ARN, EventSelectors: [READS] })).toStrictEqual(
      basic,
    );
    expect(await read()).toStrictEqual(basic);
    expect(await has()).toBe(true);
  });

  test.each<[string, object, string]>([
    [
      "no trail",
      { EventSelectors: [{}] },
      "ValidationException: 1 validation error detected: Value null at 'trailName' failed to satisfy constraint: Member must not be null",
    ],
    [
      "an unknown read/write type",
      { TrailName, EventSelectors: [{ ReadWriteType: "read-only" }] },
      "InvalidEventSelectorsException: Value read-only for ReadWriteType is invalid.",
    ],
    [
      "an operator without values",
      { TrailName, AdvancedEventSelectors: [{ FieldSelectors: [{ Field: "eventCategory", Equals: [] }] }] },
      "ValidationException: 1 validation error detected: Value '[]' at 'advancedEventSelectors.1.member.fieldSelectors.1.member.equals' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      "selectors that are none",
      { TrailName, EventSelectors: [null] },
      "ValidationException: 1 validation error detected: Value null at 'eventSelectors.1.member' failed to satisfy constraint: Member must not be null",
    ],
    [
      "no selectors",
      { TrailName },
      "InvalidEventSelectorsException: One of EventSelectors and AdvancedEventSelectors must have at least one selector.",
    ],
    [
      "both kinds",
      { TrailName, EventSelectors: [{}], AdvancedEventSelectors: [DATA] },
      "InvalidEventSelectorsException: A trail can have event selectors or advanced event selectors, not both.",
    ],
  ])("refuses %s", async (_, input, message) => {
    const cloudtrail = await world();
    expect(await refusal(cloudtrail.call("PutEventSelectors", input as never))).toBe(message);
    expect(cloudtrail.changes()).toBe(1);
  });
});

describe("PutInsightSelectors", () => {
  const CALLS = { InsightType: "ApiCallRateInsight" };
  const ERRORS = { InsightType: "ApiErrorRateInsight", EventCategories: ["Management"] };

  test("reads back what was put, and an empty list turns Insights off", async () => {
    const cloudtrail = await world();
    const has = async () => (await cloudtrail.call("GetTrail", { Name: ARN })).Trail?.HasInsightSelectors;
    const off = `InsightNotEnabledException: Insights is not enabled for the trail ${ARN}.`;
    expect(await refusal(cloudtrail.call("GetInsightSelectors", { TrailName }))).toBe(off);
    const answer = { TrailARN: ARN, InsightSelectors: [CALLS, ERRORS] };
    const put = { TrailName, InsightSelectors: [CALLS, ERRORS] };
    expect(await cloudtrail.call("PutInsightSelectors", put)).toStrictEqual(answer);
    expect(await cloudtrail.call("GetInsightSelectors", { TrailName: ARN })).toStrictEqual(answer);
    expect(await has()).toBe(true);
    expect(await cloudtrail.call("PutInsightSelectors", { TrailName, InsightSelectors: [] })).toStrictEqual({
      TrailARN: ARN,
      InsightSelectors: [],
    });
    expect(await refusal(cloudtrail.call("GetInsightSelectors", { TrailName }))).toBe(off);
    expect(await has()).toBe(false);
  });

  const calls = (...EventCategories: readonly string[]) => ({ ...CALLS, EventCategories });
  const errors = (...EventCategories: readonly string[]) => ({ ...ERRORS, EventCategories });
  test.each<[string, object, object, string]>([
    [
      "call rates without writes",
      { EventSelectors: [READS] },
      CALLS,
      "ApiCallRateInsight needs a trail that logs write management events.",
    ],
    ["error rates with reads", { EventSelectors: [READS] }, ERRORS, "taken"],
    [
      "no category for management events",
      { EventSelectors: [READS] },
      calls(),
      "ApiCallRateInsight needs a trail that logs write management events.",
    ],
    [
      "error rates without management events",
      { AdvancedEventSelectors: [DATA] },
      ERRORS,
      "ApiErrorRateInsight needs a trail that logs management events.",
    ],
    ["call rates of data events", { AdvancedEventSelectors: [DATA] }, calls("Data"), "taken"],
    [
      "error rates without data events",
      { EventSelectors: [{}] },
      errors("Management", "Data"),
      "ApiErrorRateInsight needs a trail that logs data events.",
    ],
    [
      "network activity alone",
      { AdvancedEventSelectors: [NETWORK] },
      CALLS,
      "ApiCallRateInsight needs a trail that logs write management events.",
    ],
  ])("judges %s", async (_, selectors, insight, expected) => {
    const cloudtrail = await world();
    await cloudtrail.call("PutEventSelectors", { TrailName, ...selectors });
    const put = { TrailName, InsightSelectors: [insight] };
    const outcome = await cloudtrail.call("PutInsightSelectors", put).then(
      () => "taken",
      ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
    );
    expect(outcome).toBe(expected === "taken" ? expected : `InvalidInsightSelectorsException: ${expected}`);
  });

  const STORE = `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:eventdatastore/1`;
  test.each<[string, object, string]>([
    [
      "a type twice",
      { TrailName, InsightSelectors: [CALLS, CALLS] },
      "InvalidInsightSelectorsException: ApiCallRateInsight is given more than once.",
    ],
    [
      "an unknown type",
      { TrailName, InsightSelectors: [{ InsightType: "Weather" }] },
      "InvalidInsightSelectorsException: Weather is no insight type: it must be ApiCallRateInsight or ApiErrorRateInsight.",
    ],
    [
      "no type",
      { TrailName, InsightSelectors: [{}] },
      "InvalidInsightSelectorsException: undefined is no insight type: it must be ApiCallRateInsight or ApiErrorRateInsight.",
    ],
    [
      "no list",
      { TrailName },
      "ValidationException: 1 validation error detected: Value null at 'insightSelectors' failed to satisfy constraint: Member must not be null",
    ],
    [
      "neither trail nor store",
      { InsightSelectors: [] },
      "InvalidParameterException: One of TrailName and EventDataStore is needed.",
    ],
    [
      "trail and store",
      { TrailName, InsightSelectors: [], EventDataStore: STORE },
      "InvalidParameterCombinationException: TrailName cannot be used together with EventDataStore or InsightsDestination.",
    ],
    [
      "a store",
      { InsightSelectors: [], EventDataStore: STORE },
      "UnsupportedOperationException: Event data stores are not supported by OpenTrail.",
    ],
  ])("refuses %s", async (_, input, message) => {
    const cloudtrail = await world();
    expect(await refusal(cloudtrail.call("PutInsightSelectors", input as never))).toBe(message);
    expect(cloudtrail.changes()).toBe(1);
  });
});
