import { describe, expect, test } from "vitest";
import { ACCOUNT, MEMBER, openCloudtrail, refusal } from "./open-cloudtrail.fixture.ts";

const ARN = `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/audit`;
const INPUT = { Name: "audit", S3BucketName: "logs" };
const ORGANIZATION = { id: "o-exampleorgid", accounts: [ACCOUNT, MEMBER] as const };
const GROUP = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:trails:*`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/delivery`;
const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:news`;
const KEY = "1234abcd-12ab-34cd-56ef-1234567890ab";
const NO_DOTS = "InvalidS3PrefixException: The S3 key prefix must be text, and have no part that is . or ..";
const keyArn = (resource: string) => `arn:aws:kms:us-east-1:${ACCOUNT}:${resource}`;

const DEFAULTS = {
  Name: "audit",
  S3BucketName: "logs",
  IncludeGlobalServiceEvents: true,
  IsMultiRegionTrail: false,
  TrailARN: ARN,
  LogFileValidationEnabled: false,
  IsOrganizationTrail: false,
  RecursiveLogging: true,
};

describe("CreateTrail", () => {
  test("answers defaults, leaves out what has no value, and does not log yet", async () => {
    const cloudtrail = await openCloudtrail();
    expect(await cloudtrail.call("CreateTrail", INPUT)).toStrictEqual(DEFAULTS);
    expect(await cloudtrail.call("GetTrail", { Name: "audit" })).toStrictEqual({
      Trail: { ...DEFAULTS, HomeRegion: "us-east-1", HasCustomEventSelectors: false, HasInsightSelectors: false },
    });
    expect(await cloudtrail.call("GetTrailStatus", { Name: "audit" })).toMatchObject({ IsLogging: false });
    expect(cloudtrail.changes()).toBe(1);
    const changes = await cloudtrail.tables.selectFrom("trail_changes").select(["kind", "request_id"]).execute();
    expect(changes).toEqual([{ kind: "create", request_id: "request 1" }]);
  });

  test("reads back what was put", async () => {
    const cloudtrail = await openCloudtrail({
      organization: ORGANIZATION,
      checkTopic: async () => true,
      checkLogGroup: async () => undefined,
    });
    const put = {
      ...INPUT,
      S3KeyPrefix: "pre/fix",
      SnsTopicName: "news",
      IncludeGlobalServiceEvents: true,
      IsMultiRegionTrail: true,
      CloudWatchLogsLogGroupArn: GROUP,
      CloudWatchLogsRoleArn: ROLE,
      KmsKeyId: keyArn(`key/${KEY}`),
      IsOrganizationTrail: true,
      RecursiveLogging: false,
    };
    const tags = [{ Key: "Team", Value: "Audit" }, { Key: "Empty" }];
    const answer = { ...put, SnsTopicARN: TOPIC, TrailARN: ARN, LogFileValidationEnabled: true };
    expect(
      await cloudtrail.call("CreateTrail", { ...put, EnableLogFileValidation: true, TagsList: tags }),
    ).toStrictEqual(answer);
    expect((await cloudtrail.call("DescribeTrails", {})).trailList).toStrictEqual([
      { ...answer, HomeRegion: "us-east-1", HasCustomEventSelectors: false, HasInsightSelectors: false },
    ]);
    expect(await cloudtrail.call("ListTags", { ResourceIdList: [ARN] })).toStrictEqual({
      ResourceTagList: [{ ResourceId: ARN, TagsList: tags }],
    });
  });

  test.each([
    [KEY, keyArn(`key/${KEY}`)],
    ["alias/audit", keyArn("alias/audit")],
    ["arn:aws:kms:eu-west-1:210987654321:alias/theirs", "arn:aws:kms:eu-west-1:210987654321:alias/theirs"],
  ])("answers the key %s as the ARN %s", async (KmsKeyId, expected) => {
    const cloudtrail = await openCloudtrail();
    expect(await cloudtrail.call("CreateTrail", { ...INPUT, KmsKeyId })).toMatchObject({ KmsKeyId: expected });
  });

  test("takes empty texts for nothing", async () => {
    const empty = {
      S3KeyPrefix: "",
      SnsTopicName: "",
      CloudWatchLogsLogGroupArn: "",
      CloudWatchLogsRoleArn: "",
      KmsKeyId: "",
    };
    const cloudtrail = await openCloudtrail();
    expect(await cloudtrail.call("CreateTrail", { ...INPUT, ...empty })).toStrictEqual(DEFAULTS);
  });

  test.each([
    [{}, "AWSLogs/123456789012/"],
    [{ S3KeyPrefix: "pre/fix" }, "pre/fix/AWSLogs/123456789012/"],
    [{ S3KeyPrefix: "p", IsOrganizationTrail: true }, "p/AWSLogs/o-exampleorgid/"],
    [{ KmsKeyId: KEY }, "AWSLogs/123456789012/", { algorithm: "aws:kms", keyId: keyArn(`key/${KEY}`) }],
  ])("asks whether the trail can write for %j below %s", async (more, prefix, encryption?: object) => {
    const cloudtrail = await openCloudtrail({ organization: ORGANIZATION });
    await cloudtrail.call("CreateTrail", { ...INPUT, ...more });
    const who = { service: "cloudtrail.amazonaws.com", sourceArn: ARN, sourceAccount: ACCOUNT };
    expect(cloudtrail.buckets.checks).toEqual([["logs", prefix, who, encryption]]);
  });

  test("asks whether the trail can write with a new key too", async () => {
    const cloudtrail = await openCloudtrail();
    await cloudtrail.call("CreateTrail", INPUT);
    await cloudtrail.call("UpdateTrail", { Name: "audit", KmsKeyId: "alias/audit" });
    await cloudtrail.call("UpdateTrail", { Name: "audit", KmsKeyId: "" });
    await cloudtrail.call("UpdateTrail", { Name: "audit", RecursiveLogging: false });
    expect(cloudtrail.buckets.checks.map(([, , , encryption]) => encryption)).toEqual([
      undefined,
      { algorithm: "aws:kms", keyId: keyArn("alias/audit") },
      undefined,
    ]);
  });

  const fifty = Array.from({ length: 51 }, (_, index) => ({ Key: `key${index}` }));
  const NO_POLICY = { allowed: false, why: "nobody lets it write", missing: [{ Action: "s3:PutObject" }] } as const;
  type World = Awaited<ReturnType<typeof openCloudtrail>>;
  test.each<[string, object, string, ((world: World) => unknown)?]>([
    [
      "a short name",
      { Name: "ab" },
      "InvalidTrailNameException: Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters.",
    ],
    [
      "an ARN as a name",
      { Name: ARN },
      "InvalidTrailNameException: Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).",
    ],
    [
      "a multi-Region trail without global events, before it looks at the bucket",
      { IsMultiRegionTrail: true, IncludeGlobalServiceEvents: false, S3BucketName: "gone" },
      "InvalidParameterCombinationException: Multi-Region trail must include global service events.",
    ],
    [
      "a bucket that is not there",
      { S3BucketName: "gone" },
      "S3BucketDoesNotExistException: S3 bucket gone does not exist!",
    ],
    [
      "a bucket's bad name",
      { S3BucketName: "Logs" },
      "InvalidS3BucketNameException: The S3 bucket name Logs may hold only lower-case letters, numbers, periods (.) and hyphens (-).",
    ],
    [
      "a bucket's short name",
      { S3BucketName: "ab" },
      "InvalidS3BucketNameException: The S3 bucket name ab must have between 3 and 63 characters.",
    ],
    [
      "a bucket named by a hyphen",
      { S3BucketName: "logs-" },
      "InvalidS3BucketNameException: The S3 bucket name logs- must begin and end with a letter or number.",
    ],
    [
      "a bucket with an empty label",
      { S3BucketName: "lo..gs" },
      "InvalidS3BucketNameException: The S3 bucket name lo..gs must have a letter or number on both sides of each period.",
    ],
    [
      "a bucket named by an address",
      { S3BucketName: "192.168.5.4" },
      "InvalidS3BucketNameException: The S3 bucket name 192.168.5.4 must not be an IP address.",
    ],
    [
      "a bucket that does not let it write, with the statement that is missing",
      {},
      'InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket: logs. nobody lets it write. Missing: {"Action":"s3:PutObject"}',
      ({ buckets }) => (buckets.check = NO_POLICY),
    ],
    [
      "a bucket that may not be looked at",
      {},
      "InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket: logs. look at bucket logs",
      ({ buckets }) => buckets.failing.set("logs", "AccessDenied"),
    ],
    [
      "a bucket that does not answer",
      {},
      "ServiceUnavailable: S3 bucket logs does not answer: look at bucket logs",
      ({ buckets }) => buckets.failing.set("logs", "Timeout"),
    ],
    [
      "a long prefix",
      { S3KeyPrefix: "p".repeat(201) },
      "InvalidS3PrefixException: The S3 key prefix is longer than 200 characters.",
    ],
    [
      "a prefix with control characters",
      { S3KeyPrefix: "a\nb" },
      "InvalidS3PrefixException: The S3 key prefix must not hold control characters.",
    ],
    ["a prefix that leads elsewhere", { S3KeyPrefix: "../logs" }, NO_DOTS],
    ["a prefix that leads elsewhere later", { S3KeyPrefix: "a/.." }, NO_DOTS],
    ["a prefix that leads nowhere", { S3KeyPrefix: "a/./b" }, NO_DOTS],
    [
      "a topic, there being none",
      { SnsTopicName: "news" },
      "InsufficientSnsTopicPolicyException: SNS Topic does not exist or the topic policy is incorrect!",
    ],
    [
      "a topic's bad name",
      { SnsTopicName: "new$" },
      `InvalidSnsTopicNameException: The SNS topic is not valid: arn:aws:sns:us-east-1:${ACCOUNT}:new$. A topic's name may hold up to 256 letters, numbers, hyphens and underscores.`,
    ],
    [
      "a key's bad name",
      { KmsKeyId: "not a key" },
      `InvalidKmsKeyIdException: The KMS key is not valid: ${keyArn("key/not a key")}`,
    ],
    [
      "a key that is not there",
      { KmsKeyId: "alias/gone" },
      `KmsKeyNotFoundException: KMS key ${keyArn("alias/gone")} does not exist.`,
      ({ buckets }) => buckets.keyErrors.set(keyArn("alias/gone"), "KMS.NotFoundException"),
    ],
    [
      "a key that it may not use",
      { KmsKeyId: "alias/gone" },
      `InsufficientEncryptionPolicyException: Insufficient permissions to access S3 bucket logs or KMS key ${keyArn("alias/gone")}.`,
      ({ buckets }) => buckets.keyErrors.set(keyArn("alias/gone"), "AccessDenied"),
    ],
    [
      "a key that is turned off",
      { KmsKeyId: "alias/off" },
      `KmsException: KMS key ${keyArn("alias/off")} cannot be used: use key ${keyArn("alias/off")}`,
      ({ buckets }) => buckets.keyErrors.set(keyArn("alias/off"), "KMS.DisabledException"),
    ],
    [
      "a key of another server that is not there",
      { KmsKeyId: "alias/gone" },
      `KmsKeyNotFoundException: KMS key ${keyArn("alias/gone")} does not exist.`,
      ({ buckets }) => (buckets.check = "KMS.NotFoundException"),
    ],
    [
      "a key of another server that is turned off",
      { KmsKeyId: "alias/off" },
      `KmsException: KMS key ${keyArn("alias/off")} cannot be used: try an upload to logs`,
      ({ buckets }) => (buckets.check = "KMS.DisabledException"),
    ],
    [
      "a log group, there being none",
      { CloudWatchLogsLogGroupArn: GROUP, CloudWatchLogsRoleArn: ROLE },
      "InvalidCloudWatchLogsLogGroupArnException: CloudTrail cannot validate the specified log group ARN.",
    ],
    [
      "another account's log group",
      { CloudWatchLogsLogGroupArn: GROUP.replace(ACCOUNT, MEMBER), CloudWatchLogsRoleArn: ROLE },
      "InvalidCloudWatchLogsLogGroupArnException: CloudTrail cannot validate the specified log group ARN.",
    ],
    [
      "a role without log group",
      { CloudWatchLogsRoleArn: ROLE },
      "InvalidCloudWatchLogsLogGroupArnException: CloudTrail cannot validate the specified log group ARN.",
    ],
    [
      "a log group without role",
      { CloudWatchLogsLogGroupArn: GROUP },
      "InvalidCloudWatchLogsRoleArnException: Access denied. Check the trust relationships for your role.",
    ],
    [
      "an organization's trail, there being none",
      { IsOrganizationTrail: true },
      "OrganizationsNotInUseException: Your account is not a member of an organization.",
    ],
    [
      "a tag twice",
      { TagsList: [{ Key: "a" }, { Key: "a" }] },
      "InvalidTagParameterException: The tag key a is given more than once.",
    ],
    ["51 tags", { TagsList: fifty }, "TagsLimitExceededException: A resource can have at most 50 tags."],
  ])("refuses %s, and changes nothing", async (_, more, message, prepare) => {
    const cloudtrail = await openCloudtrail();
    prepare?.(cloudtrail);
    expect(await refusal(cloudtrail.call("CreateTrail", { ...INPUT, ...more }))).toBe(message);
    expect((await cloudtrail.call("DescribeTrails", {})).trailList).toEqual([]);
    expect(await cloudtrail.tables.selectFrom("trail_changes").selectAll().execute()).toEqual([]);
    expect(cloudtrail.changes()).toBe(0);
  });

  test.each<["group" | "role", string]>([
    ["group", "InvalidCloudWatchLogsLogGroupArnException: CloudTrail cannot validate the specified log group ARN."],
    ["role", "InvalidCloudWatchLogsRoleArnException: Access denied. Check the trust relationships for your role."],
  ])("refuses a log group whose %s does not let it write", async (missing, message) => {
    const cloudtrail = await openCloudtrail({ checkLogGroup: async () => missing });
    const logs = { CloudWatchLogsLogGroupArn: GROUP, CloudWatchLogsRoleArn: ROLE };
    expect(await refusal(cloudtrail.call("CreateTrail", { ...INPUT, ...logs }))).toBe(message);
  });

  test("refuses an organization's trail to who does not manage it", async () => {
    const cloudtrail = await openCloudtrail({ organization: ORGANIZATION });
    const input = { ...INPUT, IsOrganizationTrail: true };
    expect(await refusal(cloudtrail.as(MEMBER).call("CreateTrail", input))).toMatch(
      /^NotOrganizationMasterAccountException: Only the management account 123456789012 /,
    );
    expect(await refusal(cloudtrail.as("999999999999").call("CreateTrail", input))).toMatch(
      /^OrganizationsNotInUseException/,
    );
  });

  test("refuses a name twice in an account and Region", async () => {
    const cloudtrail = await openCloudtrail();
    await cloudtrail.call("CreateTrail", INPUT);
    expect(await refusal(cloudtrail.call("CreateTrail", { ...INPUT, S3BucketName: "gone" }))).toBe(
      "TrailAlreadyExistsException: Trail audit already exists for customer: 123456789012",
    );
    await cloudtrail.in("eu-west-1").call("CreateTrail", INPUT);
    await cloudtrail.as(MEMBER).call("CreateTrail", INPUT);
  });
});

describe("the quota of trails", () => {
  const name = (index: number) => ({ Name: `trail${index}`, S3BucketName: "logs" });

  test("is five in a Region, told before a name that is taken", async () => {
    const cloudtrail = await openCloudtrail();
    for (let index = 0; index < 5; index += 1) await cloudtrail.call("CreateTrail", name(index));
    expect(await refusal(cloudtrail.call("CreateTrail", name(0)))).toBe(
      "MaximumNumberOfTrailsExceededException: User: 123456789012 already has 5 trails in us-east-1.",
    );
    await cloudtrail.in("eu-west-1").call("CreateTrail", name(5));
    await cloudtrail.as(MEMBER).call("CreateTrail", name(5));
  });

  test("counts a multi-Region trail in every Region, and asks for a place in each", async () => {
    const cloudtrail = await openCloudtrail();
    await cloudtrail.call("CreateTrail", { ...name(0), IsMultiRegionTrail: true });
    const europe = cloudtrail.in("eu-west-1");
    for (let index = 1; index < 5; index += 1) await europe.call("CreateTrail", name(index));
    const full = "MaximumNumberOfTrailsExceededException: User: 123456789012 already has 5 trails in eu-west-1.";
    expect(await refusal(europe.call("CreateTrail", name(5)))).toBe(full);
    await cloudtrail.call("CreateTrail", name(5));
    expect(await refusal(cloudtrail.call("CreateTrail", { ...name(6), IsMultiRegionTrail: true }))).toBe(full);
    expect(await refusal(cloudtrail.call("UpdateTrail", { Name: "trail5", IsMultiRegionTrail: true }))).toBe(full);
    // It has its place everywhere already.
    await cloudtrail.call("UpdateTrail", { Name: "trail0", IsMultiRegionTrail: true });
  });

  test("holds against calls that were prepared at the same time", async () => {
    const cloudtrail = await openCloudtrail();
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => cloudtrail.call("CreateTrail", name(index))),
    );
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
  });
});

test.each(["..", "us:east", "US-EAST-1", "a".repeat(33)])("CreateTrail refuses the home Region %s", async (region) => {
  const cloudtrail = (await openCloudtrail()).in(region);
  await expect(cloudtrail.call("CreateTrail", { Name: "audit", S3BucketName: "logs" })).rejects.toThrow(
    "A trail's home Region has letters, numbers and hyphens alone.",
  );
});
