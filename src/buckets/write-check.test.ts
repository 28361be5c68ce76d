import { describe, expect, test } from "vitest";
import { type NamedPolicy, parsePolicy, unreadablePolicy } from "../identity/index.ts";
import type { Encryption, ServicePrincipal } from "./bucket-store.ts";
import { checkWrite, statementsFor, whyNotPut } from "./write-check.ts";

const TRAIL: ServicePrincipal = {
  service: "cloudtrail.amazonaws.com",
  sourceArn: "arn:aws:cloudtrail:us-east-1:111122223333:trail/main",
  sourceAccount: "111122223333",
};
const PREFIX = "beans/AWSLogs/111122223333/";
const KEY = `${PREFIX}CloudTrail/us-east-1/2026/08/01/a.json.gz`;
const [ACL_CHECK, WRITE] = statementsFor("logs", PREFIX, TRAIL);

type Members = Readonly<Record<string, unknown>>;

function policy(...statements: readonly object[]): NamedPolicy {
  const text = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  return { name: "policy of bucket logs", policy: parsePolicy(text, "resource") };
}

const check = (...statements: readonly object[]) => checkWrite("logs", PREFIX, TRAIL, undefined, policy(...statements));

describe("statementsFor()", () => {
  test("are those that AWS's console makes", () => {
    expect([ACL_CHECK, WRITE]).toEqual([
      {
        Sid: "AWSCloudTrailAclCheck20150319",
        Effect: "Allow",
        Principal: { Service: "cloudtrail.amazonaws.com" },
        Action: "s3:GetBucketAcl",
        Resource: "arn:aws:s3:::logs",
        Condition: { StringEquals: { "aws:SourceArn": TRAIL.sourceArn } },
      },
      {
        Sid: "AWSCloudTrailWrite20150319",
        Effect: "Allow",
        Principal: { Service: "cloudtrail.amazonaws.com" },
        Action: "s3:PutObject",
        Resource: "arn:aws:s3:::logs/beans/AWSLogs/111122223333/*",
        Condition: {
          StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": TRAIL.sourceArn },
        },
      },
    ]);
  });

  test("have another name for an organization's files", () => {
    const [, write] = statementsFor("logs", "AWSLogs/o-exampleorgid/", TRAIL);
    expect([write.Sid, write.Resource]).toEqual([
      "AWSCloudTrailOrganizationWrite20150319",
      "arn:aws:s3:::logs/AWSLogs/o-exampleorgid/*",
    ]);
  });
});

describe("checkWrite()", () => {
  test("misses both statements where there is no policy", () => {
    const answer = checkWrite("logs", PREFIX, TRAIL, undefined, undefined);
    expect(answer).toMatchObject({ allowed: false, missing: [ACL_CHECK, WRITE] });
  });

  test("misses the one that is not there", () => {
    expect(check(WRITE)).toEqual({
      allowed: false,
      why: "s3:GetBucketAcl on arn:aws:s3:::logs is not allowed",
      missing: [ACL_CHECK],
    });
    expect(check(ACL_CHECK)).toMatchObject({ missing: [WRITE] });
  });

  test("is content with what it calls missing", () => {
    expect(check(ACL_CHECK, WRITE)).toEqual({ allowed: true });
  });

  test.each<[string, Members, boolean]>([
    ["the whole bucket", { Resource: "arn:aws:s3:::logs/*" }, true],
    ["every account's files", { Resource: "arn:aws:s3:::logs/beans/AWSLogs/*" }, true],
    ["only log files", { Resource: `arn:aws:s3:::logs/${PREFIX}CloudTrail/*` }, false],
    ["another prefix", { Resource: "arn:aws:s3:::logs/AWSLogs/111122223333/*" }, false],
    ["any trail of the account", { Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } } }, true],
    ["another trail", { Condition: { StringEquals: { "aws:SourceArn": `${TRAIL.sourceArn}2` } } }, false],
    ["whom it likes", { Principal: "*", Condition: {} }, true],
    ["another service", { Principal: { Service: "config.amazonaws.com" } }, false],
  ])("takes a statement that lets write %s", (_, different, allowed) => {
    expect(check(ACL_CHECK, { ...WRITE, ...different }).allowed).toBe(allowed);
  });

  test("names the statement that denies", () => {
    const deny = { Sid: "Closed", Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "arn:aws:s3:::logs/*" };
    expect(check(ACL_CHECK, WRITE, deny)).toMatchObject({
      why: `s3:PutObject on arn:aws:s3:::logs/${PREFIX}* is denied by statement Closed`,
      missing: [WRITE],
    });
  });

  test("is not denied what only goes over TLS", () => {
    const tls = {
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    };
    expect(check(ACL_CHECK, WRITE, tls)).toEqual({ allowed: true });
  });

  test("says when nobody can read the policy", () => {
    const broken = { name: "policy", policy: unreadablePolicy("resource", "{", "not JSON") };
    expect(checkWrite("logs", PREFIX, TRAIL, undefined, broken)).toMatchObject({
      allowed: false,
      why: expect.stringContaining("does not parse"),
    });
  });
});

describe("whyNotPut()", () => {
  const kms: Encryption = { algorithm: "aws:kms", keyId: "arn:aws:kms:us-east-1:111122223333:key/1" };
  const unless = (condition: Members): Members => ({
    Effect: "Deny",
    Principal: "*",
    Action: "s3:PutObject",
    Resource: "arn:aws:s3:::logs/*",
    Condition: condition,
  });
  const encrypted = unless({ StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" } });
  const thisKey = unless({ ArnNotEquals: { "s3:x-amz-server-side-encryption-aws-kms-key-id": kms.keyId } });

  test.each<[string, boolean, readonly object[], Encryption | undefined]>([
    ["nothing is said", false, [], undefined],
    ["the write is allowed", true, [WRITE], undefined],
    ["only another key is allowed", false, [{ ...WRITE, Resource: `arn:aws:s3:::logs/${KEY}2` }], undefined],
    ["only this key is allowed", true, [{ ...WRITE, Resource: `arn:aws:s3:::logs/${KEY}` }], undefined],
    ["all must be encrypted, and it is not", false, [WRITE, encrypted], undefined],
    ["all must be encrypted by KMS, and it is otherwise", false, [WRITE, encrypted], { algorithm: "AES256" }],
    ["all must be encrypted by KMS, and it is", true, [WRITE, encrypted, thisKey], kms],
    ["all must be encrypted with another key", false, [WRITE, thisKey], { ...kms, keyId: `${kms.keyId}2` }],
  ])("asks about the object itself: %s", (_, allowed, statements, encryption) => {
    const found = statements.length === 0 ? undefined : policy(...statements);
    const why = whyNotPut("logs", KEY, TRAIL, encryption, found);
    expect(why === undefined).toBe(allowed);
  });
});
