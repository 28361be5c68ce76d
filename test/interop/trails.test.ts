import { CreateBucketCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ACCOUNT, bucketPolicy, s3Of, trailArn } from "../trail.ts";
import type { AwsClient, Parameters } from "./client.ts";
import { CLIENTS, whySkipped } from "./clients.ts";
import { errorOf, outputOf, Run } from "./run.ts";
import { checkWholeJournal } from "./whole-journal.ts";

/** As the clients tell it: the command line of PyPI in seconds, the others as a date. */
const TIME: unknown = expect.toSatisfy((time: unknown) => {
  const ms = typeof time === "number" ? time * 1000 : Date.parse(time as string);
  return Math.abs(ms - Date.now()) < 600_000;
}, "a time of this run");
const ISO: unknown = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const BUCKET = "trail-logs";
const CLOSED = "closed-bucket";
const ARN = trailArn("audit");
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:alias/opentrail`;
const TAGS = [
  { Key: "team", Value: "red = wine + é" },
  { Key: "shift", Value: "night" },
];
const SETTINGS = {
  Name: "audit",
  S3BucketName: BUCKET,
  S3KeyPrefix: "kept",
  IncludeGlobalServiceEvents: true,
  IsMultiRegionTrail: true,
  KmsKeyId: KEY,
};
const MEMBERS = { ...SETTINGS, TrailARN: ARN, LogFileValidationEnabled: true, IsOrganizationTrail: false };
const BASIC = [
  {
    ReadWriteType: "WriteOnly",
    IncludeManagementEvents: true,
    DataResources: [{ Type: "AWS::S3::Object", Values: ["arn:aws:s3:::beans/", "arn:aws:s3:::cups/small"] }],
    ExcludeManagementEventSources: ["kms.amazonaws.com"],
  },
];
const ADVANCED = [
  {
    Name: "what people do, but not with keys",
    FieldSelectors: [
      { Field: "eventCategory", Equals: ["Management"] },
      { Field: "eventSource", NotEquals: ["kms.amazonaws.com", "rdsdata.amazonaws.com"] },
    ],
  },
  {
    Name: "beans",
    FieldSelectors: [
      { Field: "eventCategory", Equals: ["Data"] },
      { Field: "resources.type", Equals: ["AWS::S3::Object"] },
      { Field: "resources.ARN", StartsWith: ["arn:aws:s3:::beans/"], NotEndsWith: [".tmp", ".log"] },
    ],
  },
];
const INSIGHTS = [{ InsightType: "ApiCallRateInsight" }, { InsightType: "ApiErrorRateInsight" }];

/** One operation, what it is asked, what must be in the answer, and where it is asked (us-east-1). */
type Step = readonly [operation: string, parameters: Parameters, answer: object, region?: string];

/** In this order a trail can be made, changed, and taken away again. */
const STEPS: readonly Step[] = [
  ["CreateTrail", { ...SETTINGS, EnableLogFileValidation: true, TagsList: TAGS }, MEMBERS],
  ["GetTrail", { Name: "audit" }, { Trail: { ...MEMBERS, HomeRegion: "us-east-1", HasCustomEventSelectors: false } }],
  ["DescribeTrails", { trailNameList: ["audit"] }, { trailList: [{ ...MEMBERS, HomeRegion: "us-east-1" }] }],
  ["DescribeTrails", {}, { trailList: [{ TrailARN: ARN }] }, "eu-west-1"],
  ["DescribeTrails", { includeShadowTrails: false }, { trailList: [] }, "eu-west-1"],
  ["ListTrails", {}, { Trails: [{ TrailARN: ARN, Name: "audit", HomeRegion: "us-east-1" }] }],
  ["ListTags", { ResourceIdList: [ARN] }, { ResourceTagList: [{ ResourceId: ARN, TagsList: TAGS }] }],
  ["AddTags", { ResourceId: ARN, TagsList: [{ Key: "shift", Value: "day" }] }, {}],
  ["RemoveTags", { ResourceId: ARN, TagsList: [{ Key: "team" }] }, {}],
  [
    "ListTags",
    { ResourceIdList: [ARN] },
    { ResourceTagList: [{ ResourceId: ARN, TagsList: [{ Key: "shift", Value: "day" }] }] },
  ],
  [
    "GetEventSelectors",
    { TrailName: "audit" },
    {
      TrailARN: ARN,
      EventSelectors: [
        { ReadWriteType: "All", IncludeManagementEvents: true, DataResources: [], ExcludeManagementEventSources: [] },
      ],
    },
  ],
  ["PutEventSelectors", { TrailName: "audit", EventSelectors: BASIC }, { TrailARN: ARN, EventSelectors: BASIC }],
  ["GetEventSelectors", { TrailName: ARN }, { TrailARN: ARN, EventSelectors: BASIC }],
  [
    "PutEventSelectors",
    { TrailName: ARN, AdvancedEventSelectors: ADVANCED },
    { TrailARN: ARN, AdvancedEventSelectors: ADVANCED },
  ],
  ["GetEventSelectors", { TrailName: ARN }, { TrailARN: ARN, AdvancedEventSelectors: ADVANCED }, "eu-west-1"],
  ["PutInsightSelectors", { TrailName: "audit", InsightSelectors: INSIGHTS }, { InsightSelectors: INSIGHTS }],
  ["GetInsightSelectors", { TrailName: "audit" }, { TrailARN: ARN, InsightSelectors: INSIGHTS }],
  ["GetTrailStatus", { Name: "audit" }, { IsLogging: false, TimeLoggingStarted: "", LatestDeliveryAttemptTime: "" }],
  ["StartLogging", { Name: "audit" }, {}],
  ["GetTrailStatus", { Name: ARN }, { IsLogging: true, StartLoggingTime: TIME, TimeLoggingStarted: ISO }, "eu-west-1"],
  ["StopLogging", { Name: ARN }, {}],
  ["GetTrailStatus", { Name: "audit" }, { IsLogging: false, StopLoggingTime: TIME, TimeLoggingStopped: ISO }],
  [
    "UpdateTrail",
    { Name: "audit", IsMultiRegionTrail: false, KmsKeyId: "" },
    { Name: "audit", S3KeyPrefix: "kept", IsMultiRegionTrail: false, IncludeGlobalServiceEvents: false },
  ],
  ["GetTrail", { Name: ARN }, { Trail: { HasCustomEventSelectors: true, HasInsightSelectors: true } }],
];

/** With the trail of the last step still there. */
const REFUSALS: readonly (readonly [
  operation: string,
  parameters: Parameters,
  code: string,
  message: RegExp,
  region?: string,
])[] = [
  ["CreateTrail", SETTINGS, "TrailAlreadyExistsException", /^Trail audit already exists for customer: 123456789012$/],
  [
    "CreateTrail",
    { Name: "other", S3BucketName: "nowhere-at-all" },
    "S3BucketDoesNotExistException",
    /^S3 bucket nowhere-at-all does not exist!$/,
  ],
  [
    "CreateTrail",
    { Name: "other", S3BucketName: CLOSED },
    "InsufficientS3BucketPolicyException",
    /^Incorrect S3 bucket policy is detected for bucket: closed-bucket.*"s3:PutObject"/,
  ],
  ["CreateTrail", { Name: "trail!", S3BucketName: BUCKET }, "InvalidTrailNameException", /^Trail name must ends with/],
  ["UpdateTrail", { Name: ARN }, "InvalidHomeRegionException", /us-east-1/, "eu-west-1"],
  [
    "StartLogging",
    { Name: "audit" },
    "TrailNotFoundException",
    /^Unknown trail: arn:aws:cloudtrail:eu-west-1:123456789012:trail\/audit for the user: 123456789012$/,
    "eu-west-1",
  ],
  ["StartLogging", { Name: ARN }, "InvalidHomeRegionException", /us-east-1/, "eu-west-1"],
  [
    "PutEventSelectors",
    {
      TrailName: "audit",
      EventSelectors: [{ DataResources: [{ Type: "AWS::S3::Object", Values: ["arn:aws:s3:::*"] }] }],
    },
    "InvalidEventSelectorsException",
    /^Value arn:aws:s3:::\* for DataResources\.Values is invalid\.$/,
  ],
  ["ListTags", { ResourceIdList: [`${ARN}-gone`] }, "ResourceNotFoundException", /audit-gone/],
];

describe.each(CLIENTS.map((client) => [client.name, client] as const))("trails through %s", (_, known) => {
  describe.skipIf(known.missing !== undefined)(`as they are${whySkipped(known.missing)}`, () => {
    let run: Run;
    let client: AwsClient;

    beforeAll(async () => {
      run = await Run.start();
      client = run.open(known.open);
      const s3 = s3Of(run.server);
      await s3.send(new CreateBucketCommand({ Bucket: CLOSED }));
      await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
      await s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: bucketPolicy(BUCKET, "audit", "kept/") }));
      s3.destroy();
    });
    afterAll(() => run.stop());

    test("every operation answers as the client expects", async () => {
      for (const [operation, parameters, expected, region = "us-east-1"] of STEPS) {
        const answer = await run.call(client, "cloudtrail", operation, parameters, { region });
        expect({ operation, ...outputOf(answer) }).toMatchObject({ operation, ...expected });
      }
    });

    test("what is refused is refused in AWS's words, and recorded so", async () => {
      for (const [operation, parameters, code, message, region = "us-east-1"] of REFUSALS) {
        const answer = await run.call(client, "cloudtrail", operation, parameters, { region });
        const error = errorOf(answer);
        expect({ operation, ...error }).toMatchObject({ operation, code });
        expect(error.message).toMatch(message);
        expect([undefined, code]).toContain(error.thrownAs);
        const { record } = await run.recordOf(answer.requestId, region);
        expect(record).toMatchObject({ eventName: operation, errorCode: code, errorMessage: error.message });
      }
    });

    test("the trail goes, and its records tell what was done to it", async () => {
      const deleted = await run.call(client, "cloudtrail", "DeleteTrail", { Name: "audit" });
      outputOf(deleted);
      expect(outputOf(await run.call(client, "cloudtrail", "DescribeTrails", {}))).toEqual({ trailList: [] });
      const { record, event } = await run.recordOf(deleted.requestId);
      expect(record).toMatchObject({ readOnly: false, requestParameters: { name: "audit" }, responseElements: null });
      expect(event["Resources"]).toContainEqual({ ResourceType: "AWS::CloudTrail::Trail", ResourceName: "audit" });
    });

    test("every record keeps CloudTrail's rules", async () => {
      expect(await checkWholeJournal(run, ["us-east-1", "eu-west-1"])).toBeGreaterThan(STEPS.length + REFUSALS.length);
    });
  });
});
