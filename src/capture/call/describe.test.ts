import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type OperationModel, type ResolvedCall, service } from "../../aws/index.ts";
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
    expect([requestParameters, input]).toEqual([null, undefined]);
    expect(additionalEventData).toEqual({ unparsed: "A parameter is not percent-encoded UTF-8" });
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
});
