import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WireRequest } from "../http.ts";
import { openCatalog } from "./catalog.ts";
import { json } from "./requests.fixture.ts";

const catalog = openCatalog({ bucketHosts: ["s3.example.org"] });

describe("the catalog's services", () => {
  test.each([
    [
      "dynamodb",
      {
        signingName: "dynamodb",
        eventSource: "dynamodb.amazonaws.com",
        iamPrefix: "dynamodb",
        apiVersion: "2012-08-10",
      },
    ],
    ["cloudwatch", { signingName: "monitoring", eventSource: "monitoring.amazonaws.com", iamPrefix: "cloudwatch" }],
    ["resourcegroupstaggingapi", { signingName: "tagging", eventSource: "tagging.amazonaws.com", iamPrefix: "tag" }],
    ["mturk", { signingName: "mturk-requester", iamPrefix: "mechanicalturk" }],
    ["s3control", { signingName: "s3", eventSource: "s3.amazonaws.com", iamPrefix: "s3" }],
    ["opensearch", { signingName: "es", eventSource: "es.amazonaws.com", iamPrefix: "es" }],
    ["sso", { signingName: "awsssoportal", eventSource: "sso.amazonaws.com", iamPrefix: "sso" }],
    ["neptune", { signingName: "rds", eventSource: "rds.amazonaws.com" }],
    ["cloudfront", { apiVersion: "2020-05-31" }],
  ])("have %s as it is", (id, expected) => expect(catalog.service(id)).toMatchObject({ id, ...expected }));

  test("are in the order of their ids, each once", () => {
    const ids = catalog.services().map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].toSorted());
  });

  test("are none of a name that only objects have", () => {
    for (const id of ["constructor", "__proto__", "../sts", ""]) {
      expect([catalog.service(id), catalog.model(id)]).toEqual([undefined, undefined]);
    }
  });
});

describe("model()", () => {
  test("is compiled once, and again only after many others", () => {
    const first = catalog.model("sts");
    expect(catalog.model("sts")).toBe(first);
    const others = catalog.services().filter(({ id }) => id !== "sts" && id < "d");
    expect(others.length).toBeGreaterThan(64);
    for (const { id } of others) catalog.model(id);
    expect(catalog.model("sts")).not.toBe(first);
    expect(catalog.model("sts")?.operations.keys().toArray()).toEqual(first?.operations.keys().toArray());
  });

  test("keeps what messages need: what is secret, what streams, errors and names on the wire", () => {
    const members = (id: string, operation: string) => catalog.model(id)?.operations.get(operation)?.input?.byName;
    expect(members("iam", "CreateLoginProfile")?.get("Password")?.sensitive).toBe(true);
    expect(members("s3", "PutObject")?.get("Body")).toMatchObject({ streaming: true });
    expect(members("s3", "PutObject")?.get("ACL")).toMatchObject({ location: "header", wireName: "x-amz-acl" });
    expect(members("ec2", "RunInstances")?.get("BlockDeviceMappings")).toMatchObject({ ec2Name: "BlockDeviceMapping" });
    expect(catalog.model("iam")?.errors.get("NoSuchEntityException")?.code).toBe("NoSuchEntity");
    expect(catalog.model("cognito-idp")?.operations.get("InitiateAuth")?.unsigned).toBe(true);
  });
});

describe("operation()", () => {
  test("is the model of what was asked for", () => {
    const call = catalog.resolve(json("DynamoDB_20120810.GetItem"), { signingName: "dynamodb" });
    expect(catalog.operation(call)).toBe(catalog.model("dynamodb")?.operations.get("GetItem"));
    expect(catalog.operation(call)).toMatchObject({ name: "GetItem" });
  });

  test("is none of an unknown operation or service", () => {
    expect(
      catalog.operation(catalog.resolve(json("DynamoDB_20120810.Eat"), { signingName: "dynamodb" })),
    ).toBeUndefined();
    expect(catalog.operation(catalog.resolve(json("Acme.Eat"), { signingName: "acme" }))).toBeUndefined();
  });
});

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        "%",
        "%2",
        "%2F",
        "%41",
        "%ff",
        "/",
        "//",
        "?",
        "&",
        "=",
        "+",
        ".",
        "..",
        "Action",
        "acl",
        "uploadId",
        "v20180820",
        "service",
        "operation",
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join("")),
);

const wire: fc.Arbitrary<WireRequest> = fc.record({
  method: fc.oneof(fc.constantFrom("GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"), text),
  path: fc.oneof(
    text,
    text.map((path) => `/${path}`),
  ),
  query: text,
  headers: fc.dictionary(
    fc.constantFrom(
      "host",
      "content-type",
      "x-amz-target",
      "smithy-protocol",
      "authorization",
      "content-length",
      "x-amz-account-id",
      "__proto__",
    ),
    fc.oneof(
      fc.array(text, { maxLength: 2 }),
      fc.constantFrom(
        ["application/x-www-form-urlencoded"],
        ["multipart/form-data"],
        ["rpc-v2-cbor"],
        ["a.s3.example.org"],
        ["x.y.localhost"],
      ),
    ),
  ),
  body: fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    text.map((body) => Buffer.from(body)),
  ),
});

const hints = fc.record(
  {
    signingName: fc.oneof(text, fc.constantFrom("s3", "ec2", "iam", "lambda", "bedrock", "ses", "")),
    fallback: fc.oneof(text, fc.constantFrom("s3", "sqs", "elbv2")),
  },
  { requiredKeys: [] },
);

describe("whatever comes", () => {
  test("resolve() answers with clean names, and the same again", () => {
    fc.assert(
      fc.property(wire, hints, (request, hint) => {
        const call = catalog.resolve(request, hint);
        expect(call.eventSource).toMatch(/^[A-Za-z0-9-]+\.amazonaws\.com$/);
        expect(call.eventName).toMatch(/^[A-Za-z][A-Za-z0-9_]{0,127}$/);
        expect(catalog.resolve(request, hint)).toEqual(call);
        expect(typeof catalog.needsBody(request, hint)).toBe("boolean");
        expect(catalog.operation(call) === undefined).toBe(call.operation === undefined);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["slashes", "/".repeat(60_000)],
    ["short segments", "/a".repeat(30_000)],
    ["half encodings", `/${"%".repeat(60_000)}`],
    ["encoded letters", `/${"%41".repeat(5_000)}`],
  ])("resolve() takes a path of %s", (_, path) => {
    const request = { method: "GET", path, query: path.replaceAll("/", "&"), headers: {}, body: Buffer.from(path) };
    for (const signingName of ["s3", "workspaces-web", "bedrock", "iam"]) {
      expect(catalog.resolve(request, { signingName }).service).toBeDefined();
    }
    expect(catalog.resolve(request, {}).service).toBeUndefined();
  });
});
