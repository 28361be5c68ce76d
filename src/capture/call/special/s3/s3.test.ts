import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CapturedBody } from "../../captured.ts";
import {
  bodyOf,
  genericRequest,
  genericResponse,
  PLACE,
  requestCall,
  type RequestParts,
  responseCall,
  s3Operation,
} from "../testing.ts";
import { deletedObjects, S3 } from "./index.ts";

const BUCKET = { accountId: "123456789012", type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::b" };

function describeRequest(parts: RequestParts, readOnly = false) {
  const described = S3.request?.(requestCall(parts), genericRequest({ readOnly }));
  if (described === undefined) throw new Error("S3 describes requests");
  return described;
}

function describeAnswer(parts: RequestParts, answer: Parameters<typeof responseCall>[2], readOnly = false) {
  const call = responseCall(parts, describeRequest(parts, readOnly), answer);
  const described = S3.response?.(call, genericResponse());
  if (described === undefined) throw new Error("S3 describes responses");
  return described;
}

describe("S3.request()", () => {
  test("shows a presigned upload without what presigns it", () => {
    const query = [
      "X-Amz-Algorithm=AWS4-HMAC-SHA256",
      "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20241022%2Fus-east-1%2Fs3%2Faws4_request",
      "X-Amz-Date=20241022T152239Z",
      "X-Amz-Expires=300",
      "X-Amz-SignedHeaders=host%3Bx-amz-acl",
      "X-Amz-Security-Token=secret",
      "X-Amz-Signature=secret",
    ].join("&");
    const headers = { host: "b.s3.amazonaws.com", "x-amz-acl": "private", "content-type": "image/png" };
    const parts = { operation: "PutObject", method: "PUT", path: "/a%20b/c.png", query, headers, body: "picture" };
    const described = describeRequest({ ...parts, model: s3Operation("PutObject", "object") });
    expect(described.requestParameters).toEqual({
      bucketName: "b",
      Host: "b.s3.amazonaws.com",
      key: "a b/c.png",
      "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
      "X-Amz-Date": "20241022T152239Z",
      "X-Amz-Expires": "300",
      "X-Amz-SignedHeaders": "host;x-amz-acl",
      "x-amz-acl": "private",
    });
    expect(described.resources).toEqual([{ type: "AWS::S3::Object", ARN: "arn:aws:s3:::b/a b/c.png" }, BUCKET]);
    expect(described.additionalEventData).toEqual({
      SignatureVersion: "SigV4",
      AuthenticationMethod: "QueryString",
      bytesTransferredIn: 7,
    });
  });

  test("never shows keys, tokens, signatures, or what the owner stores beside the object", () => {
    const headers = {
      host: "localhost",
      authorization: "AWS4-HMAC-SHA256 Credential=AKIA/20241022/us-east-1/s3/aws4_request, Signature=secret",
      "x-amz-security-token": "secret",
      "x-amz-server-side-encryption-customer-algorithm": "AES256",
      "x-amz-server-side-encryption-customer-key": "secret",
      "x-amz-server-side-encryption-customer-key-md5": "secret",
      "x-amz-copy-source-server-side-encryption-customer-key": "secret",
      "x-amz-copy-source": "/other/secretless",
      "x-amz-mfa": "arn:aws:iam::1:mfa/x secret",
      "x-amz-meta-note": "secret",
      "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
      "x-amz-date": "20241022T152239Z",
    };
    const query = "AWSAccessKeyId=secret&Signature=secret&Expires=1&x-amz-server-side-encryption-customer-key=secret";
    const described = describeRequest({ operation: "CopyObject", method: "PUT", path: "/b/k", headers, query });
    expect(described.requestParameters).toEqual({
      bucketName: "b",
      Host: "localhost",
      key: "k",
      Expires: "1",
      "x-amz-server-side-encryption-customer-algorithm": "AES256",
      "x-amz-copy-source": "/other/secretless",
    });
    expect(JSON.stringify(described)).not.toContain('"secret');
  });

  test("lets no parameter pass for the address", () => {
    const query = "bucketName=victim&Host=victim&key=victim&__proto__=x&list-type=2&prefix=p%2F&delimiter";
    const described = describeRequest({ operation: "ListObjectsV2", path: "/b", query, headers: { host: "h" } });
    expect(JSON.parse(JSON.stringify(described.requestParameters))).toEqual(
      JSON.parse('{"bucketName":"b","Host":"h","__proto__":"x","list-type":"2","prefix":"p/","delimiter":""}'),
    );
    expect(described.resources).toEqual([{ type: "AWS::S3::Object", ARNPrefix: "arn:aws:s3:::b/p/" }, BUCKET]);
  });

  test.each([
    ["the service", { operation: "ListBuckets", path: "/" }, []],
    ["a bucket to be made", { operation: "CreateBucket", path: "/b" }, []],
    ["a bucket", { operation: "GetBucketAcl", path: "/b", query: "acl" }, [BUCKET]],
    [
      "many keys",
      { operation: "DeleteObjects", path: "/b", query: "delete" },
      [{ type: "AWS::S3::Object", ARNPrefix: "arn:aws:s3:::b/" }, BUCKET],
    ],
    ["a key longer than keys are", { operation: "GetObject", path: `/b/${"k".repeat(1025)}` }, [BUCKET]],
    ["a bucket that cannot be one", { operation: "GetObject", path: "/b%0A/k" }, []],
    [
      "a bucket in China",
      { operation: "HeadBucket", path: "/b", place: { ...PLACE, region: "cn-north-1" } },
      [{ ...BUCKET, ARN: "arn:aws-cn:s3:::b" }],
    ],
    [
      "a directory bucket",
      { service: "s3", eventSource: "s3express.amazonaws.com", operation: "GetObject", path: "/b--x--x-s3/k" },
      [
        {
          type: "AWS::S3Express::Object",
          ARN: "arn:aws:s3express:us-east-1:123456789012:bucket/b--x--x-s3/k",
        },
        {
          accountId: "123456789012",
          type: "AWS::S3Express::DirectoryBucket",
          ARN: "arn:aws:s3express:us-east-1:123456789012:bucket/b--x--x-s3",
        },
      ],
    ],
  ] satisfies [string, RequestParts, unknown][])("names the resources of %s", (_, parts, resources) => {
    expect(describeRequest(parts).resources).toEqual(resources);
  });

  test("shows an XML body element by element", () => {
    const body =
      '<?xml version="1.0"?><AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>007</ID></Owner>' +
      '<AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">' +
      "<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>" +
      "<Grant><Permission>1.10</Permission></Grant></AccessControlList><Days>30</Days><On>true</On><Empty/></AccessControlPolicy>";
    const model = s3Operation("PutBucketAcl", "xml");
    const described = describeRequest({ operation: "PutBucketAcl", model, path: "/b", query: "acl", body });
    expect(described.requestParameters).toEqual({
      bucketName: "b",
      acl: "",
      AccessControlPolicy: {
        xmlns: "http://s3.amazonaws.com/doc/2006-03-01/",
        Owner: { ID: "007" },
        AccessControlList: {
          Grant: [
            {
              Grantee: {
                "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
                "xsi:type": "Group",
                URI: "http://acs.amazonaws.com/groups/global/AllUsers",
              },
              Permission: "READ",
            },
            { Permission: "1.10" },
          ],
        },
        Days: 30,
        On: true,
        Empty: "",
      },
    });
  });

  test.each([
    ["an object that happens to be XML", "PutObject", "object", "<a/>", {}],
    ["the keys of DeleteObjects", "DeleteObjects", "xml", "<Delete/>", {}],
    ["a body that is not XML", "PutBucketAcl", "xml", "<a", {}],
    ["a document type", "PutBucketAcl", "xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', {}],
    ["an empty body", "PutBucketAcl", "xml", "", {}],
    ["a body of which only a part is there", "PutBucketAcl", "xml", { ...bodyOf("<a/>"), whole: false }, {}],
    ["a policy", "PutBucketPolicy", "policy", '{"Version":"2012-10-17"}', { bucketPolicy: { Version: "2012-10-17" } }],
    ["a policy that is none", "PutBucketPolicy", "policy", "{", { bucketPolicy: "{" }],
    [
      "a policy too deep",
      "PutBucketPolicy",
      "policy",
      "[".repeat(99) + "]".repeat(99),
      { bucketPolicy: expect.any(String) },
    ],
  ] satisfies [string, string, "xml" | "object" | "policy", string | CapturedBody, object][])(
    "has the parameters of %s",
    (_, operation, kind, body, parameters) => {
      const described = describeRequest({ operation, model: s3Operation(operation, kind), path: "/b", body });
      expect(described.requestParameters).toEqual({ bucketName: "b", ...parameters });
    },
  );

  test.each([
    ["AWS4-HMAC-SHA256 Credential=x", "", "SigV4", "AuthHeader"],
    ["AWS4-ECDSA-P256-SHA256 Credential=x", "", "SigV4A", "AuthHeader"],
    ["AWS AKIA:signature", "", "SigV2", "AuthHeader"],
    [undefined, "AWSAccessKeyId=x&Signature=y&Expires=1", "SigV2", "QueryString"],
    [undefined, "X-Amz-Algorithm=AWS4-HMAC-SHA256", "SigV4", "QueryString"],
    [undefined, "prefix=x", undefined, undefined],
  ])("tells how %s ?%s is signed", (authorization, query, SignatureVersion, AuthenticationMethod) => {
    const headers = authorization === undefined ? {} : { authorization };
    expect(describeRequest({ path: "/b", query, headers }).additionalEventData).toEqual({
      ...(SignatureVersion && { SignatureVersion, AuthenticationMethod }),
      bytesTransferredIn: 0,
    });
  });

  test("counts the object's bytes, not those of its chunks", () => {
    const headers = { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": "3" };
    const described = describeRequest({
      operation: "PutObject",
      method: "PUT",
      path: "/b/k",
      headers,
      body: "3\r\nabc",
    });
    expect(described.additionalEventData).toEqual({ bytesTransferredIn: 3 });
    expect(described.requestParameters).toEqual({ bucketName: "b", key: "k" });
  });

  test("tells the verb of a call that nobody knows", () => {
    const described = describeRequest({ method: "DELETE", path: "/b", query: "newThing" });
    expect(described.requestParameters).toEqual({ bucketName: "b", newThing: "", method: "DELETE" });
  });

  test("names what S3 Control's paths name", () => {
    const model = s3Operation("DeleteAccessPoint", "none");
    const headers = { host: "123456789012.s3-control.us-east-1.amazonaws.com", "x-amz-account-id": "123456789012" };
    const parts = { service: "s3control", eventSource: "s3.amazonaws.com", operation: "DeleteAccessPoint", model };
    const call = requestCall({ ...parts, headers, method: "DELETE", path: "/v20180820/accesspoint/b" });
    const described = S3.request?.(call, genericRequest({ input: { Bucket: "b" } }));
    expect(described?.requestParameters).toEqual({ Host: headers.host, bucket: "b" });
    expect(described?.resources).toEqual([]);
  });
});

describe("S3.request() of a form upload", () => {
  const part = (name: string, value: string): string =>
    `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const file =
    '--x\r\nContent-Disposition: form-data; name="file"; filename="C:\\cat $&.png"\r\nContent-Type: image/png\r\n\r\n';
  const fields = [
    part("key", "user/${filename}"),
    part("acl", "public-read"),
    part("bucketName", "victim"),
    part("x-amz-credential", "secret"),
    part("x-amz-algorithm", "AWS4-HMAC-SHA256"),
    part("x-amz-security-token", "secret"),
    part("policy", "secret"),
    part("x-amz-signature", "secret"),
  ].join("");
  const headers = { "content-type": "multipart/form-data; boundary=x" };

  test("reads the fields before the file, and never the policy or the signature", () => {
    const body = `${fields}${file}picture\r\n--x--\r\n`;
    const described = describeRequest({ method: "POST", path: "/b", headers, body });
    expect(described.requestParameters).toEqual({
      bucketName: "b",
      key: "user/cat $&.png",
      acl: "public-read",
      "x-amz-algorithm": "AWS4-HMAC-SHA256",
    });
    expect(described.resources[0]).toEqual({ type: "AWS::S3::Object", ARN: "arn:aws:s3:::b/user/cat $&.png" });
    expect(described.additionalEventData).toMatchObject({ SignatureVersion: "SigV4" });
  });

  test("reads what is there of a body that was cut", () => {
    const bytes = new TextEncoder().encode(fields);
    for (let end = 0; end < bytes.length; end += 7) {
      const body = { bytes: bytes.subarray(0, end), size: 1e9, whole: false };
      const described = describeRequest({ method: "POST", path: "/b", headers, body });
      expect(JSON.stringify(described)).not.toContain("secret");
    }
  });
});

describe("S3.response()", () => {
  const put: RequestParts = { operation: "PutObject", method: "PUT", path: "/b/k" };
  const answer = {
    headers: {
      "x-amz-request-id": "ECTJHAG5XEGAXRK7",
      "x-amz-id-2": "votx/Un=",
      "x-amz-server-side-encryption": "AES256",
      "x-amz-version-id": "v1",
      etag: '"e"',
    },
    body: "12345",
  };

  test("shows headers of a write, and how it was encrypted", () => {
    expect(describeAnswer(put, answer)).toEqual({
      requestID: "ECTJHAG5XEGAXRK7",
      responseElements: { "x-amz-server-side-encryption": "AES256", "x-amz-version-id": "v1" },
      resources: [{ type: "AWS::S3::Object", ARN: "arn:aws:s3:::b/k" }, BUCKET],
      additionalEventData: { SSEApplied: "Default_SSE_S3", "x-amz-id-2": "votx/Un=", bytesTransferredOut: 5 },
    });
  });

  test.each([
    ["aws:kms", { "x-amz-server-side-encryption": "aws:kms" }, "SSE_KMS"],
    ["aws:kms", {}, "Default_SSE_KMS"],
    ["aws:kms:dsse", {}, "Default_DSSE_KMS"],
    ["rot13", {}, undefined],
  ])("tells %s after a request with %j as %s", (encryption, headers, applied) => {
    const described = describeAnswer({ ...put, headers }, { headers: { "x-amz-server-side-encryption": encryption } });
    expect(described.additionalEventData["SSEApplied"]).toBe(applied);
  });

  test("shows nothing of a read, and of a write without such headers", () => {
    expect(describeAnswer({ operation: "GetObject", path: "/b/k" }, answer, true).responseElements).toBeNull();
    expect(describeAnswer({ operation: "GetObject", path: "/b/k" }, answer, true).additionalEventData).toEqual({
      "x-amz-id-2": "votx/Un=",
      bytesTransferredOut: 5,
    });
    expect(describeAnswer({ operation: "PutBucketAcl", path: "/b" }, { body: "" }).responseElements).toBeNull();
  });

  test.each([
    [
      "<InitiateMultipartUploadResult><Key>k</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>",
      { InitiateMultipartUploadResult: { Key: "k", UploadId: "u" } },
    ],
    ["<Error><Code>InternalError</Code></Error>", null],
    ["not XML", null],
  ])("shows the result in %s", (body, elements) => {
    const parts = { operation: "CreateMultipartUpload", method: "POST", path: "/b/k", query: "uploads" };
    expect(describeAnswer(parts, { body }).responseElements).toEqual(elements);
  });

  test("shows no elements of a failure", () => {
    const call = responseCall(put, describeRequest(put), answer);
    const described = S3.response?.(call, genericResponse({ errorCode: "AccessDenied" }));
    expect(described?.responseElements).toBeNull();
    expect(described?.additionalEventData).not.toHaveProperty("SSEApplied");
  });
});

describe("deletedObjects()", () => {
  const input = { Delete: { Objects: [{ Key: "a" }, { Key: "b", VersionId: "1" }, { Key: "b", VersionId: "2" }] } };

  test("lists every key that was asked for, with the error of those that stayed", () => {
    const output = { Errors: [{ Key: "b", VersionId: "2", Code: "AccessDenied", Message: "Access Denied" }] };
    expect(deletedObjects(input, output)).toEqual([
      { key: "a" },
      { key: "b", versionId: "1" },
      { key: "b", versionId: "2", error: { code: "AccessDenied", message: "Access Denied" } },
    ]);
  });

  test("lists nothing when the call failed or nobody understood it", () => {
    expect(deletedObjects(input, undefined)).toEqual([]);
    expect(deletedObjects(undefined, {})).toEqual([]);
  });

  test("takes any input", () => {
    const junk = fc.object({
      key: fc.constantFrom("Delete", "Objects", "Errors", "Key", "Code", "VersionId"),
      maxDepth: 4,
    });
    fc.assert(
      fc.property(junk, junk, (asked, answered) => {
        expect(deletedObjects(asked, answered)).toBeInstanceOf(Array);
      }),
    );
  });
});

test("S3 describes any request and answer", () => {
  const text = fc.string({ unit: "binary", maxLength: 60 });
  const headers = fc.dictionary(
    fc.oneof(text, fc.constantFrom("host", "authorization", "content-type", "x-amz-acl", "x-amz-id-2")),
    fc.oneof(text, fc.constantFrom("multipart/form-data; boundary=x", "b.s3.amazonaws.com")),
  );
  const body = fc.oneof(
    text,
    fc.constant("<a><b/></a>"),
    fc.constant('--x\r\nContent-Disposition: form-data; name="key"\r\n\r\n'),
  );
  const kinds = fc.constantFrom("none", "xml", "policy", "object");
  const method = fc.constantFrom("GET", "PUT", "POST", "DELETE");
  fc.assert(
    fc.property(method, text, text, headers, body, kinds, (verb, path, query, sent, bytes, kind) => {
      const operation = "CopyObject";
      const parts = {
        operation,
        method: verb,
        path,
        query,
        headers: sent,
        body: bytes,
        model: s3Operation(operation, kind),
      };
      const described = describeRequest(parts);
      expect(() => JSON.stringify([described, describeAnswer(parts, { headers: sent, body: bytes })])).not.toThrow();
    }),
    { numRuns: 300 },
  );
});
