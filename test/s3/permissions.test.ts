import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OTHER, type OwnS3, OWNER, startOwnS3, type Told } from "../own-s3.ts";

let s3: OwnS3;
let count = 0;
/** A new bucket of root's for each test. */
let bucket = "";

beforeAll(async () => {
  s3 = await startOwnS3();
});
afterAll(async () => await s3.close());
beforeEach(async () => {
  bucket = `b-${++count}`;
  await done("root", "PUT", `/${bucket}`);
  for (const who of ["alice", "bob"]) s3.allow(who, EVERYTHING);
});

const EVERYTHING = { Effect: "Allow", Action: "s3:*", Resource: "*" };

async function done(...asked: Parameters<OwnS3["ask"]>): Promise<Told> {
  const told = await s3.ask(...asked);
  if (told.status >= 300) throw new Error(`${asked[1]} ${asked[2]}: ${told.status} ${told.code} ${told.message}`);
  return told;
}

async function outcome(...asked: Parameters<OwnS3["ask"]>): Promise<string> {
  const { status, code } = await s3.ask(...asked);
  return `${status} ${code}`.trim();
}

function statement(effect: "Allow" | "Deny", action: string, more: object = {}): object {
  const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  return { Effect: effect, Principal: "*", Action: action, Resource, ...more };
}

/** A policy may be public here: who wants it blocked says so. */
async function putPolicy(...statements: readonly object[]): Promise<void> {
  await done("root", "DELETE", `/${bucket}?publicAccessBlock`);
  const body = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  await done("root", "PUT", `/${bucket}?policy`, { body });
}

describe("a bucket's policy", () => {
  test("binds the root of its owner's account, but leaves it the policy itself", async () => {
    await putPolicy(statement("Deny", "s3:*"));
    expect(await outcome("root", "GET", `/${bucket}?list-type=2`)).toBe("403 AccessDenied");
    expect(await outcome("root", "DELETE", `/${bucket}`)).toBe("403 AccessDenied");
    expect(await outcome("alice", "DELETE", `/${bucket}?policy`)).toBe("403 AccessDenied");
    expect(await outcome("root", "GET", `/${bucket}?policy`)).toBe("200");
    expect(await outcome("root", "PUT", `/${bucket}?policy`, { body: "{}" })).toBe("400 MalformedPolicy");
    expect(await outcome("root", "DELETE", `/${bucket}?policy`)).toBe("204");
    expect(await outcome("root", "DELETE", `/${bucket}`)).toBe("204");
  });

  test.each(["cn-north-1", "us-gov-west-1", "us-iso-east-1", "nowhere-1"])(
    "binds requests that are signed for the Region %s",
    async (region) => {
      await done("root", "PUT", `/${bucket}/a`, { body: "x" });
      await putPolicy(statement("Deny", "s3:*"));
      expect(await outcome("root", "GET", `/${bucket}/a`, { region })).toBe("403 AccessDenied");
      expect(await outcome("root", "DELETE", `/${bucket}/a`, { region })).toBe("403 AccessDenied");
      const source = { "x-amz-copy-source": `${bucket}/a` };
      await done("root", "PUT", `/${bucket}-x`);
      expect(await outcome("root", "PUT", `/${bucket}-x/a`, { region, headers: source })).toBe("403 AccessDenied");
    },
  );

  test("of a copy's source is asked, and the tags that the source has", async () => {
    await done("root", "PUT", `/${bucket}/open`, { body: "x" });
    await done("root", "PUT", `/${bucket}/closed`, { body: "x", headers: { "x-amz-tagging": "secret=yes" } });
    const tagged = { Condition: { StringEquals: { "s3:ExistingObjectTag/secret": "yes" } } };
    await putPolicy(statement("Deny", "s3:GetObject", tagged));
    await done("root", "PUT", `/${bucket}-to`);
    const copy = (key: string): Promise<string> =>
      outcome("root", "PUT", `/${bucket}-to/${key}`, { headers: { "x-amz-copy-source": `/${bucket}/${key}` } });
    expect(await copy("open")).toBe("200");
    expect(await copy("closed")).toBe("403 AccessDenied");
    expect(await outcome("root", "GET", `/${bucket}/closed`)).toBe("403 AccessDenied");
    expect(await outcome("root", "GET", `/${bucket}/open`)).toBe("200");
  });

  test("is nobody's of another account, whoever it allows", async () => {
    await putPolicy(statement("Allow", "s3:*", { Principal: { AWS: OTHER } }));
    expect(await outcome("stranger", "PUT", `/${bucket}/a`, { body: "x" })).toBe("200");
    expect(await outcome("stranger", "GET", `/${bucket}?policy`)).toBe("405 MethodNotAllowed");
    expect(await outcome("bob", "DELETE", `/${bucket}?policy`)).toBe("405 MethodNotAllowed");
    await putPolicy(statement("Allow", "s3:ListBucket", { Principal: { AWS: OTHER } }));
    expect(await outcome("bob", "DELETE", `/${bucket}?policy`)).toBe("403 AccessDenied");
  });

  test("that is public lets in other accounts only where the bucket's block does not restrict it", async () => {
    await putPolicy(statement("Allow", "s3:ListBucket"));
    expect(await outcome("stranger", "GET", `/${bucket}?list-type=2`)).toBe("200");
    const block = "<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets>";
    const body = `${block}</PublicAccessBlockConfiguration>`;
    await done("root", "PUT", `/${bucket}?publicAccessBlock`, { body });
    expect(await outcome("stranger", "GET", `/${bucket}?list-type=2`)).toBe("403 AccessDenied");
    s3.allow("alice");
    expect(await outcome("alice", "GET", `/${bucket}?list-type=2`)).toBe("200");
  });

  test.each([
    ["another bucket's", "arn:aws:s3:::another/*"],
    ["every bucket's", "*"],
    ["every bucket's whose name begins so", "arn:aws:s3:::b*"],
    ["another partition's", "arn:aws-cn:s3:::BUCKET/*"],
    ["a longer name's", "arn:aws:s3:::BUCKET-2/*"],
  ])("is refused when it names %s objects", async (_, Resource) => {
    const named = Resource.replace("BUCKET", bucket);
    const body = JSON.stringify({ Statement: [statement("Deny", "s3:*", { Resource: named })] });
    expect(await outcome("root", "PUT", `/${bucket}?policy`, { body })).toBe("400 MalformedPolicy");
  });

  test("spares whom NotPrincipal names, and nobody else", async () => {
    const NotPrincipal = { AWS: [`arn:aws:iam::${OWNER}:root`, `arn:aws:iam::${OWNER}:user/alice`] };
    const { Principal: _, ...rest } = statement("Deny", "s3:ListBucket") as { Principal: string };
    await putPolicy({ ...rest, NotPrincipal });
    expect(await outcome("root", "GET", `/${bucket}?list-type=2`)).toBe("200");
    expect(await outcome("alice", "GET", `/${bucket}?list-type=2`)).toBe("200");
    await putPolicy({ ...rest, NotPrincipal: { AWS: `arn:aws:iam::${OWNER}:root` } });
    expect(await outcome("alice", "GET", `/${bucket}?list-type=2`)).toBe("403 AccessDenied");
  });

  test("that demands encryption counts what an upload was begun with for its parts", async () => {
    const unless = { Condition: { StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" } } };
    await putPolicy(statement("Deny", "s3:PutObject", unless));
    expect(await outcome("root", "POST", `/${bucket}/a?uploads`)).toBe("403 AccessDenied");
    const headers = {
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "alias/trail",
    };
    const { text } = await done("root", "POST", `/${bucket}/a?uploads`, { headers });
    const id = /<UploadId>(.*)<\/UploadId>/.exec(text)?.[1] ?? "";
    const part = await done("root", "PUT", `/${bucket}/a?partNumber=1&uploadId=${id}`, { body: "x" });
    const etag = part.headers["etag"] ?? "";
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`;
    expect(await outcome("root", "POST", `/${bucket}/a?uploadId=${id}`, { body })).toBe("200");
    expect(await outcome("root", "PUT", `/${bucket}/a?partNumber=1&uploadId=none`, { body: "x" })).toBe(
      "403 AccessDenied",
    );
  });

  test("may say for how many days at most somebody locks", async () => {
    await done("root", "PUT", `/${bucket}-l`, { headers: { "x-amz-bucket-object-lock-enabled": "true" } });
    bucket = `${bucket}-l`;
    const longer = { Condition: { NumericGreaterThan: { "s3:object-lock-remaining-retention-days": "10" } } };
    await putPolicy(statement("Deny", "s3:PutObjectRetention", longer));
    const locked = (days: number): Promise<string> => {
      const until = new Date(s3.clock.now + days * 86_400_000).toISOString();
      const headers = { "x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": until };
      return outcome("root", "PUT", `/${bucket}/a`, { headers, body: "x" });
    };
    expect(await locked(10)).toBe("200");
    expect(await locked(11)).toBe("403 AccessDenied");
  });
});

describe("who may not list a bucket", () => {
  test.each([
    ["GET", "/none"],
    ["HEAD", "/none"],
    ["GET", "/none?versionId=none"],
    ["GET", "/none?tagging"],
    ["GET", "/none?attributes"],
    ["GET", "/gone"],
  ])("is not told that an object is not there: %s %s", async (method, target) => {
    await done("root", "PUT", `/${bucket}?versioning`, {
      body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    });
    await done("root", "PUT", `/${bucket}/gone`, { body: "x" });
    await done("root", "DELETE", `/${bucket}/gone`);
    const headers = target.includes("attributes") ? { "x-amz-object-attributes": "ETag" } : {};
    const there = await s3.ask("alice", method, `/${bucket}${target}`, { headers });
    expect(there.status).toBe(404);
    s3.allow("alice", EVERYTHING, { Effect: "Deny", Action: "s3:ListBucket", Resource: "*" });
    const told = await s3.ask("alice", method, `/${bucket}${target}`, { headers });
    expect(told.status).toBe(403);
    expect(told.headers["x-amz-delete-marker"]).toBeUndefined();
    expect(told.text).not.toMatch(/not exist|<Key>|<VersionId>/);
  });

  test("is not told that a copy's source is not there, whatever it may list besides", async () => {
    await done("root", "PUT", `/${bucket}-to`);
    const source = `arn:aws:s3:::${bucket}`;
    s3.allow("alice", EVERYTHING, { Effect: "Deny", Action: "s3:ListBucket", Resource: source });
    const headers = { "x-amz-copy-source": `/${bucket}/none` };
    expect(await outcome("alice", "PUT", `/${bucket}-to/a`, { headers })).toBe("403 AccessDenied");
    s3.allow("alice", EVERYTHING);
    expect(await outcome("alice", "PUT", `/${bucket}-to/a`, { headers })).toBe("404 NoSuchKey");
  });

  test("learns nothing by conditions on what it may not read", async () => {
    await done("root", "PUT", `/${bucket}/a`, { body: "x" });
    s3.allow("alice", { Effect: "Allow", Action: ["s3:PutObject", "s3:DeleteObject"], Resource: "*" });
    const headers = { "if-match": '"0"' };
    expect(await outcome("alice", "PUT", `/${bucket}/a`, { headers, body: "y" })).toBe("403 AccessDenied");
    expect(await outcome("alice", "DELETE", `/${bucket}/a`, { headers })).toBe("403 AccessDenied");
    expect(await outcome("alice", "DELETE", `/${bucket}/a`, { headers: { "if-match": "*" } })).toBe("204");
  });
});

describe("accounts", () => {
  test("have buckets of their own, which only their own see listed", async () => {
    await done("stranger", "PUT", `/${bucket}-theirs`);
    const ours = (await done("root", "GET", "/")).text;
    const theirs = (await done("bob", "GET", "/")).text;
    expect([ours.includes(`<Name>${bucket}<`), ours.includes("-theirs<")]).toEqual([true, false]);
    expect([theirs.includes(`<Name>${bucket}<`), theirs.includes(`${bucket}-theirs<`)]).toEqual([false, true]);
  });

  test("share the names of buckets, and neither make nor delete each other's", async () => {
    await putPolicy(statement("Deny", "s3:CreateBucket"));
    expect(await outcome("stranger", "PUT", `/${bucket}`)).toBe("409 BucketAlreadyExists");
    expect(await outcome("bob", "DELETE", `/${bucket}`)).toBe("403 AccessDenied");
    expect(await outcome("bob", "PUT", `/${bucket}/a`, { body: "x" })).toBe("403 AccessDenied");
    expect(await outcome("root", "PUT", `/${bucket}`)).toBe("200");
  });

  test("need both sides' word for each other's objects", async () => {
    await putPolicy(statement("Allow", "s3:PutObject", { Principal: { AWS: `arn:aws:iam::${OTHER}:user/bob` } }));
    expect(await outcome("bob", "PUT", `/${bucket}/a`, { body: "x" })).toBe("200");
    expect(await outcome("bob", "GET", `/${bucket}/a`)).toBe("403 AccessDenied");
    const elsewhere = { Condition: { StringNotEquals: { "aws:ResourceAccount": OTHER } } };
    s3.allow("bob", EVERYTHING, { Effect: "Deny", Action: "s3:*", Resource: "*", ...elsewhere });
    expect(await outcome("bob", "PUT", `/${bucket}/a`, { body: "x" })).toBe("403 AccessDenied");
  });
});

describe("permission to", () => {
  test.each([
    ["lock", "PUT", "/a", { "x-amz-object-lock-legal-hold": "ON" }, "s3:PutObjectLegalHold"],
    ["tag", "PUT", "/a", { "x-amz-tagging": "a=b" }, "s3:PutObjectTagging"],
    ["delete a version", "DELETE", "/a?versionId=v", {}, "s3:DeleteObjectVersion"],
    ["pass a lock", "DELETE", "/a", { "x-amz-bypass-governance-retention": "true" }, "s3:BypassGovernanceRetention"],
    ["read a version", "GET", "/a?versionId=v", {}, "s3:GetObjectVersion"],
    ["list versions", "GET", "?versions", {}, "s3:ListBucketVersions"],
  ])("%s is asked for by itself", async (_, method, target, headers, action) => {
    s3.allow("alice", EVERYTHING, { Effect: "Deny", Action: action, Resource: "*" });
    expect(await outcome("alice", method, `/${bucket}${target}`, { headers })).toBe("403 AccessDenied");
    s3.allow("alice", EVERYTHING);
    expect(await outcome("alice", method, `/${bucket}${target}`, { headers })).not.toBe("403 AccessDenied");
  });

  test("pass locks is asked for every key of DeleteObjects", async () => {
    const body = "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>";
    const headers = { "x-amz-bypass-governance-retention": "true" };
    const Resource = `arn:aws:s3:::${bucket}/b`;
    s3.allow("alice", EVERYTHING, { Effect: "Deny", Action: "s3:BypassGovernanceRetention", Resource });
    expect(await outcome("alice", "POST", `/${bucket}?delete`, { body, headers })).toBe("403 AccessDenied");
    expect(await outcome("alice", "POST", `/${bucket}?delete`, { body })).toBe("200");
  });
});
