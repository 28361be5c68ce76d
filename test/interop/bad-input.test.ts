import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Boto3, RawRequest } from "./boto3-client.ts";
import type { Parameters, ServiceName } from "./client.ts";
import { BOTO3_MISSING, whySkipped } from "./clients.ts";
import { jsClient } from "./js-client.ts";
import { errorOf, Run } from "./run.ts";
import { checkWholeJournal } from "./whole-journal.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
const IAM_VERSION = "2010-05-08";
const LONG = "x".repeat(65);
const TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";
const json = (operation: string): Record<string, string> => ({
  "content-type": "application/x-amz-json-1.1",
  "x-amz-target": `${TARGET}.${operation}`,
});

const changingPassword = (lastMember: string): string =>
  `Action=UpdateLoginProfile&Version=${IAM_VERSION}&UserName=Eve&${lastMember}=`;

/** What a client sends unchecked, and the one text that tells what is wrong with it. */
const INVALID: readonly (readonly [
  what: string,
  service: ServiceName,
  operation: string,
  parameters: Parameters,
  code: string,
  message: string,
])[] = [
  [
    "a missing parameter",
    "iam",
    "CreateUser",
    {},
    "ValidationError",
    "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null",
  ],
  [
    "a name that is too long",
    "iam",
    "CreateUser",
    { UserName: LONG },
    "ValidationError",
    `1 validation error detected: Value '${LONG}' at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64`,
  ],
  [
    "a name with a letter that names do not have",
    "iam",
    "CreateUser",
    { UserName: "Mary Ann" },
    "ValidationError",
    "1 validation error detected: Value 'Mary Ann' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
  ],
  [
    "a word that is none of the enumeration",
    "iam",
    "UpdateAccessKey",
    { AccessKeyId: "AKIAZZZZZZZZZZZZZZZZ", Status: "Sleeping" },
    "ValidationError",
    "1 validation error detected: Value 'Sleeping' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive, Expired]",
  ],
  [
    "two mistakes at once",
    "iam",
    "CreateGroup",
    { GroupName: "a b", Path: "shop" },
    "ValidationError",
    "2 validation errors detected: Value 'shop' at 'path' failed to satisfy constraint: Member must satisfy regular expression pattern: (\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F); Value 'a b' at 'groupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
  ],
  [
    "a number that is too large",
    "iam",
    "ListUsers",
    { MaxItems: 1001 },
    "ValidationError",
    "1 validation error detected: Value '1001' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000",
  ],
  [
    "a session that is too short",
    "sts",
    "GetSessionToken",
    { DurationSeconds: 899 },
    "ValidationError",
    "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
  ],
  [
    "a missing parameter",
    "cloudtrail",
    "CreateChannel",
    { Name: "shop", Source: "Custom" },
    "ValidationException",
    "1 validation error detected: Value null at 'destinations' failed to satisfy constraint: Member must not be null",
  ],
  [
    "a name that is too long",
    "cloudtrail",
    "CreateChannel",
    { Name: "x".repeat(129), Source: "Custom", Destinations: [{ Type: "EVENT_DATA_STORE", Location: "abc" }] },
    "ValidationException",
    `1 validation error detected: Value '${"x".repeat(129)}' at 'name' failed to satisfy constraint: Member must have length less than or equal to 128`,
  ],
  [
    "a word that is none of the enumeration, in a list",
    "cloudtrail",
    "CreateChannel",
    { Name: "shop", Source: "Custom", Destinations: [{ Type: "MOON", Location: "abc" }] },
    "ValidationException",
    "1 validation error detected: Value 'MOON' at 'destinations.1.member.type' failed to satisfy constraint: Member must satisfy enum value set: [EVENT_DATA_STORE, AWS_SERVICE]",
  ],
  [
    "a text that does not match",
    "cloudtrail",
    "GetQueryResults",
    { QueryId: "Z".repeat(36) },
    "ValidationException",
    `1 validation error detected: Value '${"Z".repeat(36)}' at 'queryId' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-f0-9\\-]+$`,
  ],
];

/** Requests that no client makes, what is answered, and what the record calls them. */
const STRANGE: readonly (readonly [
  what: string,
  request: Omit<RawRequest, "credentials"> & { readonly unsigned?: true },
  status: number,
  code: string,
  eventSource: string,
  eventName: string,
])[] = [
  [
    "an unknown action",
    { service: "iam", headers: FORM, body: `Action=FrobnicateUser&Version=${IAM_VERSION}` },
    400,
    "InvalidAction",
    "iam.amazonaws.com",
    "FrobnicateUser",
  ],
  [
    "an unknown target",
    { service: "cloudtrail", headers: json("Frobnicate"), body: "{}" },
    400,
    "UnknownOperationException",
    "cloudtrail.amazonaws.com",
    "Frobnicate",
  ],
  [
    "JSON that is cut off",
    { service: "cloudtrail", headers: json("LookupEvents"), body: '{"MaxResults": 1' },
    400,
    "SerializationException",
    "cloudtrail.amazonaws.com",
    "LookupEvents",
  ],
  [
    "a number where a list must be",
    { service: "cloudtrail", headers: json("LookupEvents"), body: '{"LookupAttributes": 1}' },
    400,
    "SerializationException",
    "cloudtrail.amazonaws.com",
    "LookupEvents",
  ],
  [
    "a word where a number must be",
    { service: "iam", headers: FORM, body: `Action=ListUsers&Version=${IAM_VERSION}&MaxItems=many` },
    400,
    "MalformedInput",
    "iam.amazonaws.com",
    "ListUsers",
  ],
  [
    "a service that is not here",
    { service: "glacier" as ServiceName, method: "GET", path: "/bucket/key" },
    404,
    "UnknownOperationException",
    "glacier.amazonaws.com",
    "UnknownOperation",
  ],
  [
    "no signature",
    { service: "iam", unsigned: true, headers: FORM, body: `Action=ListUsers&Version=${IAM_VERSION}` },
    403,
    "MissingAuthenticationToken",
    "iam.amazonaws.com",
    "ListUsers",
  ],
  [
    "no signature in JSON",
    { service: "cloudtrail", unsigned: true, headers: json("LookupEvents"), body: "{}" },
    400,
    "MissingAuthenticationTokenException",
    "cloudtrail.amazonaws.com",
    "LookupEvents",
  ],
];

describe.skipIf(BOTO3_MISSING !== undefined)(`bad input through boto3${whySkipped(BOTO3_MISSING)}`, () => {
  let run: Run;
  let boto3: Boto3;

  beforeAll(async () => {
    run = await Run.start();
    boto3 = run.boto3();
  });
  afterAll(() => run.stop());

  test.each(INVALID)("%s in %s %s %j", async (_, service, operation, parameters, code, message) => {
    const answer = await run.boto3Call(boto3, service, operation, parameters, { validate: false });
    const error = errorOf(answer);
    expect(error).toMatchObject({ code, status: 400 });
    expect(error.message).toBe(message);
    const { record } = await run.recordOf(answer.requestId);
    expect(record).toMatchObject({
      eventName: operation,
      userIdentity: { type: "Root" },
      errorCode: code,
      errorMessage: error.message,
      responseElements: null,
    });
  });

  test.each(INVALID.filter(([, service]) => service !== "sts"))(
    "the SDK for JavaScript is told the same: %s in %s %s %j",
    async (what, service, operation, parameters, code) => {
      const client = jsClient(run.server.endpoint);
      const theirs = errorOf(await run.boto3Call(boto3, service, operation, parameters, { validate: false }));
      const ours = errorOf(await run.call(client, service, operation, parameters));
      expect([what, ours.code, ours.message, ours.status]).toEqual([what, code, theirs.message, 400]);
    },
  );

  test.each(STRANGE)("%s", async (_, request, status, code, eventSource, eventName) => {
    const { unsigned, ...rest } = request;
    const answer = await run.raw(boto3, { ...rest, credentials: unsigned === true ? null : run.root });
    expect([answer.status, answer.body]).toEqual([status, expect.stringContaining(code)]);
    const { record } = await run.recordOf(answer.requestId);
    expect(record).toMatchObject({ eventSource, eventName, errorCode: code, responseElements: null });
    expect(record.userIdentity.type).toBe(unsigned === true ? "Unknown" : "Root");
  });

  test("a Region that nobody has proven does not hide the record", async () => {
    const credentials = { ...run.root, secretAccessKey: "w".repeat(40) };
    const body = "Action=GetCallerIdentity&Version=2011-06-15";
    const answer = await run.raw(boto3, { service: "sts", region: "at|lantis", headers: FORM, body, credentials });
    expect([answer.status, answer.body]).toEqual([403, expect.stringContaining("SignatureDoesNotMatch")]);
    expect((await run.recordOf(answer.requestId)).record.awsRegion).toBe("us-east-1");
  });

  test("a presigned request is answered, and its query is not in the log", async () => {
    const path = "/?Action=GetCallerIdentity&Version=2011-06-15";
    const request = { service: "sts", method: "GET", path, presign: true } as const;
    const good = await run.raw(boto3, { ...request, credentials: run.root });
    expect(good.signatures).toHaveLength(1);
    expect([good.status, good.body]).toEqual([200, expect.stringContaining(":root</Arn>")]);
    const wrong = { ...run.root, secretAccessKey: "z".repeat(40) };
    const bad = await run.raw(boto3, { ...request, credentials: wrong });
    expect([bad.status, bad.body]).toEqual([403, expect.stringContaining("SignatureDoesNotMatch")]);
    for (const { requestId } of [good, bad]) {
      expect((await run.recordOf(requestId)).record).toMatchObject({
        eventName: "GetCallerIdentity",
        requestParameters: null,
      });
    }
  });

  test.each<[string, Partial<RawRequest>]>([
    [
      "in the query",
      { method: "GET", path: `/?Action=CreateLoginProfile&Version=${IAM_VERSION}&UserName=Eve&Password=` },
    ],
    ["of an unknown action", { headers: FORM, body: `Action=FrobnicateLogin&Version=${IAM_VERSION}&Password=` }],
    ["of an unknown version", { headers: FORM, body: "Action=CreateLoginProfile&Version=1999-01-01&Password=" }],
    ["where a flag must be", { headers: FORM, body: changingPassword("PasswordResetRequired") }],
    ["that is too long", { headers: FORM, body: `${changingPassword("Password")}${"x".repeat(128)}` }],
    ["as a misspelt member", { headers: FORM, body: changingPassword("Passwort") }],
    ["in JSON that is cut off", { service: "cloudtrail", headers: json("LookupEvents"), body: '{"Password":"' }],
  ])("a password %s is not in the log", async (_, { path = "/", body = "", ...request }) => {
    const password = "Geheim-Geheim-7";
    run.secrets.add(password);
    const where = body === "" ? { path: `${path}${password}` } : { body: `${body}${password}` };
    const answer = await run.raw(boto3, { service: "iam", credentials: run.root, ...request, ...where });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    const { json: record } = await run.recordOf(answer.requestId);
    expect(record).not.toContain(password);
  });

  test("every record keeps the rules, and no secret is in the log", async () => {
    expect(await checkWholeJournal(run)).toBeGreaterThan(2 * INVALID.length + STRANGE.length);
  });
});
