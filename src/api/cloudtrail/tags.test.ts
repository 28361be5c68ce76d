import { describe, expect, test } from "vitest";
import { ACCOUNT, type Cloudtrail, MEMBER, openCloudtrail, refusal } from "./open-cloudtrail.fixture.ts";

const ORGANIZATION = { id: "o-exampleorgid", accounts: [ACCOUNT, MEMBER] as const };
const resource = (path: string) => `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:${path}`;
const ARN = resource("trail/audit");
const COMPANY = resource("trail/company");
const many = (count: number) => Array.from({ length: count }, (_, index) => ({ Key: `key${index}`, Value: "v" }));

async function world(): Promise<Cloudtrail> {
  const cloudtrail = await openCloudtrail({ organization: ORGANIZATION });
  await cloudtrail.call("CreateTrail", { Name: "audit", S3BucketName: "logs" });
  await cloudtrail.call("CreateTrail", { Name: "company", S3BucketName: "logs", IsOrganizationTrail: true });
  return cloudtrail;
}

const tagsOf = async (cloudtrail: Cloudtrail): Promise<unknown> =>
  (await cloudtrail.call("ListTags", { ResourceIdList: [ARN] })).ResourceTagList?.[0]?.TagsList;

describe("AddTags and RemoveTags", () => {
  test("set, overwrite and remove by key; a tag without value is no tag with an empty one", async () => {
    const cloudtrail = await world();
    const add = (...TagsList: readonly { Key: string; Value?: string }[]) =>
      cloudtrail.call("AddTags", { ResourceId: ARN, TagsList });
    expect(await add({ Key: "Team", Value: "Audit" }, { Key: "Bare" })).toStrictEqual({});
    await add({ Key: "team", Value: "other case" }, { Key: "Bare", Value: "full" });
    expect(await tagsOf(cloudtrail)).toStrictEqual([
      { Key: "Team", Value: "Audit" },
      { Key: "Bare", Value: "full" },
      { Key: "team", Value: "other case" },
    ]);
    await add({ Key: "Bare" });
    await cloudtrail.call("RemoveTags", {
      ResourceId: ARN,
      TagsList: [{ Key: "Team", Value: "ignored" }, { Key: "gone" }],
    });
    expect(await tagsOf(cloudtrail)).toStrictEqual([{ Key: "Bare" }, { Key: "team", Value: "other case" }]);
    await cloudtrail.call("RemoveTags", { ResourceId: ARN, TagsList: [] });
    expect(await tagsOf(cloudtrail)).toHaveLength(2);
  });

  test("hold 50 tags and no more", async () => {
    const cloudtrail = await world();
    await cloudtrail.call("AddTags", { ResourceId: ARN, TagsList: many(50) });
    await cloudtrail.call("AddTags", { ResourceId: ARN, TagsList: [{ Key: "key7", Value: "new" }] });
    expect(await refusal(cloudtrail.call("AddTags", { ResourceId: ARN, TagsList: [{ Key: "more" }] }))).toBe(
      "TagsLimitExceededException: A resource can have at most 50 tags.",
    );
    expect(await tagsOf(cloudtrail)).toHaveLength(50);
  });

  test.each<[string, object, string]>([
    [
      "a key twice",
      { TagsList: [{ Key: "a" }, { Key: "a" }] },
      "InvalidTagParameterException: The tag key a is given more than once.",
    ],
    [
      "a key of AWS's",
      { TagsList: [{ Key: "AWS:x" }] },
      "InvalidTagParameterException: The tag key AWS:x is reserved: keys must not begin with aws:.",
    ],
    [
      "a sign that tags do not have",
      { TagsList: [{ Key: "a", Value: "b;c" }] },
      "InvalidTagParameterException: b;c is not valid in a tag: it may hold letters, numbers, spaces and _ . : / = + - @.",
    ],
    ["a name", { ResourceId: "audit" }, "CloudTrailARNInvalidException: The resource ARN is not valid: audit"],
    [
      "another service's ARN",
      { ResourceId: "arn:aws:s3:::b" },
      "CloudTrailARNInvalidException: The resource ARN is not valid: arn:aws:s3:::b",
    ],
    [
      "an unknown trail",
      { ResourceId: resource("trail/gone") },
      `ResourceNotFoundException: Unknown resource: ${resource("trail/gone")} for the user: ${ACCOUNT}`,
    ],
    [
      "a short name",
      { ResourceId: resource("trail/x") },
      "InvalidTrailNameException: Trail name too short. Minimum allowed length: 3 characters. Specified name length: 1 characters.",
    ],
    [
      "an event data store",
      { ResourceId: resource("eventdatastore/1") },
      `EventDataStoreNotFoundException: Unknown resource: ${resource("eventdatastore/1")}`,
    ],
    [
      "a channel",
      { ResourceId: resource("channel/1") },
      `ChannelNotFoundException: Unknown resource: ${resource("channel/1")}`,
    ],
    [
      "a dashboard",
      { ResourceId: resource("dashboard/1") },
      `ResourceNotFoundException: Unknown resource: ${resource("dashboard/1")}`,
    ],
    [
      "another thing",
      { ResourceId: resource("constructor/1") },
      `ResourceTypeNotSupportedException: Resources of type constructor have no tags: ${resource("constructor/1")}`,
    ],
  ])("refuse %s", async (_, input, message) => {
    const cloudtrail = await world();
    expect(await refusal(cloudtrail.call("AddTags", { ResourceId: ARN, TagsList: [], ...input }))).toBe(message);
  });

  test("refuse another Region, and a member of the organization", async () => {
    const cloudtrail = await world();
    const input = { ResourceId: COMPANY, TagsList: [{ Key: "a" }] };
    for (const name of ["AddTags", "RemoveTags"] as const) {
      expect(await refusal(cloudtrail.in("eu-west-1").call(name, input))).toBe(
        "CloudTrailARNInvalidException: Region in ARN is wrong, you can only access resources in region eu-west-1.",
      );
      expect(await refusal(cloudtrail.as(MEMBER).call(name, input))).toMatch(/^NotOrganizationMasterAccountException/);
    }
  });

  test("ask for permission by ARN and by tags, those that are there and those that are named", async () => {
    const cloudtrail = await world();
    await cloudtrail.call("AddTags", { ResourceId: ARN, TagsList: [{ Key: "Team", Value: "Audit" }] });
    const input = { ResourceId: ARN, TagsList: [{ Key: "Stage", Value: "test" }, { Key: "Bare" }] };
    expect(await cloudtrail.resources("AddTags", input)).toEqual([ARN]);
    expect(await cloudtrail.conditions("AddTags", input)).toEqual({
      "aws:ResourceTag/Team": "Audit",
      "aws:RequestTag/Stage": "test",
      "aws:RequestTag/Bare": "",
      "aws:TagKeys": ["Stage", "Bare"],
    });
    expect(await cloudtrail.resources("ListTags", { ResourceIdList: [ARN, COMPANY] })).toEqual([ARN, COMPANY]);
  });
});

describe("ListTags", () => {
  test("answers for each trail once, a member's view included", async () => {
    const cloudtrail = await world();
    expect(await cloudtrail.call("ListTags", { ResourceIdList: [COMPANY, ARN, COMPANY] })).toStrictEqual({
      ResourceTagList: [
        { ResourceId: COMPANY, TagsList: [] },
        { ResourceId: ARN, TagsList: [] },
      ],
    });
    expect(await cloudtrail.as(MEMBER).call("ListTags", { ResourceIdList: [COMPANY] })).toMatchObject({
      ResourceTagList: [{ ResourceId: COMPANY }],
    });
  });

  test.each<[string, object, string]>([
    [
      "no trail",
      { ResourceIdList: [] },
      "ValidationException: 1 validation error detected: Value '[]' at 'resourceIdList' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      "a token",
      { ResourceIdList: [ARN], NextToken: "x" },
      "InvalidTokenException: NextToken is reserved for future use",
    ],
    [
      "an unknown trail",
      { ResourceIdList: [ARN, resource("trail/gone")] },
      `ResourceNotFoundException: Unknown resource: ${resource("trail/gone")} for the user: ${ACCOUNT}`,
    ],
  ])("refuses %s", async (_, input, message) => {
    expect(await refusal((await world()).call("ListTags", input as never))).toBe(message);
  });

  test("refuses 21 trails", async () => {
    expect(await refusal((await world()).call("ListTags", { ResourceIdList: Array<string>(21).fill(ARN) }))).toMatch(
      /^ValidationException: .* Member must have length less than or equal to 20$/,
    );
  });
});

describe("resource policies", () => {
  test.each([
    [ARN, "ResourceTypeNotSupportedException"],
    [resource("channel/1"), "ResourceNotFoundException"],
    [resource("eventdatastore/1"), "ResourceNotFoundException"],
    [resource("dashboard/1"), "ResourceNotFoundException"],
    ["arn:aws:s3:::b", "ResourceARNNotValidException"],
    ["audit", "ResourceARNNotValidException"],
  ])("are refused for %s as %s", async (ResourceArn, code) => {
    const cloudtrail = await world();
    for (const answer of [
      cloudtrail.call("PutResourcePolicy", { ResourceArn, ResourcePolicy: "{}" }),
      cloudtrail.call("GetResourcePolicy", { ResourceArn }),
      cloudtrail.call("DeleteResourcePolicy", { ResourceArn }),
    ]) {
      expect((await refusal(answer)).split(":")[0]).toBe(code);
    }
    expect(await cloudtrail.resources("GetResourcePolicy", { ResourceArn })).toEqual([ResourceArn]);
  });
});
