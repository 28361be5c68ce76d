import { describe, expect, test } from "vitest";
import { ACCOUNT, type Cloudtrail, MEMBER, NOW, openCloudtrail, refusal } from "./open-cloudtrail.fixture.ts";

const ORGANIZATION = { id: "o-exampleorgid", accounts: [ACCOUNT, MEMBER] as const };
const arn = (name: string, region = "us-east-1") => `arn:aws:cloudtrail:${region}:${ACCOUNT}:trail/${name}`;

/**
 * In us-east-1 the trails `single`, `multi` (multi-Region) and `company` (the organization's, multi-Region), in eu-west-1
 * the trail `european`.
 */
async function world(): Promise<Cloudtrail> {
  const cloudtrail = await openCloudtrail({ organization: ORGANIZATION });
  const make = (at: Cloudtrail, Name: string, more: object = {}) =>
    at.call("CreateTrail", { Name, S3BucketName: "logs", ...more });
  await make(cloudtrail, "single");
  await make(cloudtrail, "multi", { IsMultiRegionTrail: true });
  await make(cloudtrail, "company", { IsMultiRegionTrail: true, IsOrganizationTrail: true });
  await make(cloudtrail.in("eu-west-1"), "european");
  return cloudtrail;
}

const names = async (cloudtrail: Cloudtrail, input: object = {}): Promise<readonly (string | undefined)[]> =>
  ((await cloudtrail.call("DescribeTrails", input)).trailList ?? []).map(({ Name }) => Name);

describe("DescribeTrails", () => {
  test.each<[string, (cloudtrail: Cloudtrail) => Cloudtrail, object, readonly string[]]>([
    ["at home", (own) => own, {}, ["company", "multi", "single"]],
    ["elsewhere", (own) => own.in("eu-west-1"), {}, ["company", "european", "multi"]],
    ["where there is none", (own) => own.in("ap-south-1"), {}, ["company", "multi"]],
    ["without shadows at home", (own) => own, { includeShadowTrails: false }, ["company", "multi", "single"]],
    ["without shadows elsewhere", (own) => own.in("eu-west-1"), { includeShadowTrails: false }, ["european"]],
    ["to a member", (own) => own.as(MEMBER), {}, ["company"]],
    ["to a member without shadows", (own) => own.as(MEMBER), { includeShadowTrails: false }, []],
    ["to a stranger", (own) => own.as("999999999999"), {}, []],
    [
      "by name, in the order asked",
      (own) => own,
      { trailNameList: ["single", "multi", "single"] },
      ["single", "multi"],
    ],
    ["by a name of elsewhere", (own) => own.in("eu-west-1"), { trailNameList: ["single", "multi"] }, []],
    ["by an ARN of elsewhere", (own) => own.in("eu-west-1"), { trailNameList: [arn("single")] }, ["single"]],
    ["by names that name nothing", (own) => own, { trailNameList: ["nothing", "multi"] }, ["multi"]],
    ["to a member by ARN", (own) => own.as(MEMBER), { trailNameList: [arn("company"), arn("multi")] }, ["company"]],
  ])("shows %s", async (_, from, input, expected) => {
    expect(await names(from(await world()), input)).toEqual(expected);
  });

  test("refuses what can be no trail's name", async () => {
    const cloudtrail = await world();
    expect(await refusal(cloudtrail.call("DescribeTrails", { trailNameList: ["?"] }))).toMatch(/^InvalidTrailName/);
    expect(await refusal(cloudtrail.call("DescribeTrails", { trailNameList: ["arn:aws:s3:::b"] }))).toMatch(
      /^CloudTrailARNInvalidException/,
    );
  });
});

describe("ListTrails", () => {
  test("shows ARN, name and home Region of what is seen from here", async () => {
    const european = { TrailARN: arn("european", "eu-west-1"), Name: "european", HomeRegion: "eu-west-1" };
    const company = { TrailARN: arn("company"), Name: "company", HomeRegion: "us-east-1" };
    const multi = { TrailARN: arn("multi"), Name: "multi", HomeRegion: "us-east-1" };
    const cloudtrail = (await world()).in("eu-west-1");
    expect(await cloudtrail.call("ListTrails", {})).toStrictEqual({ Trails: [company, european, multi] });
    expect(await cloudtrail.as(MEMBER).call("ListTrails", {})).toStrictEqual({ Trails: [company] });
  });

  test("goes on where a page ended, for who asked for it", async () => {
    const cloudtrail = await openCloudtrail();
    const [row] = await made(cloudtrail);
    for (let index = 0; index < 120; index += 1) {
      const name = `trail${index}`;
      const trail = JSON.stringify({ ...(JSON.parse(row?.trail ?? "") as object), name, arn: arn(name) });
      await cloudtrail.tables
        .insertInto("trails")
        .values({ trail_id: name, arn: arn(name), account_id: ACCOUNT, home_region: "us-east-1", name, trail })
        .execute();
    }
    const pages = [await cloudtrail.call("ListTrails", {})];
    const first = pages[0]?.NextToken ?? "";
    for (let token: string | undefined = first; token !== undefined; token = pages.at(-1)?.NextToken) {
      pages.push(await cloudtrail.call("ListTrails", { NextToken: token }));
    }
    const seen = pages.flatMap(({ Trails }) => Trails ?? []).map(({ Name }) => Name);
    expect(pages).toHaveLength(3);
    expect(seen).toHaveLength(121);
    expect(new Set(seen).size).toBe(121);
    const wrong = "InvalidNextTokenException: The NextToken is not valid.";
    expect(await refusal(cloudtrail.call("ListTrails", { NextToken: "x" }))).toBe(wrong);
    expect(await refusal(cloudtrail.in("eu-west-1").call("ListTrails", { NextToken: first }))).toBe(wrong);
  });

  async function made(cloudtrail: Cloudtrail): Promise<readonly { readonly trail: string }[]> {
    await cloudtrail.call("CreateTrail", { Name: "first", S3BucketName: "logs" });
    return cloudtrail.tables.selectFrom("trails").select("trail").execute();
  }
});

describe("GetTrail", () => {
  test("repeats an unknown name as it was given, or the ARN", async () => {
    const cloudtrail = await world();
    expect(await refusal(cloudtrail.call("GetTrail", { Name: "nothing" }))).toBe(
      `TrailNotFoundException: Unknown trail: nothing for the user: ${ACCOUNT}`,
    );
    expect(await refusal(cloudtrail.as(MEMBER).call("GetTrail", { Name: arn("multi") }))).toBe(
      `TrailNotFoundException: Unknown trail: ${arn("multi")} for the user: ${MEMBER}`,
    );
  });

  test("finds trails of elsewhere and of the organization by their ARN", async () => {
    const cloudtrail = (await world()).in("ap-south-1");
    expect(await cloudtrail.call("GetTrail", { Name: arn("multi") })).toMatchObject({
      Trail: { HomeRegion: "us-east-1" },
    });
    expect(await cloudtrail.call("GetTrail", { Name: arn("single") })).toMatchObject({ Trail: { Name: "single" } });
    expect(await cloudtrail.as(MEMBER).call("GetTrail", { Name: arn("company") })).toMatchObject({
      Trail: { TrailARN: arn("company"), IsOrganizationTrail: true },
    });
  });
});

/** Everything that changes a trail, as it is called for one that is named so. */
const CHANGES: readonly (readonly [string, (cloudtrail: Cloudtrail, name: string) => Promise<unknown>])[] = [
  ["UpdateTrail", (cloudtrail, Name) => cloudtrail.call("UpdateTrail", { Name, EnableLogFileValidation: true })],
  ["StartLogging", (cloudtrail, Name) => cloudtrail.call("StartLogging", { Name })],
  ["StopLogging", (cloudtrail, Name) => cloudtrail.call("StopLogging", { Name })],
  [
    "PutEventSelectors",
    (cloudtrail, TrailName) => cloudtrail.call("PutEventSelectors", { TrailName, EventSelectors: [{}] }),
  ],
  [
    "PutInsightSelectors",
    (cloudtrail, TrailName) => cloudtrail.call("PutInsightSelectors", { TrailName, InsightSelectors: [] }),
  ],
  ["DeleteTrail", (cloudtrail, Name) => cloudtrail.call("DeleteTrail", { Name })],
];

describe.each(CHANGES)("%s", (operation, change) => {
  test("refuses an unknown trail by the ARN that its name stands for", async () => {
    const cloudtrail = await world();
    expect(await refusal(change(cloudtrail.in("eu-west-1"), "multi"))).toBe(
      `TrailNotFoundException: Unknown trail: ${arn("multi", "eu-west-1")} for the user: ${ACCOUNT}`,
    );
    expect(await refusal(change(cloudtrail, "?"))).toMatch(/^InvalidTrailNameException: Trail name too short/);
    expect(await refusal(change(cloudtrail, "arn:aws:s3:::bucket"))).toMatch(/^CloudTrailARNInvalidException/);
  });

  test("refuses a trail outside its home Region", async () => {
    const cloudtrail = (await world()).in("eu-west-1");
    expect(await refusal(change(cloudtrail, arn("multi")))).toBe(
      `InvalidHomeRegionException: The home Region of the trail ${arn("multi")} is us-east-1: it can only be changed there.`,
    );
  });

  test("refuses the organization's trail to a member", async () => {
    const cloudtrail = (await world()).as(MEMBER);
    expect(await refusal(change(cloudtrail, arn("company")))).toBe(
      `NotOrganizationMasterAccountException: The trail ${arn("company")} is an organization's: only the management account ${ACCOUNT} can change it.`,
    );
  });

  test("changes a trail by name and by ARN, and says so", async () => {
    const cloudtrail = await world();
    const before = cloudtrail.changes();
    await change(cloudtrail, "single");
    await change(cloudtrail, arn("company"));
    expect(cloudtrail.changes() - before).toBe(2);
    const rows = await cloudtrail.tables.selectFrom("trail_changes").selectAll().orderBy("position").execute();
    expect(rows.slice(-2).map(({ request_id }) => request_id)).toEqual(["request 5", "request 6"]);
    const shown = await names(cloudtrail);
    expect(shown).toEqual(operation === "DeleteTrail" ? ["multi"] : ["company", "multi", "single"]);
  });

  test("needs permission on the trail's ARN, whatever it is called", async () => {
    const cloudtrail = await world();
    const name = operation.startsWith("Put") ? "TrailName" : "Name";
    const resources = (text: string) => cloudtrail.resources(operation as "StartLogging", { [name]: text } as never);
    expect(await resources("single")).toEqual([arn("single")]);
    expect(await resources(arn("company"))).toEqual([arn("company")]);
    expect(await resources("?")).toEqual([arn("?")]);
    expect(await resources("arn:aws:s3:::b")).toEqual(["arn:aws:s3:::b"]);
  });
});

describe("DeleteTrail", () => {
  test("takes the tags with it, and leaves the name free for another trail", async () => {
    const cloudtrail = await world();
    await cloudtrail.call("AddTags", { ResourceId: arn("single"), TagsList: [{ Key: "Team" }] });
    const ids = () => cloudtrail.tables.selectFrom("trails").select("trail_id").where("name", "=", "single").execute();
    const before = await ids();
    await cloudtrail.call("DeleteTrail", { Name: "single" });
    expect(await refusal(cloudtrail.call("DeleteTrail", { Name: "single" }))).toMatch(/^TrailNotFoundException/);
    await cloudtrail.call("CreateTrail", { Name: "single", S3BucketName: "logs" });
    expect((await cloudtrail.call("ListTags", { ResourceIdList: [arn("single")] })).ResourceTagList).toEqual([
      { ResourceId: arn("single"), TagsList: [] },
    ]);
    expect(await ids()).not.toEqual(before);
  });
});

describe("UpdateTrail", () => {
  const SETTINGS = {
    S3KeyPrefix: "prefix",
    SnsTopicName: "news",
    CloudWatchLogsLogGroupArn: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:trails:*`,
    CloudWatchLogsRoleArn: `arn:aws:iam::${ACCOUNT}:role/delivery`,
    KmsKeyId: `arn:aws:kms:us-east-1:${ACCOUNT}:alias/audit`,
  };

  async function full(): Promise<Cloudtrail> {
    const ports = { checkTopic: async () => true, checkLogGroup: async () => undefined };
    const cloudtrail = await openCloudtrail({ ...ports, organization: ORGANIZATION });
    await cloudtrail.call("CreateTrail", { Name: "full", S3BucketName: "logs", ...SETTINGS });
    return cloudtrail;
  }

  test("leaves what it does not name, and asks nobody about it again", async () => {
    const cloudtrail = await full();
    const before = await cloudtrail.call("GetTrail", { Name: "full" });
    cloudtrail.buckets.names.clear();
    const answer = await cloudtrail.call("UpdateTrail", { Name: "full", EnableLogFileValidation: true });
    const { HomeRegion: _, HasCustomEventSelectors: __, HasInsightSelectors: ___, ...members } = before.Trail ?? {};
    expect(answer).toStrictEqual({ ...members, LogFileValidationEnabled: true });
    expect((await cloudtrail.call("GetTrail", { Name: "full" })).Trail).toStrictEqual({
      ...before.Trail,
      LogFileValidationEnabled: true,
    });
  });

  test("takes away what is empty", async () => {
    const cloudtrail = await full();
    const empty = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, ""]));
    const answer = await cloudtrail.call("UpdateTrail", { Name: "full", ...empty });
    expect(Object.keys(answer).filter((name) => name in SETTINGS || name === "SnsTopicARN")).toEqual([]);
    expect(answer.S3BucketName).toBe("logs");
  });

  test("asks about what it changes", async () => {
    const cloudtrail = await full();
    const update = (input: object) => refusal(cloudtrail.call("UpdateTrail", { Name: "full", ...input }));
    expect(await update({ S3BucketName: "gone" })).toBe(
      "S3BucketDoesNotExistException: S3 bucket gone does not exist!",
    );
    expect(await update({ CloudWatchLogsRoleArn: "" })).toMatch(/^InvalidCloudWatchLogsRoleArnException/);
    expect(await update({ SnsTopicName: "new$" })).toMatch(/^InvalidSnsTopicNameException/);
    cloudtrail.buckets.check = { allowed: false, why: "no", missing: [] };
    expect(await update({ S3KeyPrefix: "elsewhere" })).toMatch(/^InsufficientS3BucketPolicyException/);
    expect(cloudtrail.buckets.checks.at(-1)?.[1]).toBe(`elsewhere/AWSLogs/${ACCOUNT}/`);
    expect(await update({ KmsKeyId: "x y" })).toMatch(/^InvalidKmsKeyIdException/);
  });

  test.each<[string, object, object, object]>([
    [
      "to multi-Region",
      { IncludeGlobalServiceEvents: false },
      { IsMultiRegionTrail: true },
      { IsMultiRegionTrail: true, IncludeGlobalServiceEvents: true },
    ],
    [
      "to single-Region",
      { IsMultiRegionTrail: true },
      { IsMultiRegionTrail: false },
      { IsMultiRegionTrail: false, IncludeGlobalServiceEvents: false },
    ],
    [
      "to single-Region, with global events",
      { IsMultiRegionTrail: true },
      { IsMultiRegionTrail: false, IncludeGlobalServiceEvents: true },
      { IsMultiRegionTrail: false, IncludeGlobalServiceEvents: true },
    ],
    [
      "to what it is",
      { IsMultiRegionTrail: true },
      { IsMultiRegionTrail: true },
      { IsMultiRegionTrail: true, IncludeGlobalServiceEvents: true },
    ],
    ["nothing", { IncludeGlobalServiceEvents: false }, {}, { IncludeGlobalServiceEvents: false }],
    [
      "the organization's to its own",
      { IsOrganizationTrail: true },
      { IsOrganizationTrail: false },
      { IsOrganizationTrail: false },
    ],
    ["its own to the organization's", {}, { IsOrganizationTrail: true }, { IsOrganizationTrail: true }],
    ["deliveries' own events", {}, { RecursiveLogging: false }, { RecursiveLogging: false }],
  ])("turns a trail %s", async (_, made, input, expected) => {
    const cloudtrail = await openCloudtrail({ organization: ORGANIZATION });
    await cloudtrail.call("CreateTrail", { Name: "turned", S3BucketName: "logs", ...made });
    expect(await cloudtrail.call("UpdateTrail", { Name: "turned", ...input })).toMatchObject(expected);
  });

  test("refuses a multi-Region trail without global events", async () => {
    const cloudtrail = await world();
    const combination = "InvalidParameterCombinationException: Multi-Region trail must include global service events.";
    const update = (Name: string, input: object) => refusal(cloudtrail.call("UpdateTrail", { Name, ...input }));
    expect(await update("multi", { IncludeGlobalServiceEvents: false })).toBe(combination);
    expect(await update("single", { IncludeGlobalServiceEvents: false, IsMultiRegionTrail: true })).toBe(combination);
  });

  test("refuses to give a trail to an organization that there is not", async () => {
    const cloudtrail = await openCloudtrail();
    await cloudtrail.call("CreateTrail", { Name: "own", S3BucketName: "logs" });
    expect(await refusal(cloudtrail.call("UpdateTrail", { Name: "own", IsOrganizationTrail: true }))).toBe(
      "OrganizationsNotInUseException: Your account is not a member of an organization.",
    );
    expect(await cloudtrail.call("UpdateTrail", { Name: "own", IsOrganizationTrail: false })).toMatchObject({
      IsOrganizationTrail: false,
    });
  });
});

describe("GetTrailStatus", () => {
  const NEVER = {
    LatestDeliveryAttemptTime: "",
    LatestNotificationAttemptTime: "",
    LatestNotificationAttemptSucceeded: "",
    LatestDeliveryAttemptSucceeded: "",
    TimeLoggingStarted: "",
    TimeLoggingStopped: "",
  };

  test("tells of what never was with empty texts only", async () => {
    const cloudtrail = await world();
    expect(await cloudtrail.call("GetTrailStatus", { Name: "single" })).toStrictEqual({ IsLogging: false, ...NEVER });
  });

  test("follows StartLogging and StopLogging, of which every call renews the time", async () => {
    const cloudtrail = await world();
    const status = () => cloudtrail.call("GetTrailStatus", { Name: "single" });
    await cloudtrail.call("StartLogging", { Name: "single" });
    await cloudtrail.at(NOW + 5_000).call("StartLogging", { Name: "single" });
    expect(await status()).toStrictEqual({
      ...NEVER,
      IsLogging: true,
      StartLoggingTime: new Date(NOW + 5_000),
      TimeLoggingStarted: "2026-11-20T12:00:05Z",
    });
    await cloudtrail.at(NOW + 9_000).call("StopLogging", { Name: "single" });
    expect(await status()).toStrictEqual({
      ...NEVER,
      IsLogging: false,
      StartLoggingTime: new Date(NOW + 5_000),
      StopLoggingTime: new Date(NOW + 9_000),
      TimeLoggingStarted: "2026-11-20T12:00:05Z",
      TimeLoggingStopped: "2026-11-20T12:00:09Z",
    });
  });

  test("tells of deliveries and digests in the Region of the call", async () => {
    const cloudtrail = await openCloudtrail({ digestStatus: { latestDeliveryMs: NOW, latestError: "NoSuchBucket" } });
    await cloudtrail.call("CreateTrail", { Name: "multi", S3BucketName: "logs", IsMultiRegionTrail: true });
    const { trail_id } = await cloudtrail.tables.selectFrom("trails").select("trail_id").executeTakeFirstOrThrow();
    const status = {
      latestDeliveryMs: NOW,
      latestAttemptMs: NOW + 2_000,
      latestSuccessMs: NOW,
      latestError: "AccessDenied",
    };
    const place = { account_id: ACCOUNT, region: "eu-west-1", planned: 0, files: 1, last_stamp: 0, manifests: 0 };
    await cloudtrail.tables
      .insertInto("delivery_shards")
      .values({ trail_id, ...place, status: JSON.stringify(status) })
      .execute();
    const digest = { LatestDigestDeliveryTime: new Date(NOW), LatestDigestDeliveryError: "NoSuchBucket" };
    expect(await cloudtrail.in("eu-west-1").call("GetTrailStatus", { Name: arn("multi") })).toStrictEqual({
      ...NEVER,
      ...digest,
      IsLogging: false,
      LatestDeliveryError: "AccessDenied",
      LatestDeliveryTime: new Date(NOW),
      LatestDeliveryAttemptTime: "2026-11-20T12:00:02Z",
      LatestDeliveryAttemptSucceeded: "2026-11-20T12:00:00Z",
    });
    expect(await cloudtrail.call("GetTrailStatus", { Name: "multi" })).toStrictEqual({
      ...NEVER,
      ...digest,
      IsLogging: false,
    });
  });

  test("leaves out an error that is over", async () => {
    const cloudtrail = await openCloudtrail({ digestStatus: { latestError: "" } });
    await cloudtrail.call("CreateTrail", { Name: "audit", S3BucketName: "logs" });
    expect(await cloudtrail.call("GetTrailStatus", { Name: "audit" })).toStrictEqual({ IsLogging: false, ...NEVER });
  });

  test("calls an unknown trail by its ARN", async () => {
    expect(await refusal((await world()).call("GetTrailStatus", { Name: "nothing" }))).toBe(
      `TrailNotFoundException: Unknown trail: ${arn("nothing")} for the user: ${ACCOUNT}`,
    );
  });
});
