/** Whatever comes, a call is described: bytes that are nothing, in every protocol and in both directions. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Catalog, openCatalog, type OperationModel, type Protocol, type ResolvedCall } from "../../aws/index.ts";
import { type CapturedBody, describeRequest, describeResponse, type RequestDescription } from "../index.ts";

const PLACE = { account: "123456789012", region: "us-east-1", bucketHosts: ["s3.example.org"] };

const catalog: Catalog = openCatalog();

function operation(id: string, name: string, protocol: Protocol): { model: OperationModel; resolved: ResolvedCall } {
  const service = catalog.service(id);
  const model = catalog.model(id)?.operations.get(name);
  if (service === undefined || model === undefined) throw new Error(`no ${id} ${name}`);
  const { eventSource } = service;
  return { model, resolved: { service, operation: name, eventSource, eventName: name, protocol } };
}

const CALLS = [
  operation("dynamodb", "PutItem", "json-1.0"),
  operation("cloudtrail", "CreateTrail", "json-1.1"),
  operation("iam", "CreateUser", "query"),
  operation("ec2", "RunInstances", "ec2"),
  operation("ec2", "CreateNatGateway", "ec2"),
  operation("lambda", "CreateFunction", "rest-json"),
  operation("lambda", "Invoke", "rest-json"),
  operation("s3", "PutObject", "rest-xml"),
  operation("s3", "PutBucketLifecycleConfiguration", "rest-xml"),
  operation("route53", "ChangeResourceRecordSets", "rest-xml"),
  operation("cloudwatch", "PutMetricData", "rpc-v2-cbor"),
  operation("sqs", "SendMessage", "json-1.0"),
  operation("rds", "CreateDBInstance", "query"),
] as const;

const bodyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.json().map((text) => Buffer.from(text)),
  fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
  fc
    .array(fc.tuple(fc.constantFrom("Action", "UserName", "Tags.member.1.Key", "a.b.c", "%"), fc.string()), {
      maxLength: 9,
    })
    .map((pairs) => Buffer.from(pairs.map(([name, value]) => `${name}=${value}`).join("&"))),
  fc
    .constantFrom("<a><b>", "<Error><Code>x</Code></Error>", "[[[[", '{"__proto__":{"a":1}}', "5\r\nhello\r\n0\r\n\r\n")
    .map((text) => Buffer.from(text)),
  fc.nat(300).map((depth) => Buffer.from("[".repeat(depth * 100))),
);

const body: fc.Arbitrary<CapturedBody> = fc.oneof(
  bodyBytes.map((bytes) => ({ bytes, size: bytes.length, whole: true })),
  bodyBytes.map((bytes) => ({ bytes, size: bytes.length + 1e6, whole: false, sha256: "00" })),
);

const headers = fc.record(
  {
    host: fc.constantFrom(["s3.example.org"], ["b.s3.example.org"], ["[::1]:80"], [""], ["127.0.0.1"]),
    "content-type": fc.constantFrom(
      ["application/x-www-form-urlencoded"],
      ["application/json"],
      ["application/x-amz-json-1.0"],
      ["text/html"],
    ),
    "content-encoding": fc.constantFrom(["gzip"], ["aws-chunked"], ["br, aws-chunked"], ["x"], [""]),
    "x-amz-content-sha256": fc.constantFrom(["STREAMING-UNSIGNED-PAYLOAD-TRAILER"], ["e3"]),
    "x-amz-date": fc.string().map((text) => [text]),
    "x-amz-object-lock-retain-until-date": fc.string().map((text) => [text]),
    "x-amzn-requestid": fc.string().map((text) => [text]),
  },
  { requiredKeys: [] },
);

const text = fc.oneof(fc.string({ unit: "binary" }), fc.webPath(), fc.constantFrom("/", "//", "/%", "/a/%FF", "/b/"));

const head = fc.record({ method: fc.constantFrom("GET", "PUT", "POST", "HEAD"), path: text, query: text, headers });

describe("describeRequest()", () => {
  test("describes whatever came to a known operation", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CALLS), head, body, (call, head, body) => {
        const described = describeRequest({ ...call, head, body, place: PLACE });
        expect(typeof JSON.stringify(described.requestParameters)).toBe("string");
        expect(typeof described.readOnly).toBe("boolean");
      }),
      { numRuns: 2000 },
    );
  });

  test("describes whatever came to an unknown one", () => {
    const protocols = fc.constantFrom<Protocol>("json-1.1", "query", "ec2", "rest-json", "rest-xml", "rpc-v2-cbor");
    fc.assert(
      fc.property(protocols, head, body, (protocol, head, body) => {
        const resolved = { eventSource: "x.amazonaws.com", eventName: "UnknownOperation", protocol };
        const described = describeRequest({ resolved, head, body, place: PLACE });
        expect(typeof JSON.stringify(described.requestParameters)).toBe("string");
      }),
      { numRuns: 1000 },
    );
  });
});

describe("describeResponse()", () => {
  const request: RequestDescription = {
    requestParameters: null,
    resources: [],
    readOnly: false,
    managementEvent: true,
    eventCategory: "Management",
    additionalEventData: {},
  };

  test("describes whatever was answered", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CALLS),
        fc.integer({ min: 100, max: 599 }),
        headers,
        body,
        (call, status, headers, body) => {
          const described = describeResponse({ ...call, request, response: { status, headers, body }, place: PLACE });
          expect(typeof JSON.stringify(described.responseElements)).toBe("string");
          const isRefusal = described.responseElements === null && /^[A-Za-z]/.test(described.errorCode ?? "");
          expect(isRefusal || status < 400).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
