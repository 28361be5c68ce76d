import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalId } from "../owner.ts";
import { ACCOUNT, TestS3 } from "../s3.fixture.ts";

let s3: TestS3;

beforeAll(async () => {
  s3 = await TestS3.open();
});

afterAll(async () => {
  await s3.close();
});

function locationIn(region: string): string {
  return `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`;
}

describe("CreateBucket", () => {
  test.each<[region: string, constraint: string | undefined, told: string, is: string]>([
    ["us-east-1", undefined, "", "us-east-1"],
    ["us-east-1", "eu-central-1", "eu-central-1", "eu-central-1"],
    ["us-east-1", "EU", "eu-west-1", "eu-west-1"],
    ["eu-central-1", "eu-central-1", "eu-central-1", "eu-central-1"],
  ])("called in %s for %s makes a bucket there", async (region, constraint, told, is) => {
    const body = constraint === undefined ? "" : locationIn(constraint);
    const created = await s3.ask("PUT", "/somewhere", { region, body });
    expect([created.status, created.header("location")]).toEqual([200, "/somewhere"]);
    const location = await s3.ask("GET", "/somewhere?location");
    expect(location.xml()).toMatchObject({ name: "LocationConstraint", text: told });
    expect((await s3.ask("HEAD", "/somewhere")).header("x-amz-bucket-region")).toBe(is);
    await s3.ask("DELETE", "/somewhere");
  });

  test.each<[region: string, constraint: string | undefined, code: string]>([
    ["us-east-1", "us-east-1", "InvalidLocationConstraint"],
    ["us-east-1", "nowhere", "InvalidLocationConstraint"],
    ["eu-central-1", undefined, "IllegalLocationConstraintException"],
    ["eu-central-1", "eu-west-1", "IllegalLocationConstraintException"],
  ])("called in %s for %s is refused", async (region, constraint, code) => {
    const body = constraint === undefined ? "" : locationIn(constraint);
    expect(await s3.outcome("PUT", "/nowhere", { region, body })).toEqual([400, code]);
  });

  test.each<[what: string, name: string, headers: Record<string, string>, outcome: readonly [number, string]]>([
    ["a name that is none", "No", {}, [400, "InvalidBucketName"]],
    [
      "a list that is not the owner's",
      "acl",
      { "x-amz-acl": "public-read" },
      [400, "InvalidBucketAclWithObjectOwnership"],
    ],
    ["an ownership that is none", "own", { "x-amz-object-ownership": "Nobody" }, [400, "InvalidArgument"]],
  ])("refuses %s", async (_, name, headers, refused) => {
    expect(await s3.outcome("PUT", `/${name}`, { headers })).toEqual(refused);
  });

  test("refuses what is there, but for us-east-1, where it changes nothing", async () => {
    const body = locationIn("eu-west-1");
    await s3.ask("PUT", "/there", { region: "eu-west-1", body });
    expect(await s3.outcome("PUT", "/there", { region: "eu-west-1", body })).toEqual([409, "BucketAlreadyOwnedByYou"]);
    const headers = { "x-amz-object-ownership": "ObjectWriter" };
    expect(await s3.outcome("PUT", "/logs", { headers })).toEqual([200, ""]);
    expect((await s3.ask("GET", "/logs?ownershipControls")).text("Rule/ObjectOwnership")).toBe("BucketOwnerEnforced");
  });

  test("keeps tags, ownership and Object Lock that it is told", async () => {
    const tags = "<Tags><Tag><Key>team</Key><Value>red</Value></Tag></Tags>";
    await s3.ask("PUT", "/told", {
      headers: { "x-amz-bucket-object-lock-enabled": "true", "x-amz-object-ownership": "ObjectWriter" },
      body: `<CreateBucketConfiguration>${tags}</CreateBucketConfiguration>`,
    });
    expect((await s3.ask("GET", "/told?tagging")).text("TagSet/Tag/Value")).toBe("red");
    expect((await s3.ask("GET", "/told?ownershipControls")).text("Rule/ObjectOwnership")).toBe("ObjectWriter");
    expect((await s3.ask("GET", "/told?object-lock")).text("ObjectLockEnabled")).toBe("Enabled");
    expect((await s3.ask("GET", "/told?versioning")).text("Status")).toBe("Enabled");
  });
});

describe("ListBuckets", () => {
  test("gives the account's by name, page by page", async () => {
    for (const name of ["page-a", "page-b", "page-c"]) await s3.ask("PUT", `/${name}`);
    const first = await s3.ask("GET", "/?prefix=page-&max-buckets=2");
    expect(first.text("Buckets/Bucket/Name")).toBe("page-a page-b");
    expect(first.text("Buckets/Bucket/BucketRegion")).toBe("us-east-1 us-east-1");
    const token = encodeURIComponent(first.text("ContinuationToken"));
    const second = await s3.ask("GET", `/?prefix=page-&max-buckets=2&continuation-token=${token}`);
    expect(second.text("Buckets/Bucket/Name")).toBe("page-c");
    expect(second.text("ContinuationToken")).toBe("");
    expect((await s3.ask("GET", "/")).text("Owner/ID")).toBe(canonicalId(ACCOUNT));
  });

  test("refuses a token that is none", async () => {
    expect(await s3.outcome("GET", "/?continuation-token=x")).toEqual([400, "InvalidArgument"]);
  });
});

describe("what was never set", () => {
  test.each([
    ["cors", "NoSuchCORSConfiguration"],
    ["encryption", "ServerSideEncryptionConfigurationNotFoundError"],
    ["lifecycle", "NoSuchLifecycleConfiguration"],
    ["object-lock", "ObjectLockConfigurationNotFoundError"],
    ["policy", "NoSuchBucketPolicy"],
    ["policyStatus", "NoSuchBucketPolicy"],
    ["replication", "ReplicationConfigurationNotFoundError"],
    ["tagging", "NoSuchTagSet"],
    ["website", "NoSuchWebsiteConfiguration"],
  ])("?%s is not found as %s", async (what, code) => {
    expect(await s3.outcome("GET", `/logs?${what}`)).toEqual([404, code]);
  });

  test.each([
    ["accelerate", "AccelerateConfiguration", "", ""],
    ["acl", "AccessControlPolicy", "AccessControlList/Grant/Permission", "FULL_CONTROL"],
    ["logging", "BucketLoggingStatus", "", ""],
    ["notification", "NotificationConfiguration", "", ""],
    ["ownershipControls", "OwnershipControls", "Rule/ObjectOwnership", "BucketOwnerEnforced"],
    ["publicAccessBlock", "PublicAccessBlockConfiguration", "BlockPublicPolicy", "true"],
    ["requestPayment", "RequestPaymentConfiguration", "Payer", "BucketOwner"],
    ["versioning", "VersioningConfiguration", "Status", ""],
  ])("?%s is told as %s", async (what, root, path, value) => {
    const heard = await s3.ask("GET", `/logs?${what}`);
    expect([heard.status, heard.xml().name]).toEqual([200, root]);
    expect(path === "" ? "" : heard.text(path)).toBe(value);
  });

  test.each(["cors", "encryption", "lifecycle", "policy", "replication", "tagging", "website"])(
    "?%s is deleted all the same",
    async (what) => {
      expect(await s3.outcome("DELETE", `/logs?${what}`)).toEqual([204, ""]);
    },
  );

  test("is of a bucket that is there", async () => {
    expect(await s3.outcome("GET", "/nothing?cors")).toEqual([404, "NoSuchBucket"]);
    expect(await s3.outcome("HEAD", "/nothing")).toEqual([404, ""]);
  });
});

describe("what is put reads back equal", () => {
  const encryption = (inside: string): string =>
    `<ServerSideEncryptionConfiguration><Rule>${inside}</Rule></ServerSideEncryptionConfiguration>`;
  const byDefault = (inside: string): string =>
    encryption(`<ApplyServerSideEncryptionByDefault>${inside}</ApplyServerSideEncryptionByDefault>`);

  test.each([
    [
      "encryption",
      encryption(
        "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>alias/trail</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled>",
      ),
    ],
    [
      "tagging",
      "<Tagging><TagSet><Tag><Key>b</Key><Value>1</Value></Tag><Tag><Key>a</Key><Value></Value></Tag></TagSet></Tagging>",
    ],
    [
      "publicAccessBlock",
      "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
    ],
    [
      "ownershipControls",
      "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule></OwnershipControls>",
    ],
    ["versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"],
    [
      "object-lock",
      "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>2</Years></DefaultRetention></Rule></ObjectLockConfiguration>",
    ],
  ])("?%s", async (what, body) => {
    if ((await s3.ask("HEAD", "/equal")).status === 404) await s3.ask("PUT", "/equal");
    expect(await s3.outcome("PUT", `/equal?${what}`, { body })).toEqual([200, ""]);
    const text = (await s3.ask("GET", `/equal?${what}`)).body.toString();
    const told = text.replace(/^<\?xml.*\n/, "").replace(/ xmlns="[^"]*"/, "");
    expect(told.replaceAll("<Value/>", "<Value></Value>")).toBe(body);
  });

  test.each([
    ["encryption", "ServerSideEncryptionConfigurationNotFoundError"],
    ["tagging", "NoSuchTagSet"],
    ["publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"],
    ["ownershipControls", "OwnershipControlsNotFoundError"],
  ])("until ?%s is deleted", async (what, code) => {
    expect(await s3.outcome("DELETE", `/equal?${what}`)).toEqual([204, ""]);
    expect(await s3.outcome("GET", `/equal?${what}`)).toEqual([404, code]);
  });

  test.each([
    ["encryption", encryption(""), 400, "MalformedXML"],
    ["encryption", byDefault("<SSEAlgorithm>rot13</SSEAlgorithm>"), 400, "MalformedXML"],
    ["encryption", byDefault("<SSEAlgorithm>aws:kms:dsse</SSEAlgorithm>"), 501, "NotImplemented"],
    [
      "encryption",
      byDefault("<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>"),
      400,
      "InvalidArgument",
    ],
    [
      "encryption",
      byDefault("<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>"),
      400,
      "KMS.NotFoundException",
    ],
    [
      "ownershipControls",
      "<OwnershipControls><Rule><ObjectOwnership>Me</ObjectOwnership></Rule></OwnershipControls>",
      400,
      "MalformedXML",
    ],
    ["versioning", "<VersioningConfiguration/>", 400, "IllegalVersioningConfigurationException"],
    [
      "versioning",
      "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>",
      409,
      "InvalidBucketState",
    ],
    ["object-lock", "<ObjectLockConfiguration/>", 400, "MalformedXML"],
    [
      "acl",
      "<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:xsi='x' xsi:type='Group'><URI>all</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>",
      400,
      "AccessControlListNotSupported",
    ],
  ])("?%s refuses %s", async (what, body, status, code) => {
    expect(await s3.outcome("PUT", `/equal?${what}`, { body })).toEqual([status, code]);
  });

  test.each([
    ["private", 200, ""],
    ["bucket-owner-full-control", 200, ""],
    ["public-read", 400, "AccessControlListNotSupported"],
  ])("of lists only the owner's is there: %s", async (acl, status, code) => {
    expect(await s3.outcome("PUT", "/equal?acl", { headers: { "x-amz-acl": acl } })).toEqual([status, code]);
  });

  test("Object Lock wants versions", async () => {
    const body = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
    expect(await s3.outcome("PUT", "/logs?object-lock", { body })).toEqual([409, "InvalidBucketState"]);
  });
});

describe("PutBucketPolicy", () => {
  const statement = {
    Effect: "Allow",
    Principal: { Service: "cloudtrail.amazonaws.com" },
    Action: "s3:PutObject",
    Resource: "arn:aws:s3:::logs/AWSLogs/*",
  };
  const policy = (change: object): string =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ ...statement, ...change }] }, null, 1);

  test("keeps it as it was put, and says whom it lets in", async () => {
    const body = policy({});
    expect(await s3.outcome("PUT", "/logs?policy", { body })).toEqual([204, ""]);
    const heard = await s3.ask("GET", "/logs?policy");
    expect([heard.header("content-type"), heard.body.toString()]).toEqual(["application/json", body]);
    expect((await s3.ask("GET", "/logs?policyStatus")).text("IsPublic")).toBe("false");
    expect(await s3.outcome("DELETE", "/logs?policy")).toEqual([204, ""]);
    expect(await s3.outcome("GET", "/logs?policy")).toEqual([404, "NoSuchBucketPolicy"]);
  });

  test.each<[what: string, body: string]>([
    ["no policy", "allow"],
    ["an empty one", ""],
    ["half a policy", '{"Version":'],
    ["no principal", policy({ Principal: undefined })],
    ["no resource", policy({ Resource: undefined })],
    ["another bucket", policy({ Resource: "arn:aws:s3:::logs2/*" })],
    ["another bucket among its own", policy({ Resource: ["arn:aws:s3:::logs", "arn:aws:s3:::other"] })],
    ["every bucket", policy({ Resource: "*" })],
    ["another service's resource", policy({ Resource: "arn:aws:sns:us-east-1:1:logs" })],
    ["another service's action", policy({ Action: "sns:Publish" })],
    ["too long a one", policy({ Sid: "a".repeat(21_000) })],
  ])("refuses %s", async (_, body) => {
    expect(await s3.outcome("PUT", "/logs?policy", { body })).toEqual([
      400,
      body === "" ? "MissingRequestBodyError" : "MalformedPolicy",
    ]);
  });

  test("refuses to let in everybody unless the bucket's block was taken away", async () => {
    const body = policy({ Principal: "*" });
    expect(await s3.outcome("PUT", "/logs?policy", { body })).toEqual([403, "AccessDenied"]);
    await s3.ask("DELETE", "/logs?publicAccessBlock");
    expect(await s3.outcome("PUT", "/logs?policy", { body })).toEqual([204, ""]);
    expect((await s3.ask("GET", "/logs?policyStatus")).text("IsPublic")).toBe("true");
  });
});

describe("DeleteBucket", () => {
  test("refuses while a version is left", async () => {
    await s3.ask("PUT", "/full");
    await s3.ask("PUT", "/full/a", { body: "x" });
    expect(await s3.outcome("DELETE", "/full")).toEqual([409, "BucketNotEmpty"]);
    await s3.ask("DELETE", "/full/a");
    expect(await s3.outcome("DELETE", "/full")).toEqual([204, ""]);
    expect(await s3.outcome("HEAD", "/full")).toEqual([404, ""]);
  });
});
