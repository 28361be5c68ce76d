import { describe, expect, test } from "vitest";
import { Refusal } from "../core/index.ts";
import type { Protocol, Service, WireRequest } from "./index.ts";
import { loadService, protocolOf, resolveOperation, service } from "./index.ts";

const FORM = { "content-type": ["application/x-www-form-urlencoded"] };

function post(parts: Partial<WireRequest>): WireRequest {
  return { method: "POST", path: "/", query: "", headers: {}, body: new Uint8Array(0), ...parts };
}

function form(body: string, query = ""): WireRequest {
  return post({ headers: FORM, body: Buffer.from(body), query });
}

function target(value: string, type = "application/x-amz-json-1.1"): WireRequest {
  return post({ headers: { "x-amz-target": [value], "content-type": [type] } });
}

function cbor(path: string): WireRequest {
  return post({ path, headers: { "smithy-protocol": ["rpc-v2-cbor"] } });
}

/** What came of it: operation and protocol, or code and status. */
function routed(of: Service, request: WireRequest): string {
  try {
    const { operation, protocol } = resolveOperation(of, request);
    return `${operation.name} ${protocol}`;
  } catch (thrown) {
    if (thrown instanceof Refusal) return `${thrown.code} ${thrown.status} ${protocolOf(of, request)}`;
    throw thrown;
  }
}

const cloudtrail = service("cloudtrail");
const iam = service("iam");
const sts = service("sts");

describe("resolveOperation()", () => {
  const dotted = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
  test.each<[string, Service, WireRequest, string]>([
    ["takes what follows the last dot", cloudtrail, target(dotted), "LookupEvents json-1.1"],
    ["takes the short prefix", cloudtrail, target("CloudTrail_20131101.LookupEvents"), "LookupEvents json-1.1"],
    ["takes no prefix at all", cloudtrail, target("LookupEvents"), "LookupEvents json-1.1"],
    [
      "lets the content type choose 1.0",
      cloudtrail,
      target("X.LookupEvents", "application/x-amz-json-1.0"),
      "LookupEvents json-1.0",
    ],
    [
      "needs no content type",
      cloudtrail,
      post({ headers: { "x-amz-target": ["X.LookupEvents"] } }),
      "LookupEvents json-1.1",
    ],
    ["knows no such target", cloudtrail, target("CloudTrail_20131101.Nope"), "UnknownOperationException 400 json-1.1"],
    ["is not fooled by __proto__", cloudtrail, target("X.__proto__"), "UnknownOperationException 400 json-1.1"],
    ["needs a target", cloudtrail, post({}), "UnknownOperationException 400 json-1.1"],
    ["reads Action in a form", iam, form("Action=ListUsers&Version=2010-05-08"), "ListUsers query"],
    [
      "reads Action in the query string",
      sts,
      post({ method: "GET", query: "Version=2011-06-15&Action=GetCallerIdentity&X-Amz-Date=1" }),
      "GetCallerIdentity query",
    ],
    [
      "reads a form with a character set",
      iam,
      {
        ...form("Action=ListUsers&Version=2010-05-08"),
        headers: { "content-type": ["application/x-www-form-urlencoded; charset=utf-8"] },
      },
      "ListUsers query",
    ],
    ["knows no such action", iam, form("Action=Nope&Version=2010-05-08"), "InvalidAction 400 query"],
    ["knows no such version", iam, form("Action=ListUsers&Version=2010-05-09"), "InvalidAction 400 query"],
    ["needs a version", iam, form("Action=ListUsers"), "InvalidAction 400 query"],
    ["needs an action", iam, form("Version=2010-05-08"), "MissingAction 400 query"],
    [
      "does not look into other bodies",
      iam,
      post({ body: Buffer.from("Action=ListUsers") }),
      "MissingAction 400 query",
    ],
    ["refuses bad percent-encoding", iam, form("Action=%zz"), "MalformedQueryString 400 query"],
    [
      "refuses two actions",
      iam,
      form("Action=ListUsers&Version=2010-05-08", "Action=ListRoles"),
      "MalformedQueryString 400 query",
    ],
    [
      "serves JSON for a query service",
      iam,
      target("IAM_20100508.ListUsers", "application/x-amz-json-1.0"),
      "ListUsers json-1.0",
    ],
    [
      "serves query for a JSON service",
      cloudtrail,
      form("Action=LookupEvents&Version=2013-11-01"),
      "LookupEvents query",
    ],
    [
      "serves CBOR for a JSON service",
      cloudtrail,
      cbor("/service/CloudTrail_20131101/operation/LookupEvents"),
      "LookupEvents rpc-v2-cbor",
    ],
    ["serves CBOR for a query service", iam, cbor("/service/Iam/operation/ListUsers"), "ListUsers rpc-v2-cbor"],
    [
      "serves CBOR by POST alone",
      iam,
      { ...cbor("/service/Iam/operation/ListUsers"), method: "GET" },
      "UnknownOperationException 404 rpc-v2-cbor",
    ],
    ["knows no such CBOR path", iam, cbor("/service/Iam/ListUsers"), "UnknownOperationException 404 rpc-v2-cbor"],
    [
      "finds a REST path",
      service("cloudtrail-data"),
      post({ path: "/PutAuditEvents", query: "channelArn=x" }),
      "PutAuditEvents rest-json",
    ],
    [
      "looks at a REST method",
      service("cloudtrail-data"),
      post({ path: "/PutAuditEvents", method: "GET" }),
      "UnknownOperationException 404 rest-json",
    ],
  ])("%s", (_, of, request, expected) => {
    expect(routed(of, request)).toBe(expected);
  });

  test("says which action of which version is unknown", () => {
    const resolve = (text: string) => () => resolveOperation(iam, form(text));
    expect(resolve("Action=Nope&Version=2010-05-08")).toThrow("Could not find operation Nope for version 2010-05-08");
    expect(resolve("Action=ListUsers")).toThrow("Could not find operation ListUsers for version NO_VERSION_SPECIFIED");
  });
});

describe("resolveOperation() by REST path", () => {
  const uris: readonly (readonly [string, string, string])[] = [
    ["ListBuckets", "GET", "/"],
    ["ListObjects", "GET", "/{Bucket}"],
    ["ListObjectsV2", "GET", "/{Bucket}?list-type=2"],
    ["GetBucketAcl", "GET", "/{Bucket}?acl"],
    ["GetObject", "GET", "/{Bucket}/{Key+}"],
    ["GetObjectAcl", "GET", "/{Bucket}/{Key+}?acl"],
    ["ListTags", "GET", "/tags/{Arn}"],
    ["GetFunction", "GET", "/functions/{Name}"],
    ["ListFunctions", "GET", "/functions/all"],
    ["GetNested", "GET", "/nested/{Path+}/end"],
    ["PutObject", "PUT", "/{Bucket}/{Key+}"],
  ];
  const rest = loadService("rest", {
    metadata: { protocol: "rest-json", apiVersion: "1" },
    shapes: {},
    operations: Object.fromEntries(
      uris.map(([name, method, requestUri]) => [name, { name, http: { method, requestUri } }]),
    ),
  });
  test.each([
    ["GET", "/", "", "ListBuckets"],
    ["GET", "/bucket", "", "ListObjects"],
    ["GET", "/bucket", "prefix=a&list-type=2", "ListObjectsV2"],
    ["GET", "/bucket", "list-type=1", "ListObjects"],
    ["GET", "/bucket", "acl", "GetBucketAcl"],
    ["GET", "/bucket", "acl=", "GetBucketAcl"],
    ["GET", "/bucket/a/b%2Fc/d", "", "GetObject"],
    ["GET", "/bucket/a", "acl", "GetObjectAcl"],
    ["PUT", "/bucket/a", "acl", "PutObject"],
    ["GET", "/tags/arn%3Aaws%3As3%3A%3A%3Ax%2Fy", "", "ListTags"],
    ["GET", "/tags/a/b", "", "GetObject"],
    ["GET", "/functions/all", "", "ListFunctions"],
    ["GET", "/functions/other", "", "GetFunction"],
    ["GET", "/nested/a/b/end", "", "GetNested"],
    ["GET", "/nested/a/b/else", "", "GetObject"],
    ["GET", "/bucket/", "", "UnknownOperationException"],
    ["DELETE", "/bucket", "", "UnknownOperationException"],
  ])("%s %s?%s is %s", (method, path, query, expected) => {
    expect(routed(rest, post({ method, path, query })).split(" ")[0]).toBe(expected);
  });
});

test.each<[Protocol, WireRequest]>([
  ["json-1.1", target("X.Nope")],
  ["json-1.0", post({ headers: { "content-type": ["application/x-amz-json-1.0"] } })],
  ["rpc-v2-cbor", cbor("/nothing")],
  ["query", form("Action=Nope")],
  ["json-1.1", form("no%zzform")],
  ["json-1.1", post({ method: "GET", path: "/anything" })],
])("protocolOf() tells %s before the operation is known", (protocol, request) => {
  expect(protocolOf(cloudtrail, request)).toBe(protocol);
});
