import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { trailArn } from "../trail.ts";
import { BOTO3_MISSING, PYTHON, whySkipped } from "./clients.ts";

const STORY = fileURLToPath(new URL("trail_read_back.py", import.meta.url));
const NAME = "infrastructure";
const ARN = trailArn(NAME);

type Answers = Readonly<Record<string, unknown>>;

interface Told {
  readonly unset: Answers;
  readonly unsetTrail: Answers;
  readonly created: Answers;
  readonly put: Answers;
  readonly got: Answers;
  readonly again: Answers;
  readonly changed: readonly (readonly [operation: string, answer: unknown])[];
  readonly left: unknown;
}

/** What is answered of a bucket of which nothing was said. */
const UNSET = {
  GetBucketAccelerateConfiguration: {},
  GetBucketCors: { code: "NoSuchCORSConfiguration" },
  GetBucketEncryption: { code: "ServerSideEncryptionConfigurationNotFoundError" },
  GetBucketLifecycleConfiguration: { code: "NoSuchLifecycleConfiguration" },
  GetBucketLogging: {},
  GetBucketNotificationConfiguration: {},
  GetBucketPolicy: { code: "NoSuchBucketPolicy" },
  GetBucketReplication: { code: "ReplicationConfigurationNotFoundError" },
  GetBucketRequestPayment: { Payer: "BucketOwner" },
  GetBucketTagging: { code: "NoSuchTagSet" },
  GetBucketWebsite: { code: "NoSuchWebsiteConfiguration" },
};

/** Of everything that was put, at least one thing is read back by each of these. */
const READS = [
  "GetTrail",
  "DescribeTrails",
  "GetEventSelectors",
  "GetInsightSelectors",
  "ListTags",
  "GetBucketVersioning",
  "GetObjectLockConfiguration",
  "GetPublicAccessBlock",
  "GetBucketOwnershipControls",
  "GetBucketEncryption",
  "GetBucketPolicy",
  "GetBucketPolicyStatus",
  "GetBucketTagging",
  "GetBucketLocation",
  "GetObjectTagging",
];

const PLAIN = {
  Name: NAME,
  TrailARN: ARN,
  HomeRegion: "us-east-1",
  S3BucketName: NAME,
  IncludeGlobalServiceEvents: false,
  IsMultiRegionTrail: false,
  LogFileValidationEnabled: false,
  IsOrganizationTrail: false,
  RecursiveLogging: true,
};

/** What comes back of what was changed, or taken away: nothing of what was there before. */
const CHANGED: Told["changed"] = [
  ["UpdateTrail", PLAIN],
  ["GetTrail", { ...PLAIN, HasCustomEventSelectors: true, HasInsightSelectors: true }],
  [
    "GetEventSelectors",
    {
      TrailARN: ARN,
      AdvancedEventSelectors: [
        {
          Name: "Log all S3 objects events except for two S3 buckets",
          FieldSelectors: [
            { Field: "eventCategory", Equals: ["Data"] },
            { Field: "resources.ARN", NotStartsWith: ["arn:aws:s3:::one/", "arn:aws:s3:::two/"] },
            { Field: "resources.type", Equals: ["AWS::S3::Object"] },
          ],
        },
        { FieldSelectors: [{ Field: "eventCategory", Equals: ["Management"] }] },
      ],
    },
  ],
  ["GetInsightSelectors", { code: "InsightNotEnabledException" }],
  ["ListTags", { ResourceTagList: [{ ResourceId: ARN, TagsList: [] }] }],
  ["IsLogging", false],
  ["GetObjectLockConfiguration", { ObjectLockConfiguration: { ObjectLockEnabled: "Enabled" } }],
  ["GetPublicAccessBlock", { code: "NoSuchPublicAccessBlockConfiguration" }],
  ["GetBucketOwnershipControls", { code: "OwnershipControlsNotFoundError" }],
  ["GetBucketEncryption", { code: "ServerSideEncryptionConfigurationNotFoundError" }],
  ["GetBucketTagging", { code: "NoSuchTagSet" }],
];

describe.skipIf(BOTO3_MISSING !== undefined)(
  `what infrastructure as code puts and reads, through boto3${whySkipped(BOTO3_MISSING)}`,
  () => {
    let server: TestServer;
    let told: Told;

    beforeAll(async () => {
      server = await startServer();
      const { status, stdout, stderr } = spawnSync(PYTHON, [STORY, server.endpoint], {
        encoding: "utf8",
        env: server.environment,
      });
      if (status !== 0) throw new Error(`the story ended with ${status}: ${stderr}${server.log()}`);
      told = JSON.parse(stdout) as Told;
    });
    afterAll(() => server.stop());

    test.each(Object.entries(UNSET))("%s of a new bucket is %j", (operation, answer) => {
      expect(told.unset[operation]).toEqual(answer);
    });

    test("a new trail logs management events, and no Insights", () => {
      const selector = { ReadWriteType: "All", IncludeManagementEvents: true };
      expect(told.unsetTrail).toEqual({
        GetEventSelectors: {
          TrailARN: ARN,
          EventSelectors: [{ ...selector, DataResources: [], ExcludeManagementEventSources: [] }],
        },
        GetInsightSelectors: { code: "InsightNotEnabledException" },
      });
    });

    test.each(READS)("%s answers what was put, and nothing else", (operation) => {
      expect(told.put[operation]).toBeDefined();
      expect(told.got[operation]).toEqual(told.put[operation]);
    });

    test("HeadObject answers what was put", () => {
      const bucketsDefault = { ServerSideEncryption: "aws:kms", ObjectLockMode: "GOVERNANCE" };
      const put = told.put["HeadObject"] as object;
      expect(told.got["HeadObject"]).toMatchObject({ ...put, ...bucketsDefault, ContentLength: 8, TagCount: 2 });
    });

    test("CreateTrail answers what GetTrail does, but for what only the latter tells", () => {
      const { HomeRegion, HasCustomEventSelectors, HasInsightSelectors, ...trail } = (
        told.got["GetTrail"] as { readonly Trail: Answers }
      ).Trail;
      expect(told.created).toEqual(trail);
      expect([HomeRegion, HasCustomEventSelectors, HasInsightSelectors]).toEqual(["us-east-1", true, true]);
    });

    test("the same put again changes nothing", () => {
      expect(told.again).toEqual(told.got);
    });

    test("what is changed or taken away is read back so", () => {
      expect(told.changed).toEqual(CHANGED);
    });

    test("in the end nothing is left", () => {
      expect(told.left).toEqual([[], [], { code: "TrailNotFoundException" }]);
    });
  },
);
