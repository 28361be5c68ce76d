import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  parseError,
  presignRequest,
  type ServiceName,
  service as serviceModel,
  signRequest,
  type WireRequest,
  type WireResponse,
} from "../../src/aws/index.ts";
import { systemRandom } from "../../src/core/index.ts";
import { createSession, SecretBox } from "../../src/identity/index.ts";
import { type Caller, callerOf, healthOf, recordOf, send, signedRequest } from "../calls.ts";
import { startServer, type TestServer } from "../server.ts";

const MINUTE_MS = 60_000;
const ACCOUNT = "123456789012";
const WRONG = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

let server: TestServer;
let call: Caller;
beforeAll(async () => {
  server = await startServer();
  call = callerOf(server);
});
afterAll(() => server.stop());

/** A request of the CloudTrail service, signed after it was made wrong. */
function cloudtrail(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  path = "/",
): WireRequest {
  return signed("cloudtrail", "POST", path, body, {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "CloudTrail_20131101.LookupEvents",
    ...headers,
  });
}

function iam(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): WireRequest {
  return signed("iam", "POST", "/", body, { "content-type": "application/x-www-form-urlencoded", ...headers });
}

function cbor(body: Uint8Array, operation = "LookupEvents"): WireRequest {
  const headers = { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" };
  return signed("cloudtrail", "POST", `/service/CloudTrail/operation/${operation}`, body, headers);
}

function signed(
  service: string,
  method: string,
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
): WireRequest {
  return signRequest(unsigned(method, path, body, headers), server.root, {
    region: "us-east-1",
    service,
    now: Date.now(),
  });
}

function unsigned(
  method: string,
  target: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
): WireRequest {
  const [path = "/", query = ""] = target.split("?");
  const lists = Object.entries({ host: new URL(server.endpoint).host, ...headers }).map(([name, value]) => [
    name,
    [value],
  ]);
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return { method, path, query, headers: Object.fromEntries(lists), body: bytes };
}

function cloudtrailCall(now = Date.now(), credentials = server.root): WireRequest {
  return signedRequest(server.endpoint, credentials, "cloudtrail", "LookupEvents", {}, now);
}

function iamCall(now = Date.now(), credentials = server.root): WireRequest {
  return signedRequest(server.endpoint, credentials, "iam", "ListUsers", {}, now);
}

/** Root's session, as GetSessionToken would have made it, that ended a minute ago. */
function expiredSession(): typeof server.root & { readonly sessionToken: string } {
  const box = new SecretBox(readFileSync(join(server.dataDirectory, "secret.key")), systemRandom);
  return createSession(
    { random: systemRandom, box },
    {
      account: ACCOUNT,
      holder: { kind: "root" },
      createdAt: Date.now() - 61 * MINUTE_MS,
      expiresAt: Date.now() - MINUTE_MS,
      mfaAuthenticated: false,
      tags: {},
      transitiveTagKeys: [],
      policyArns: [],
    },
  );
}

function presigned(expiresSeconds: number, ageMs: number): WireRequest {
  const query = "/?Action=GetCallerIdentity&Version=2011-06-15";
  const scope = { region: "us-east-1", service: "sts", now: Date.now() - ageMs, expiresSeconds };
  return presignRequest(unsigned("GET", query, "", {}), server.root, scope);
}

function nested(depth: number): string {
  return `{"LookupAttributes":${"[".repeat(depth)}${"]".repeat(depth)}}`;
}

function withHeader(request: WireRequest, name: string, ...values: readonly string[]): WireRequest {
  return { ...request, headers: { ...request.headers, [name]: values } };
}

const JSON_11 = { "content-type": "application/x-amz-json-1.1" };
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const VERSION = "Version=2010-05-08";

interface Expected {
  readonly status: number;
  readonly code: string;
  /** Whose error form the answer has. */
  readonly service?: ServiceName;
  readonly eventName: string;
  /** The record's `userIdentity.type`: Unknown wherever the signature proved nobody. */
  readonly identity: "Unknown" | "Root";
}

type Case = readonly [what: string, request: () => WireRequest, expected: Expected];

const lookup = (status: number, code: string, identity: Expected["identity"]): Expected => ({
  status,
  code,
  identity,
  service: "cloudtrail",
  eventName: "LookupEvents",
});
const list = (status: number, code: string, identity: Expected["identity"]): Expected => ({
  status,
  code,
  identity,
  service: "iam",
  eventName: "ListUsers",
});
const other = (status: number, code: string, eventName: string, identity: Expected["identity"]): Expected => ({
  status,
  code,
  eventName,
  identity,
});

const UNPROVEN: readonly Case[] = [
  [
    "a wrong secret (JSON)",
    () => cloudtrailCall(Date.now(), { ...server.root, secretAccessKey: WRONG }),
    lookup(400, "InvalidSignatureException", "Unknown"),
  ],
  [
    "a wrong secret (query)",
    () => iamCall(Date.now(), { ...server.root, secretAccessKey: WRONG }),
    list(403, "SignatureDoesNotMatch", "Unknown"),
  ],
  [
    "an unknown key (JSON)",
    () => cloudtrailCall(Date.now(), { ...server.root, accessKeyId: "AKIAIOSFODNN7EXAMPLE" }),
    lookup(400, "UnrecognizedClientException", "Unknown"),
  ],
  [
    "an unknown key (query)",
    () => iamCall(Date.now(), { ...server.root, accessKeyId: "AKIAIOSFODNN7EXAMPLE" }),
    list(403, "InvalidClientTokenId", "Unknown"),
  ],
  [
    "an expired token (JSON)",
    () => cloudtrailCall(Date.now(), expiredSession()),
    lookup(400, "ExpiredTokenException", "Unknown"),
  ],
  ["an expired token (query)", () => iamCall(Date.now(), expiredSession()), list(403, "ExpiredToken", "Unknown")],
  [
    "a session's key without its token",
    () => {
      const { sessionToken: _, ...rest } = expiredSession();
      return iamCall(Date.now(), rest);
    },
    list(403, "InvalidClientTokenId", "Unknown"),
  ],
  [
    "a clock that is 16 minutes behind (JSON)",
    () => cloudtrailCall(Date.now() - 16 * MINUTE_MS),
    lookup(400, "InvalidSignatureException", "Unknown"),
  ],
  [
    "a clock that is 16 minutes behind (query)",
    () => iamCall(Date.now() - 16 * MINUTE_MS),
    list(403, "SignatureDoesNotMatch", "Unknown"),
  ],
  [
    "a clock that is 16 minutes ahead",
    () => iamCall(Date.now() + 16 * MINUTE_MS),
    list(403, "SignatureDoesNotMatch", "Unknown"),
  ],
  [
    "a presigned URL after its time",
    () => presigned(60, 2 * MINUTE_MS),
    other(400, "RequestExpired", "GetCallerIdentity", "Unknown"),
  ],
  [
    "a body that is not the signed one",
    () => ({ ...iamCall(), body: Buffer.from(`Action=ListUsers&${VERSION}&MaxItems=7`) }),
    list(403, "SignatureDoesNotMatch", "Unknown"),
  ],
  [
    "no signature (JSON)",
    () => unsigned("POST", "/", "{}", { ...JSON_11, "x-amz-target": "CloudTrail_20131101.LookupEvents" }),
    lookup(400, "MissingAuthenticationTokenException", "Unknown"),
  ],
  [
    "no signature (query)",
    () => unsigned("POST", "/", `Action=ListUsers&${VERSION}`, FORM),
    list(403, "MissingAuthenticationToken", "Unknown"),
  ],
  [
    "nothing at all",
    () => unsigned("GET", "/", "", {}),
    other(403, "MissingAuthenticationToken", "UnknownOperation", "Unknown"),
  ],
  [
    "half a signature",
    () =>
      withHeader(
        iamCall(),
        "authorization",
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20150830/us-east-1/iam/aws4_request",
      ),
    { ...list(400, "IncompleteSignature", "Unknown") },
  ],
  [
    "a signature of version 2",
    () => withHeader(iamCall(), "authorization", "AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg="),
    list(400, "IncompleteSignature", "Unknown"),
  ],
  [
    "a service that is not served",
    () =>
      signed("dynamodb", "POST", "/", "{}", {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "DynamoDB_20120810.ListTables",
      }),
    other(404, "UnknownOperationException", "ListTables", "Root"),
  ],
];

const PROVEN: readonly Case[] = [
  [
    "an unknown operation (JSON)",
    () => cloudtrail("{}", { "x-amz-target": "CloudTrail_20131101.Nothing" }),
    { ...lookup(400, "UnknownOperationException", "Root"), eventName: "Nothing" },
  ],
  [
    "an unknown operation (query)",
    () => iam(`Action=Nothing&${VERSION}`),
    { ...list(400, "InvalidAction", "Root"), eventName: "Nothing" },
  ],
  [
    "an unknown operation (CBOR)",
    () => cbor(Buffer.from([0xa0]), "Nothing"),
    other(404, "UnknownOperationException", "Nothing", "Root"),
  ],
  [
    "an operation that is not served yet",
    () => cloudtrail("{}", { "x-amz-target": "CloudTrail_20131101.ListChannels" }),
    { ...lookup(400, "UnsupportedOperationException", "Root"), eventName: "ListChannels" },
  ],
  ["no operation", () => iam(VERSION), { ...list(400, "MissingAction", "Root"), eventName: "UnknownOperation" }],
  ["malformed JSON", () => cloudtrail(`{"MaxResults":`), lookup(400, "SerializationException", "Root")],
  ["JSON that is no object", () => cloudtrail(`[1]`), lookup(400, "SerializationException", "Root")],
  [
    "a list where a number belongs",
    () => cloudtrail(`{"MaxResults":[1]}`),
    lookup(400, "SerializationException", "Root"),
  ],
  [
    "bad UTF-8 in JSON",
    () => cloudtrail(Buffer.from(`{"NextToken":"\xff\xfe"}`, "latin1")),
    lookup(400, "SerializationException", "Root"),
  ],
  ["10,000 lists inside each other", () => cloudtrail(nested(10_000)), lookup(400, "SerializationException", "Root")],
  ["500,000 lists inside each other", () => cloudtrail(nested(500_000)), lookup(400, "SerializationException", "Root")],
  [
    "10,000 objects in an unknown member",
    () => cloudtrail(`{"MaxResults":0,"x":${`{"x":`.repeat(10_000)}1${"}".repeat(10_000)}}`),
    lookup(400, "SerializationException", "Root"),
  ],
  ["malformed CBOR", () => cbor(Buffer.from([0xa1, 0x61])), lookup(400, "SerializationException", "Root")],
  [
    "10,000 arrays inside each other (CBOR)",
    () => cbor(Buffer.concat([Buffer.from([0xa1, 0x61, 0x78]), Buffer.alloc(10_000, 0x81), Buffer.from([0x00])])),
    lookup(400, "SerializationException", "Root"),
  ],
  [
    "CBOR that announces 4 billion members",
    () => cbor(Buffer.from([0xba, 0xff, 0xff, 0xff, 0xff])),
    lookup(400, "SerializationException", "Root"),
  ],
  ["a form where JSON belongs", () => cloudtrail(`Action=LookupEvents`), lookup(400, "SerializationException", "Root")],
  [
    "a value that breaks a constraint",
    () => iam(`Action=CreateUser&${VERSION}&UserName=${"x".repeat(65)}`),
    { ...list(400, "ValidationError", "Root"), eventName: "CreateUser" },
  ],
  [
    "JSON where a form belongs",
    () => iam(`{"Action":"ListUsers"}`),
    { ...list(400, "MissingAction", "Root"), eventName: "UnknownOperation" },
  ],
  [
    "invalid percent-encoding in a form",
    () => iam(`Action=ListUsers&${VERSION}&PathPrefix=%zz`),
    list(400, "MalformedQueryString", "Root"),
  ],
  [
    "bad UTF-8 in a form",
    () => iam(`Action=ListUsers&${VERSION}&PathPrefix=%ff%fe`),
    list(400, "MalformedQueryString", "Root"),
  ],
  [
    "a number that is none in a form",
    () => iam(`Action=ListUsers&${VERSION}&MaxItems=many`),
    list(400, "MalformedInput", "Root"),
  ],
  [
    "a list index of a billion in a form",
    () => iam(`Action=TagUser&${VERSION}&UserName=x&Tags.member.999999999.Key=k`),
    { ...list(400, "ValidationError", "Root"), eventName: "TagUser" },
  ],
  [
    "1 MB of junk in a form",
    () => iam(`Action=TagUser&${VERSION}&${"a&".repeat(500_000)}`),
    { ...list(400, "MalformedQueryString", "Root"), eventName: "TagUser" },
  ],
  [
    "invalid percent-encoding in the path",
    () => signed("iam", "POST", "/%zz", `Action=Nothing&${VERSION}`, FORM),
    { ...list(400, "InvalidAction", "Root"), eventName: "Nothing" },
  ],
];

describe("the server answers in the service's error form, and records,", () => {
  test.each([...UNPROVEN, ...PROVEN])("%s", async (_, make, expected) => {
    const response = await send(server.endpoint, make());
    const { code, status } = errorOf(expected.service ?? "sts", response);
    const requestId = response.headers["x-amzn-requestid"] ?? "";
    const record = await recordOf(call, requestId);
    expect({
      code,
      status,
      eventName: record?.eventName,
      errorCode: record?.errorCode,
      identity: record?.userIdentity["type"],
    }).toEqual({
      code: expected.code,
      status: expected.status,
      eventName: expected.eventName,
      errorCode: expected.code,
      identity: expected.identity,
    });
  });

  test("and is well after all of them", async () => {
    expect((await call("sts", "GetCallerIdentity")).status).toBe(200);
    expect(await healthOf(server)).toMatchObject({ status: 200, body: { ok: true, unrecordedCalls: 0 } });
    expect(server.log()).not.toMatch(/"level":50/);
  });
});

function errorOf(name: ServiceName, response: WireResponse): { code: string; status: number } {
  const model = serviceModel(name);
  const type = response.headers["content-type"] ?? "";
  const protocol = type.includes("cbor") ? "rpc-v2-cbor" : type.includes("json") ? "json-1.1" : "query";
  return parseError(model, protocol, response);
}
