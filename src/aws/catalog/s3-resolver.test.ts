import { describe, expect, test } from "vitest";
import type { WireRequest } from "../http.ts";
import { openCatalog } from "./catalog.ts";
import type { RequestParts } from "./requests.fixture.ts";
import { request } from "./requests.fixture.ts";
import { bucketInHost, pathWithBucket } from "./s3-address.ts";

const BASE = "s3.example.org";
const catalog = openCatalog({ bucketHosts: ["S3.Example.org"] });

function resolved(wire: WireRequest, signingName = "s3"): string {
  const { service, operation, eventName } = catalog.resolve(wire, { signingName });
  return `${service?.id} ${operation ?? `(${eventName})`}`;
}

const COPY = { headers: { "x-amz-copy-source": "/other/key" } };
const MULTIPART = { headers: { "content-type": "multipart/form-data; boundary=b" } };

describe("resolve() of S3", () => {
  test.each<[string, string, RequestParts]>([
    ["GET /", "ListBuckets", {}],
    ["GET /?x-id=ListBuckets&max-buckets=2", "ListBuckets", {}],
    ["PUT /bucket", "CreateBucket", {}],
    ["PUT /bucket/", "CreateBucket", {}],
    ["HEAD /bucket/", "HeadBucket", {}],
    ["DELETE /bucket", "DeleteBucket", {}],
    ["GET /bucket", "ListObjects", {}],
    ["GET /bucket/?prefix=&delimiter=%2F", "ListObjects", {}],
    ["GET /bucket?list-type=2&prefix=a", "ListObjectsV2", {}],
    ["GET /bucket?versions", "ListObjectVersions", {}],
    ["GET /bucket?location=", "GetBucketLocation", {}],
    ["GET /bucket?%6Cocation", "GetBucketLocation", {}],
    ["GET /bucket?lifecycle", "GetBucketLifecycleConfiguration", {}],
    ["PUT /bucket?notification", "PutBucketNotificationConfiguration", {}],
    ["GET /bucket?analytics", "ListBucketAnalyticsConfigurations", {}],
    ["GET /bucket?analytics&id=1", "GetBucketAnalyticsConfiguration", {}],
    ["DELETE /bucket?metadataConfiguration", "DeleteBucketMetadataConfiguration", {}],
    ["POST /bucket?delete", "DeleteObjects", {}],
    ["GET /bucket/a/b/c", "GetObject", {}],
    ["GET /bucket/a/b/", "GetObject", {}],
    ["GET /bucket//", "GetObject", {}],
    ["GET /bucket/key?versionId=1&partNumber=2&response-content-type=x", "GetObject", {}],
    ["GET /bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=1&X-Amz-Security-Token=", "GetObject", {}],
    ["GET /bucket/key?AWSAccessKeyId=A&Signature=s&Expires=1", "GetObject", {}],
    ["PUT /bucket/key?x-id=DeleteObject", "PutObject", {}],
    ["PUT /bucket/key?x-remark", "PutObject", {}],
    ["PUT /bucket/key", "CopyObject", COPY],
    ["PUT /bucket/key?partNumber=1&uploadId=u", "UploadPart", {}],
    ["PUT /bucket/key?uploadId=u", "UploadPart", {}],
    ["PUT /bucket/key?partNumber=1&uploadId=u", "UploadPartCopy", COPY],
    ["POST /bucket/key?uploads", "CreateMultipartUpload", {}],
    ["POST /bucket/key?uploadId=u", "CompleteMultipartUpload", {}],
    ["DELETE /bucket/key?uploadId=u", "AbortMultipartUpload", {}],
    ["DELETE /bucket/key?versionId=v", "DeleteObject", {}],
    ["GET /bucket/key?uploadId=u", "ListParts", {}],
    ["GET /bucket/key?acl&versionId=v", "GetObjectAcl", {}],
    ["POST /bucket/key?select&select-type=2", "SelectObjectContent", {}],
    ["POST /bucket/key?restore", "RestoreObject", {}],
    ["GET /bucket?session", "CreateSession", {}],
    ["GET /other/key", "GetObject", { host: "localhost:4580" }],
  ])("%s is %s", (line, operation, parts) => expect(resolved(request(line, parts))).toBe(`s3 ${operation}`));

  test.each<[string, string, RequestParts]>([
    ["DELETE /bucket?somethingNew", "(UnknownOperation)", {}],
    ["DELETE /bucket?somethingNew=", "(UnknownOperation)", {}],
    ["DELETE /bucket/key?somethingNew&versionId=v", "(UnknownOperation)", {}],
    ["PUT /bucket/key?acl&tagging", "(UnknownOperation)", {}],
    ["POST /bucket/key?acl", "(UnknownOperation)", {}],
    ["GET /bucket?list-type=3", "(UnknownOperation)", {}],
    ["POST /bucket/key", "(UnknownOperation)", {}],
    ["POST /bucket", "(UnknownOperation)", {}],
    ["POST /", "(UnknownOperation)", { headers: { "x-amz-target": "S3.ListBuckets" } }],
    ["PUT //key", "(UnknownOperation)", {}],
    ["PATCH /bucket/key", "(UnknownOperation)", {}],
    ["POST /bucket", "(PostObject)", MULTIPART],
    ["POST /bucket/?x-id=any", "(PostObject)", MULTIPART],
    ["POST /bucket?delete", "DeleteObjects", MULTIPART],
    ["POST /bucket?somethingNew", "(UnknownOperation)", MULTIPART],
    ["POST /bucket/key", "(UnknownOperation)", MULTIPART],
    ["OPTIONS /bucket/key", "(PreflightRequest)", {}],
  ])("%s is no other operation but %s", (line, expected, parts) => {
    expect(resolved(request(line, parts))).toBe(`s3 ${expected}`);
  });

  test.each([
    ["bucket.s3.amazonaws.com", "GET /", "ListObjects"],
    ["bucket.s3.eu-central-1.amazonaws.com", "GET /a/b", "GetObject"],
    ["my.s3.bucket.s3.amazonaws.com", "GET /", "ListObjects"],
    ["s3.amazonaws.com", "GET /", "ListBuckets"],
    ["s3.dualstack.eu-west-1.amazonaws.com", "PUT /bucket", "CreateBucket"],
    ["bucket.s3.dualstack.eu-west-1.amazonaws.com", "PUT /key", "PutObject"],
    ["bucket.s3-accelerate.amazonaws.com", "PUT /key", "PutObject"],
    ["point-123456789012.s3-accesspoint.us-west-2.amazonaws.com:443", "GET /key", "GetObject"],
    ["s3.example.org:8443", "PUT /bucket", "CreateBucket"],
    ["bucket.s3.example.org:8443", "PUT /", "CreateBucket"],
    ["My.Bucket.S3.EXAMPLE.org", "GET /?acl", "GetBucketAcl"],
    ["bucket.localhost:4566", "GET /key", "GetObject"],
    ["bucket.s3.localhost:4566", "GET /key", "GetObject"],
    ["s3.localhost:4566", "PUT /bucket", "CreateBucket"],
    ["bucket.s3.us-east-1.localhost.localstack.cloud:4566", "PUT /", "CreateBucket"],
    ["minio.internal.example.com:9000", "PUT /bucket", "CreateBucket"],
    ["10.0.0.7:9000", "PUT /bucket", "CreateBucket"],
    ["[::1]:9000", "PUT /bucket", "CreateBucket"],
  ])("at %s, %s is %s", (host, line, operation) => expect(resolved(request(line, { host }))).toBe(`s3 ${operation}`));

  test.each<[string, string, string, RequestParts]>([
    [
      "account id",
      "GET /v20180820/accesspoint/p",
      "s3control GetAccessPoint",
      { headers: { "x-amz-account-id": "123456789012" } },
    ],
    ["host of an account", "GET /v20180820/jobs/1", "s3control DescribeJob", { host: "123456789012.localhost:4566" }],
    [
      "host of its own",
      "GET /v20180820/configuration/publicAccessBlock",
      "s3control GetPublicAccessBlock",
      { host: "123456789012.s3-control.us-east-1.amazonaws.com" },
    ],
    [
      "host, and no such operation",
      "GET /v20180820/nothing",
      "s3control (UnknownOperation)",
      { host: "s3-control.us-east-1.amazonaws.com" },
    ],
    [
      "greedy name",
      "GET /v20180820/mrap/instances/n/policystatus",
      "s3control GetMultiRegionAccessPointPolicyStatus",
      { headers: { "x-amz-account-id": "1" } },
    ],
    ["nothing of the kind", "GET /v20180820/accesspoint/p", "s3 GetObject", {}],
  ])("knows s3control by its %s", (_, line, expected, parts) => expect(resolved(request(line, parts))).toBe(expected));

  test.each([
    ["s3express", "GET /", "s3 ListDirectoryBuckets", "s3express.amazonaws.com"],
    ["s3express", "GET /bucket?session", "s3 CreateSession", "s3express.amazonaws.com"],
    ["s3-object-lambda", "POST /WriteGetObjectResponse", "s3 WriteGetObjectResponse", "s3-object-lambda.amazonaws.com"],
    ["s3-outposts", "GET /S3Outposts/ListEndpoints", "s3outposts ListEndpoints", "s3-outposts.amazonaws.com"],
    ["s3-outposts", "PUT /v20180820/bucket/b", "s3control CreateBucket", "s3-outposts.amazonaws.com"],
    ["s3-outposts", "GET /key", "s3 ListObjects", "s3-outposts.amazonaws.com"],
  ])("signed for %s, %s is %s of %s", (signingName, line, expected, eventSource) => {
    const wire = request(line, { headers: { "x-amz-request-route": "r" } });
    expect(resolved(wire, signingName)).toBe(expected);
    const { service, ...call } = catalog.resolve(wire, { signingName });
    expect([call.eventSource, service?.signingName, service?.iamPrefix]).toEqual([
      eventSource,
      signingName,
      signingName,
    ]);
  });
});

describe("bucketInHost()", () => {
  test.each([
    ["bucket.s3.example.org", "bucket"],
    ["a.b.s3.example.org", "a.b"],
    ["s3.example.org", undefined],
    ["xs3.example.org", undefined],
    ["other.example.org", undefined],
    ["s3-things.localhost", "s3-things"],
    ["sqs.us-east-1.amazonaws.com", undefined],
    ["127.0.0.1", undefined],
    ["localhost", undefined],
    ["", undefined],
  ])("of %s is %s", (host, bucket) => expect(bucketInHost(host, [BASE])).toBe(bucket));
});

describe("pathWithBucket()", () => {
  test("puts the bucket before the path as it is", () => {
    expect(pathWithBucket(request("GET /a%2Fb", { host: `bucket.${BASE}` }), [BASE])).toBe("/bucket/a%2Fb");
    expect(pathWithBucket(request("GET /bucket/a%2Fb", { host: BASE }), [BASE])).toBe("/bucket/a%2Fb");
  });
});

test.each([
  ["POST /S3Outposts/CreateEndpoint", "s3-outposts", "rest-json"],
  ["GET /S3Outposts/Nothing", "s3-outposts", "rest-json"],
  ["PUT /v20180820/bucket/b", "s3-outposts", "rest-xml"],
  ["PUT /bucket", "s3", "rest-xml"],
])("resolve() takes %s for what its service speaks", (line, signingName, protocol) => {
  expect(catalog.resolve(request(line), { signingName }).protocol).toBe(protocol);
});
