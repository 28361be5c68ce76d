import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openCatalog, type OperationModel, type Protocol, type ResolvedCall, service } from "../../aws/index.ts";
import { type CapturedBody, describeRequest, describeResponse, type RequestDescription } from "../index.ts";

const PLACE = { account: "123456789012", region: "us-east-1", bucketHosts: [] };

function whole(text: string | Uint8Array): CapturedBody {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  return { bytes, size: bytes.length, whole: true };
}

function iam(name: string): { model: OperationModel; resolved: ResolvedCall } {
  const model = service("iam").operations.get(name);
  if (model === undefined) throw new Error(`no ${name}`);
  return { model, resolved: { operation: name, eventSource: "iam.amazonaws.com", eventName: name, protocol: "query" } };
}

function post(body: string | CapturedBody, headers: Record<string, string[]> = {}) {
  return {
    head: {
      method: "POST",
      path: "/",
      query: "",
      headers: { "content-type": ["application/x-www-form-urlencoded"], ...headers },
    },
    body: typeof body === "string" ? whole(body) : body,
    place: PLACE,
  };
}

describe("describeRequest()", () => {
  test("tells who was made", () => {
    const call = { ...iam("CreateUser"), ...post("Action=CreateUser&Version=2010-05-08&UserName=Mary") };
    expect(describeRequest(call)).toEqual({
      requestParameters: { userName: "Mary" },
      resources: [{ accountId: "123456789012", type: "AWS::IAM::User", ARN: "arn:aws:iam::123456789012:user/Mary" }],
      readOnly: false,
      managementEvent: true,
      eventCategory: "Management",
      additionalEventData: {},
      input: { UserName: "Mary" },
    });
  });

  test("leaves a password out and keeps it for those who evaluate policies", () => {
    const body = "Action=CreateLoginProfile&UserName=Mary&Password=hunter2hunter2";
    const { requestParameters, input } = describeRequest({ ...iam("CreateLoginProfile"), ...post(body) });
    expect(requestParameters).toEqual({ userName: "Mary" });
    expect(input).toMatchObject({ Password: "hunter2hunter2" });
  });

  test("reads a compressed body", () => {
    const body = whole(gzipSync("Action=CreateUser&UserName=Mary"));
    const call = { ...iam("CreateUser"), ...post(body, { "content-encoding": ["gzip"] }) };
    expect(describeRequest(call).requestParameters).toEqual({ userName: "Mary" });
  });

  test("does not inflate a bomb", () => {
    const body = whole(gzipSync(Buffer.alloc(17 * 1024 * 1024)));
    const call = { ...iam("CreateUser"), ...post(body, { "content-encoding": ["gzip"] }) };
    const { requestParameters, additionalEventData } = describeRequest(call);
    expect(requestParameters).toBeNull();
    expect(additionalEventData).toHaveProperty("unparsed");
  });

  test("says why a body could not be read", () => {
    const call = { ...iam("CreateUser"), ...post("UserName=%FF&UserName=b") };
    const { requestParameters, additionalEventData, input } = describeRequest(call);
    expect([requestParameters, input]).toEqual([null, {}]);
    expect(additionalEventData).toEqual({ unparsed: "A parameter is not percent-encoded UTF-8 (in UserName)" });
  });

  test.each([
    ["Action=CreateUser&UserName=Mary&Tags.member.x.Key=a&Path=/", "x is not a valid index (in Tags)"],
    ["Action=CreateUser&UserName=Mary&Path=/&Junk=%FF", "A parameter is not percent-encoded UTF-8 (in Junk)"],
  ])("reads the others where one member of %s cannot be read", (form, unparsed) => {
    const described = describeRequest({ ...iam("CreateUser"), ...post(form) });
    expect(described).toMatchObject({
      requestParameters: { userName: "Mary", path: "/" },
      additionalEventData: { unparsed },
      resources: [{ ARN: "arn:aws:iam::123456789012:user/Mary" }],
      // Nobody is to be let through for the half that could be read.
      targets: [],
    });
  });

  test.each([
    ["[]", null, "Start of list found where not expected"],
    ["null", null, "Expected a structure"],
    ['"text"', null, "Expected a structure"],
    ['{"Name":"trail","S3BucketName":5}', { name: "trail" }, /S3BucketName/],
    ['{"Name":"trail","S3BucketName"', null, "The body is not JSON"],
  ])("tells of the JSON %s what can be read of it, and why not all", (body, requestParameters, unparsed) => {
    const model = service("cloudtrail").operations.get("CreateTrail");
    if (model === undefined) throw new Error("no CreateTrail");
    const eventSource = "cloudtrail.amazonaws.com";
    const resolved = { operation: "CreateTrail", eventSource, eventName: "CreateTrail", protocol: "json-1.1" as const };
    const described = describeRequest({ model, resolved, ...post(body) });
    expect(described.requestParameters).toEqual(requestParameters);
    expect(described.additionalEventData["unparsed"]).toMatch(unparsed);
  });

  test("names a body that was too large to be kept by its hash", () => {
    const body = { bytes: Buffer.from("Action=CreateUser&User"), size: 1_000_000, whole: false, sha256: "ab" };
    expect(describeRequest({ ...iam("CreateUser"), ...post(body) }).requestParameters).toEqual({
      omitted: true,
      originalSize: 1_000_000,
      reason: "requestParameters too large",
      sha256: "ab",
    });
  });

  test("tells the parameters of an operation that nobody knows, without its secrets", () => {
    const resolved: ResolvedCall = {
      eventSource: "iam.amazonaws.com",
      eventName: "InventUser",
      protocol: "query",
    };
    const body =
      "Action=InventUser&Version=1&UserName=Mary&NewPassword=s&Tags.member.1.Key=db_password&Tags.member.1.Value=s";
    expect(describeRequest({ resolved, ...post(body) }).requestParameters).toEqual({
      userName: "Mary",
      newPassword: "HIDDEN_DUE_TO_SECURITY_REASONS",
      "tags.member.1.Key": "db_password",
      "tags.member.1.Value": "HIDDEN_DUE_TO_SECURITY_REASONS",
    });
  });
});

const catalog = openCatalog();

function known(id: string, name: string, protocol: Protocol): { model: OperationModel; resolved: ResolvedCall } {
  const service = catalog.service(id);
  const model = catalog.model(id)?.operations.get(name);
  if (service === undefined || model === undefined) throw new Error(`no ${id} ${name}`);
  const { eventSource } = service;
  return { model, resolved: { service, operation: name, eventSource, eventName: name, protocol } };
}

describe("describeRequest() of REST calls", () => {
  const head = { method: "PUT", path: "/a/b", query: "", headers: { host: ["10.0.0.1:4580"] } };
  const tagging = known("s3", "PutObjectTagging", "rest-xml");
  const xml = whole("<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>");

  test.each([
    ["in the path", "/bucket/a%20b/c", "10.0.0.1:4580"],
    ["in the host", "/a%20b/c", "bucket.s3.example.org"],
  ])("finds the bucket %s", (_, path, host) => {
    const place = { ...PLACE, bucketHosts: ["s3.example.org"] };
    const call = { ...tagging, head: { ...head, path, query: "tagging", headers: { host: [host] } }, body: xml, place };
    expect(describeRequest(call).input).toMatchObject({ Bucket: "bucket", Key: "a b/c" });
  });

  test("forgives the slash after a bucket", () => {
    const call = { ...known("s3", "CreateBucket", "rest-xml"), head: { ...head, path: "/bucket/" }, place: PLACE };
    expect(describeRequest({ ...call, body: whole("") }).input).toEqual({ Bucket: "bucket" });
  });

  test("tells what stands beside a body that is broken", () => {
    const described = describeRequest({
      ...tagging,
      head: { ...head, query: "tagging" },
      body: whole("<Tagging>"),
      place: PLACE,
    });
    expect(described.input).toEqual({ Bucket: "a", Key: "b" });
    expect(described.additionalEventData).toMatchObject({ unparsed: "The body is not XML: an element is not closed" });
  });

  test("tells what stands beside a body that was cut", () => {
    const body = { bytes: Buffer.from("<Tag"), size: 1e6, whole: false, sha256: "ab" };
    const described = describeRequest({ ...tagging, head: { ...head, query: "tagging" }, body, place: PLACE });
    expect(described.input).toEqual({ Bucket: "a", Key: "b" });
    expect(described.additionalEventData).toEqual({ bytesTransferredIn: 1_000_000 });
  });

  test("does not care how much of an object was kept", () => {
    const body = { bytes: Buffer.from("abc"), size: 1e10, whole: false, sha256: "ab" };
    const call = {
      ...known("s3", "PutObject", "rest-xml"),
      head: { ...head, headers: { ...head.headers, "content-encoding": ["gzip"] } },
      body,
      place: PLACE,
    };
    const described = describeRequest(call);
    expect(described.input).toEqual({ Bucket: "a", Key: "b", ContentEncoding: "gzip" });
    expect([described.eventCategory, described.managementEvent, described.readOnly]).toEqual(["Data", false, false]);
    expect(described.additionalEventData).toEqual({ bytesTransferredIn: 10_000_000_000 });
  });

  test("tells nothing of a broken body of JSON but why", () => {
    const call = { ...known("dynamodb", "CreateTable", "json-1.0"), head: { ...head, path: "/" }, place: PLACE };
    expect(describeRequest({ ...call, body: whole('{"TableName":7}') })).toMatchObject({
      requestParameters: null,
      apiVersion: "2012-08-10",
      additionalEventData: { unparsed: "NUMBER_VALUE can not be converted to a String (in TableName)" },
    });
  });
});

const REQUEST: RequestDescription = {
  requestParameters: null,
  resources: [],
  readOnly: false,
  managementEvent: true,
  eventCategory: "Management",
  additionalEventData: {},
};

function answer(status: number, body: string, headers: Record<string, string[]> = {}) {
  return { request: REQUEST, response: { status, headers, body: whole(body) }, place: PLACE };
}

describe("describeResponse()", () => {
  test("tells a new key without its secret", () => {
    const xml = `<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey><UserName>Mary</UserName>
      <AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey></AccessKey>
      </CreateAccessKeyResult><ResponseMetadata><RequestId>7a-1</RequestId></ResponseMetadata></CreateAccessKeyResponse>`;
    const description = describeResponse({ ...iam("CreateAccessKey"), ...answer(200, xml) });
    expect(description).toMatchObject({
      responseElements: { accessKey: { userName: "Mary", accessKeyId: "AKIAIOSFODNN7EXAMPLE" } },
      requestID: "7a-1",
      output: { AccessKey: { SecretAccessKey: "secret" } },
    });
    expect(JSON.stringify(description.responseElements)).not.toContain("secret");
  });

  test("answers null for what only reads", () => {
    const call = { ...iam("GetUser"), ...answer(200, "<GetUserResponse/>") };
    expect(describeResponse({ ...call, request: { ...REQUEST, readOnly: true } }).responseElements).toBeNull();
  });

  test.each([
    [
      "the service's own error",
      404,
      "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no Mary</Message></Error></ErrorResponse>",
      "NoSuchEntity",
      "no Mary",
    ],
    [
      "a proxy's page",
      502,
      "<html><head><title>502 Bad Gateway</title></head></html>",
      "BadGateway",
      "502 Bad Gateway",
    ],
    ["nothing", 503, "", "ServiceUnavailable", undefined],
    [
      "another protocol's error",
      400,
      '{"__type":"com.x#ValidationException","message":"m"}',
      "ValidationException",
      "m",
    ],
  ])("tells %s", (_, status, body, errorCode, errorMessage) => {
    const description = describeResponse({
      ...iam("GetUser"),
      ...answer(status, body, { "x-amzn-requestid": ["id"] }),
    });
    expect(description).toMatchObject({ errorCode, requestID: "id", responseElements: null });
    expect(description.errorMessage).toBe(errorMessage);
  });

  test("takes not modified for an answer, and a redirection for a refusal", () => {
    const head = known("s3", "GetObject", "rest-xml");
    expect(describeResponse({ ...head, ...answer(304, "") }).errorCode).toBeUndefined();
    expect(describeResponse({ ...head, ...answer(301, "") }).errorCode).toBe("PermanentRedirect");
  });

  test("finds the error in a copy that failed after it had said 200", () => {
    const body =
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InternalError</Code><Message>m</Message></Error>';
    const described = describeResponse({ ...known("s3", "CopyObject", "rest-xml"), ...answer(200, body) });
    expect(described).toMatchObject({ errorCode: "InternalError", errorMessage: "m", responseElements: null });
  });

  test("does not look into an object", () => {
    const call = known("s3", "GetObject", "rest-xml");
    const headers = { "content-encoding": ["gzip"], "x-amz-request-id": ["R"] };
    const response = { status: 200, headers, body: whole("not gzip at all") };
    const described = describeResponse({ ...call, request: { ...REQUEST, readOnly: true }, response, place: PLACE });
    expect(described).toEqual({
      responseElements: null,
      requestID: "R",
      resources: [],
      additionalEventData: { bytesTransferredOut: 15 },
    });
  });

  test("names an answer that was too large to be kept by its hash", () => {
    const body = { bytes: Buffer.from("{"), size: 5e6, whole: false, sha256: "cd" };
    const call = { ...known("dynamodb", "CreateTable", "json-1.0"), request: REQUEST, place: PLACE };
    expect(describeResponse({ ...call, response: { status: 200, headers: {}, body } }).responseElements).toEqual({
      omitted: true,
      originalSize: 5_000_000,
      reason: "responseElements too large",
      sha256: "cd",
    });
  });

  test("shows who became whom without the secrets of the session", () => {
    const xml = `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s1</SecretAccessKey>
      <SessionToken>s2</SessionToken><Expiration>2026-11-20T10:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
    const call = { ...known("sts", "AssumeRole", "query"), ...answer(200, xml) };
    const described = describeResponse({ ...call, request: { ...REQUEST, readOnly: true } });
    expect(described.responseElements).toEqual({
      credentials: { accessKeyId: "ASIA1", expiration: "Nov 20, 2026, 10:00:00 AM" },
    });
    expect(described.output).toMatchObject({ Credentials: { SessionToken: "s2" } });
  });

  test("gives what a database answers without its name around it", () => {
    const xml = `<DeleteDBInstanceResponse><DeleteDBInstanceResult><DBInstance><DBInstanceIdentifier>d</DBInstanceIdentifier></DBInstance>
      </DeleteDBInstanceResult></DeleteDBInstanceResponse>`;
    const call = { ...known("rds", "DeleteDBInstance", "query"), ...answer(200, xml) };
    expect(describeResponse(call).responseElements).toEqual({ dBInstanceIdentifier: "d" });
  });
});
