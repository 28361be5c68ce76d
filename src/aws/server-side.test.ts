import { describe, expect, test } from "vitest";
import { Failure, Refusal } from "../core/index.ts";
import type { OperationModel, Protocol, Service, ServiceName, WireResponse } from "./index.ts";
import { parseError, parseResponse, serializeError, serializeResponse, service } from "./index.ts";

function text({ body }: WireResponse): string {
  return Buffer.from(body).toString();
}

function operationOf(name: ServiceName, operation: string): OperationModel {
  const found = service(name).operations.get(operation);
  if (found === undefined) throw new Error(`no operation ${operation}`);
  return found;
}

describe("serializeError()", () => {
  const noTrail = new Refusal("TrailNotFoundException", "Unknown trail", 404);
  const noUser = new Refusal("NoSuchEntity", "The user <Mary> & co.", 404);

  test("gives JSON the shape's name and status 400, and no query error", () => {
    expect(serializeError(service("cloudtrail"), "json-1.1", noTrail, "id-1")).toEqual({
      status: 400,
      headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "id-1" },
      body: Buffer.from('{"__type":"TrailNotFoundException","message":"Unknown trail"}'),
    });
  });

  test("gives query the wire code, the modelled status and escaped text", () => {
    const response = serializeError(service("iam"), "query", noUser, "id-1");
    expect(response.status).toBe(404);
    expect(response.headers["content-type"]).toBe("text/xml");
    expect(text(response)).toBe(
      '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>' +
        "<Code>NoSuchEntity</Code><Message>The user &lt;Mary&gt; &amp; co.</Message></Error>" +
        "<RequestId>id-1</RequestId></ErrorResponse>",
    );
  });

  test("gives ec2 its own envelope", () => {
    expect(text(serializeError(service("iam"), "ec2", noUser, "id-1"))).toContain(
      "<Response><Errors><Error><Code>NoSuchEntity</Code><Message>The user &lt;Mary&gt; &amp; co.</Message></Error></Errors>" +
        "<RequestID>id-1</RequestID></Response>",
    );
  });

  test("gives rest-json the name in a header", () => {
    const response = serializeError(
      service("cloudtrail-data"),
      "rest-json",
      new Refusal("ChannelNotFound", "no"),
      "id-1",
    );
    expect(response).toEqual({
      status: 400,
      headers: {
        "content-type": "application/json",
        "x-amzn-errortype": "ChannelNotFound",
        "x-amzn-requestid": "id-1",
      },
      body: Buffer.from('{"message":"no"}'),
    });
  });

  test.each<[string, Service, Protocol, Refusal, number, string]>([
    ["a short code in JSON", service("iam"), "json-1.0", noUser, 400, "NoSuchEntityException"],
    ["a shape's name in query", service("iam"), "query", new Refusal("NoSuchEntityException", ""), 404, "NoSuchEntity"],
    ["a status that the model lacks", service("cloudtrail"), "query", noTrail, 404, "TrailNotFoundException"],
    ["the server's own fault", service("iam"), "query", new Refusal("ServiceFailure", ""), 500, "ServiceFailure"],
    [
      "the server's own fault in JSON",
      service("iam"),
      "json-1.1",
      new Refusal("ServiceFailure", ""),
      500,
      "ServiceFailureException",
    ],
    ["an error without a model", service("iam"), "query", new Refusal("AccessDenied", "", 403), 403, "AccessDenied"],
    [
      "an error without a model in CBOR",
      service("iam"),
      "rpc-v2-cbor",
      new Refusal("Throttling", "", 429),
      429,
      "Throttling",
    ],
    ["a code like a name of Object", service("iam"), "query", new Refusal("constructor", "", 400), 400, "constructor"],
  ])("tells %s", (_, of, protocol, refusal, status, code) => {
    const response = serializeError(of, protocol, refusal, "id-1");
    expect([response.status, parseError(of, protocol, response).code]).toEqual([status, code]);
  });

  test.each<Protocol>(["query", "ec2", "rest-xml"])("puts hostile text into %s so that it can be read", (protocol) => {
    const hostile = "a\u0000\u0008\uD800]]><!--&\r\n\t\uFFFE\"'";
    const response = serializeError(service("iam"), protocol, new Refusal("X", hostile), "id-1");
    expect(parseError(service("iam"), protocol, response).message).toBe("a\uFFFD\uFFFD\uFFFD]]><!--&\r\n\t\uFFFD\"'");
  });
});

describe("serializeResponse()", () => {
  test("writes the documented answer to CreateUser", () => {
    const user = {
      Path: "/",
      UserName: "Bob",
      UserId: "AIDAJQABLZS4A3QDU576Q",
      Arn: "arn:aws:iam::123456789012:user/Bob",
    };
    const output = { User: { ...user, CreateDate: new Date("2013-01-01T00:00:00Z") } };
    expect(text(serializeResponse(operationOf("iam", "CreateUser"), "query", output, "7a62c49f"))).toBe(
      '<CreateUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateUserResult><User><Path>/</Path>' +
        "<UserName>Bob</UserName><UserId>AIDAJQABLZS4A3QDU576Q</UserId><Arn>arn:aws:iam::123456789012:user/Bob</Arn>" +
        "<CreateDate>2013-01-01T00:00:00Z</CreateDate></User></CreateUserResult>" +
        "<ResponseMetadata><RequestId>7a62c49f</RequestId></ResponseMetadata></CreateUserResponse>",
    );
  });

  test("writes no result where the model has none", () => {
    expect(text(serializeResponse(operationOf("iam", "DeleteUser"), "query", undefined, "id-1"))).toBe(
      '<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">' +
        "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DeleteUserResponse>",
    );
    expect(text(serializeResponse(operationOf("iam", "DeleteUser"), "json-1.1", undefined, "id-1"))).toBe("{}");
  });

  test("writes only what the model knows, times as numbers", () => {
    const event = { EventId: "1", EventTime: new Date(1_700_000_000_000), Secret: "x" };
    const response = serializeResponse(
      operationOf("cloudtrail", "LookupEvents"),
      "json-1.1",
      { Events: [event], More: 1 },
      "id-1",
    );
    expect(text(response)).toBe('{"Events":[{"EventId":"1","EventTime":1700000000}]}');
    expect(response.headers).toEqual({ "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "id-1" });
  });
});

test.each<[Protocol, string]>([
  ["json-1.1", "<html>"],
  ["query", "<html><br></html>"],
  ["rpc-v2-cbor", "<html>"],
])("parseResponse() fails on an answer in no %s, and parseError() makes nothing of it", (protocol, page) => {
  const response: WireResponse = { status: 502, headers: {}, body: Buffer.from(page) };
  expect(() => parseResponse(operationOf("iam", "GetUser"), protocol, response)).toThrow(Failure);
  expect(parseError(service("iam"), protocol, response)).toEqual({ code: "", message: "", status: 502, details: {} });
});
