import { existsSync, globSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AuditRecord } from "./audit-record.ts";
import { lookupEntry, lookupResources, lookupScope, lookupUsername } from "./lookup-keys.ts";

const createUser = {
  eventVersion: "1.11",
  userIdentity: {
    type: "IAMUser",
    principalId: "AIDAEXAMPLEJOHN",
    arn: "arn:aws:iam::123456789012:user/John",
    accountId: "123456789012",
    accessKeyId: "AKIAEXAMPLE",
    userName: "John",
  },
  eventTime: "2026-11-20T10:00:00Z",
  eventSource: "iam.amazonaws.com",
  eventName: "CreateUser",
  awsRegion: "us-east-1",
  sourceIPAddress: "192.0.2.7",
  requestParameters: { userName: "Mary" },
  responseElements: {
    user: { userName: "Mary", userId: "AIDAEXAMPLEMARY", arn: "arn:aws:iam::123456789012:user/Mary" },
  },
  eventID: "6f2a8f1e-0000-4000-8000-000000000001",
  readOnly: false,
  eventType: "AwsApiCall",
  managementEvent: true,
  recipientAccountId: "123456789012",
  eventCategory: "Management",
} satisfies AuditRecord;

/** A record whose members are whatever somebody put there. */
const odd = (members: Readonly<Record<string, unknown>>): AuditRecord =>
  ({ ...createUser, ...members }) as unknown as AuditRecord;

describe("lookupEntry()", () => {
  test("lookupEntry() finds the story's event by all eight attributes", () => {
    expect(lookupEntry(createUser)).toEqual({
      scope: "123456789012|us-east-1|management",
      timeMs: Date.parse("2026-11-20T10:00:00Z"),
      attributes: [
        ["EventId", "6f2a8f1e-0000-4000-8000-000000000001"],
        ["EventName", "CreateUser"],
        ["ReadOnly", "false"],
        ["Username", "John"],
        ["EventSource", "iam.amazonaws.com"],
        ["AccessKeyId", "AKIAEXAMPLE"],
        ["ResourceType", "AWS::IAM::User"],
        ["ResourceName", "Mary"],
        ["ResourceType", "AWS::IAM::User"],
        ["ResourceName", "arn:aws:iam::123456789012:user/Mary"],
        ["ResourceType", "AWS::IAM::User"],
        ["ResourceName", "AIDAEXAMPLEMARY"],
      ],
    });
  });

  test.each([
    ["network activity events", { eventCategory: "NetworkActivity" }],
    ["a category that is no text", { eventCategory: 7 }],
    ["a record without a time", { eventTime: undefined }],
    ["a time that is no time", { eventTime: "yesterday-ish" }],
    ["a time before 1970", { eventTime: "-000100-01-01T00:00:00Z" }],
    ["a year of five digits", { eventTime: "+012026-01-01T00:00:00Z" }],
    ["a region that is no text", { awsRegion: ["us-east-1"] }],
    ["a record of no account", { recipientAccountId: null, userIdentity: { type: "AWSService" } }],
  ])("lookupEntry() passes over %s", (_, members) => {
    expect(lookupEntry(odd(members))).toBeUndefined();
  });

  test.each([
    ["a value longer than anybody can ask for", { eventName: "x".repeat(2001) }, "EventName"],
    ["an empty access key", { userIdentity: { type: "IAMUser", accessKeyId: "" } }, "AccessKeyId"],
    ["a readOnly that is text", { readOnly: "true" }, "ReadOnly"],
    ["a userIdentity that is null", { userIdentity: null }, "Username"],
    ["a userIdentity that is text", { userIdentity: "John" }, "Username"],
  ])("lookupEntry() leaves out %s and keeps the rest", (_, members, absent) => {
    const names = lookupEntry(odd(members))?.attributes.map(([name]) => name);
    expect(names).toContain("EventId");
    expect(names).not.toContain(absent);
  });

  test("lookupEntry() keeps Insights events apart", () => {
    expect(lookupEntry(odd({ eventCategory: "Insight" }))?.scope).toBe(
      lookupScope("123456789012", "us-east-1", "Insight"),
    );
  });

  test("lookupEntry() never throws, whatever JSON a record is made of", () => {
    const names = ["eventTime", "resources", "userIdentity", "requestParameters", "responseElements", "eventSource"];
    const records = fc.dictionary(fc.constantFrom(...names, "__proto__", "constructor"), fc.jsonValue());
    fc.assert(
      fc.property(records, fc.constantFrom("iam", "ec2", "sts", "cloudtrail"), (hostile, service) => {
        const members = JSON.parse(JSON.stringify(hostile)) as object;
        const entry = lookupEntry(odd({ ...members, eventSource: `${service}.amazonaws.com` }));
        for (const [, value] of entry?.attributes ?? []) expect(value).toBeTypeOf("string");
      }),
    );
  });
});

describe("lookupUsername()", () => {
  test.each([
    ["root", { type: "Root", userName: "alias" }, "root"],
    ["an IAM user's name", { type: "IAMUser", userName: "John" }, "John"],
    ["a role's session name", { type: "AssumedRole", principalId: "AROAEXAMPLE:deploy" }, "deploy"],
    ["a federated user's name", { type: "FederatedUser", principalId: "123456789012:guest" }, "guest"],
    ["a session's name in its ARN", { type: "AssumedRole", arn: "arn:aws:sts::123456789012:assumed-role/R/s" }, "s"],
    ["nobody's", { type: "AssumedRole", arn: "arn:aws:sts::123456789012:assumed-role/R/" }, undefined],
    ["a web identity's", { type: "WebIdentityUser", principalId: "idp:app:mary", userName: "mary" }, "mary"],
    ["nothing for a service", { type: "AWSService", invokedBy: "ec2.amazonaws.com" }, undefined],
  ])("lookupUsername() answers %s", (_, userIdentity, expected) => {
    expect(lookupUsername(odd({ userIdentity }))).toBe(expected);
  });
});

describe("lookupResources()", () => {
  const role = "arn:aws:iam::123456789012:role/R";
  const session = "arn:aws:sts::123456789012:assumed-role/R/s";
  test.each([
    [
      "AssumeRole",
      {
        eventSource: "sts.amazonaws.com",
        requestParameters: { roleArn: role, roleSessionName: "s" },
        responseElements: {
          credentials: { accessKeyId: "ASIAEXAMPLE", sessionToken: "t" },
          assumedRoleUser: { assumedRoleId: "AROAEXAMPLE:s", arn: session },
        },
        resources: [{ accountId: "123456789012", type: "AWS::IAM::Role", ARN: role }],
      },
      [
        ["AWS::IAM::Role", role],
        ["AWS::IAM::AccessKey", "ASIAEXAMPLE"],
        ["AWS::STS::AssumedRole", session],
        ["AWS::STS::AssumedRole", "AROAEXAMPLE:s"],
        ["AWS::STS::AssumedRole", "s"],
      ],
    ],
    [
      "AttachUserPolicy",
      { requestParameters: { userName: "Mary", policyArn: "arn:aws:iam::aws:policy/P" }, responseElements: null },
      [
        ["AWS::IAM::User", "Mary"],
        ["AWS::IAM::Policy", "arn:aws:iam::aws:policy/P"],
      ],
    ],
    [
      "StopInstances",
      {
        eventSource: "ec2.amazonaws.com",
        requestParameters: { instancesSet: { items: [{ instanceId: "i-1" }, { instanceId: "i-2" }, null, "i-3"] } },
        responseElements: { instancesSet: { items: [{ instanceId: "i-1" }] } },
      },
      [
        ["AWS::EC2::Instance", "i-1"],
        ["AWS::EC2::Instance", "i-2"],
      ],
    ],
    [
      "StopLogging",
      { eventSource: "cloudtrail.amazonaws.com", eventName: "StopLogging", requestParameters: { name: "T" } },
      [["AWS::CloudTrail::Trail", "T"]],
    ],
    [
      "a call whose name is not a trail's",
      { eventSource: "cloudtrail.amazonaws.com", eventName: "CreateEventDataStore", requestParameters: { name: "E" } },
      [],
    ],
    [
      "an S3 list",
      { eventSource: "s3.amazonaws.com", requestParameters: null, resources: [{ ARNPrefix: "arn:aws:s3:::b/" }] },
      [[undefined, "arn:aws:s3:::b/"]],
    ],
    ["a source without a table", { eventSource: "constructor", requestParameters: { userName: "Mary" } }, []],
  ])("lookupResources() names what %s was about", (_, members, expected) => {
    const found = lookupResources(odd({ responseElements: null, ...members }));
    expect(found.map(({ ResourceType, ResourceName }) => [ResourceType, ResourceName])).toEqual(expected);
  });

  test("lookupResources() answers at most a hundred", () => {
    const resources = Array.from({ length: 5000 }, (_, index) => ({ ARN: `arn:aws:s3:::b${index}` }));
    expect(lookupResources(odd({ resources }))).toHaveLength(100);
  });
});

const invictus = new URL("../../../shared/data/records/invictus/", import.meta.url).pathname;
test.skipIf(!existsSync(invictus))(
  "lookupEntry() finds every management event of ../shared/data/records/invictus (skipped where that is absent)",
  () => {
    const records = globSync(`${invictus}**/*.json.gz`).flatMap(
      (path) => (JSON.parse(gunzipSync(readFileSync(path)).toString()) as { Records: AuditRecord[] }).Records,
    );
    const management = records.filter(({ eventCategory }) => eventCategory === "Management");
    expect(management.length).toBeGreaterThan(1000);
    for (const record of management) {
      const entry = lookupEntry(record);
      expect(entry?.attributes).toContainEqual(["EventId", record.eventID]);
      expect(entry?.timeMs).toBe(Date.parse(record.eventTime));
    }
  },
);
