import { describe, expect, test } from "vitest";
import { neededStatements, type PolicyOwner, reportPolicy, type Statement } from "./doctor-policy.ts";

const OWNER: PolicyOwner = {
  bucket: "logs",
  prefix: "beans/",
  account: "111122223333",
  trailArn: "arn:aws:cloudtrail:us-east-1:111122223333:trail/main",
};
const [ASK_ACL, WRITE] = neededStatements(OWNER) as [Statement, Statement];
const WHOLE = { Version: "2012-10-17", Statement: [ASK_ACL, WRITE] };

type Members = Readonly<Record<string, unknown>>;

const missing = (...statements: readonly unknown[]): readonly string[] =>
  reportPolicy(OWNER, JSON.stringify({ Version: "2012-10-17", Statement: statements })).missing.map(({ Sid }) => Sid);

describe("neededStatements()", () => {
  test("name the bucket, the trail's own folder and the trail", () => {
    expect(ASK_ACL).toMatchObject({ Action: "s3:GetBucketAcl", Resource: "arn:aws:s3:::logs" });
    expect(WRITE).toEqual({
      Sid: "AWSCloudTrailWrite20150319",
      Effect: "Allow",
      Principal: { Service: "cloudtrail.amazonaws.com" },
      Action: "s3:PutObject",
      Resource: "arn:aws:s3:::logs/beans/AWSLogs/111122223333/*",
      Condition: { StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": OWNER.trailArn } },
    });
  });
});

describe("reportPolicy()", () => {
  test.each([
    ["there is none", undefined],
    ["it is not JSON", "{"],
    ["it is no object", "[]"],
  ])("misses everything when %s", (_, text) => {
    expect(reportPolicy(OWNER, text)).toEqual({ missing: [ASK_ACL, WRITE], document: WHOLE });
  });

  test("misses nothing of what it would paste", () => {
    expect(reportPolicy(OWNER, JSON.stringify(WHOLE))).toEqual({ missing: [], document: WHOLE });
  });

  test("adds what is missing to what is there", () => {
    const own = { Sid: "Readers", Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "*" };
    const text = JSON.stringify({ Version: "2012-10-17", Id: "mine", Statement: own });
    expect(reportPolicy(OWNER, text).document).toEqual({
      Version: "2012-10-17",
      Id: "mine",
      Statement: [own, ASK_ACL, WRITE],
    });
  });

  test.each<[string, Members]>([
    ["everybody", { Principal: "*" }],
    ["everybody, in the other way", { Principal: { AWS: ["*"] } }],
    ["several services", { Principal: { Service: ["config.amazonaws.com", "cloudtrail.amazonaws.com"] } }],
    ["all actions", { Action: ["s3:Get*", "S3:Put*"] }],
    ["the whole bucket", { Resource: ["arn:aws:s3:::other/*", "arn:aws:s3:::logs/*"] }],
    ["a pattern with a single sign", { Resource: "arn:aws:s3:::log?/*AWSLogs/*/*" }],
    ["no conditions", { Condition: undefined }],
    ["any trail of the account", { Condition: { StringEquals: { "AWS:SourceAccount": ["1", "111122223333"] } } }],
    [
      "trails of a pattern",
      { Condition: { ArnLike: { "aws:SourceArn": "arn:aws:cloudtrail:*:111122223333:trail/*" } } },
    ],
    ["if there is a key", { Condition: { StringEqualsIfExists: { "aws:SourceArn": OWNER.trailArn } } }],
  ])("takes a statement for %s", (_, different) => {
    expect(missing(ASK_ACL, { ...WRITE, ...different })).toEqual([]);
  });

  test.each<[string, Members]>([
    ["a denial", { Effect: "Deny" }],
    ["another service", { Principal: { Service: "config.amazonaws.com" } }],
    ["an account", { Principal: { AWS: "111122223333" } }],
    ["all but somebody", { Principal: undefined, NotPrincipal: { AWS: "111122223333" } }],
    ["another action", { Action: "s3:GetObject" }],
    ["another folder", { Resource: "arn:aws:s3:::logs/AWSLogs/111122223333/*" }],
    ["only some files", { Resource: `${WRITE.Resource}.gz` }],
    ["another trail", { Condition: { StringEquals: { "aws:SourceArn": `${OWNER.trailArn}2` } } }],
    ["a key nobody knows here", { Condition: { StringEquals: { "aws:SourceIp": "192.0.2.1" } } }],
    ["an operator nobody knows here", { Condition: { StringNotEquals: { "aws:SourceArn": "x" } } }],
    ["conditions that are none", { Condition: "always" }],
  ])("does not take a statement for %s", (_, different) => {
    expect(missing(ASK_ACL, { ...WRITE, ...different })).toEqual([WRITE.Sid]);
  });

  test("is not kept busy by a pattern", () => {
    expect(missing(ASK_ACL, { ...WRITE, Resource: `${"*a".repeat(20_000)}b` })).toEqual([WRITE.Sid]);
  });
});
