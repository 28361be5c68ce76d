import { describe, expect, test } from "vitest";
import { accessLogEventName, parseAccessLogLine } from "./index.ts";

const HEAD = "owner invoices [06/Feb/2026:00:00:38 +0000]";
const TAIL = "- host= SigV4 ECDHE AuthHeader h.example.org TLSV1.2";

describe("parseAccessLogLine()", () => {
  test("takes every member of AWS's line", () => {
    const line = `${HEAD} 192.0.2.3 arn:aws:iam::123456789012:user/mary REQ REST.GET.OBJECT a%2520b "GET /a%20b?x=1 HTTP/1.1" 404 NoSuchKey 113 9 7 5 "ref" "agent/1 (x)" v1 host= SigV4 ECDHE AuthHeader h.example.org TLSV1.2 - Yes us-east-1`;
    expect(parseAccessLogLine(line)).toEqual({
      bucketOwner: "owner",
      bucket: "invoices",
      timeMs: Date.parse("2026-02-06T00:00:38Z"),
      remoteIp: "192.0.2.3",
      requester: "arn:aws:iam::123456789012:user/mary",
      requestId: "REQ",
      operation: "REST.GET.OBJECT",
      key: "a b",
      method: "GET",
      target: "/a%20b?x=1",
      status: 404,
      errorCode: "NoSuchKey",
      bytesSent: 113,
      objectSize: 9,
      referrer: "ref",
      userAgent: "agent/1 (x)",
      versionId: "v1",
      hostId: "host=",
      signatureVersion: "SigV4",
      cipherSuite: "ECDHE",
      authenticationType: "AuthHeader",
      hostHeader: "h.example.org",
      tlsVersion: "TLSV1.2",
      journal: false,
    });
  });

  test.each([
    ["quoted, with quotes of its own", `"-" "a "b" c" ${TAIL}`, 'a "b" c'],
    ["quoted, before the members of 2019", `"-" "agent" -`, "agent"],
    ["bare, as radosgw writes it", `"-" aws-cli/2 md/x (y) - - SigV4 - AuthHeader host - - -`, "aws-cli/2 md/x (y)"],
    ["absent and quoted", `"-" "-" ${TAIL}`, undefined],
    ["absent and bare", `- - - - - - - localhost - -`, undefined],
  ])("reads a user agent that is %s", (_, tail, agent) => {
    const line = `${HEAD} - r id REST.GET.OBJECT k "GET /k HTTP/1.1" 200 - 1 1 - 12ms ${tail}`;
    expect(parseAccessLogLine(line)).toMatchObject({ status: 200, userAgent: agent });
  });

  test.each([
    [
      "plain with a space and a per cent sign, as radosgw writes it",
      "a b 5%41",
      "/invoices/a%20b%205%2541",
      "a b 5%41",
    ],
    ["encoded once", "a%20b", "/invoices/a%20b", "a b"],
    ["encoded twice", "a%2520b", "/invoices/a%20b", "a b"],
    ["no encoding at all", "100%", "/100%", "100%"],
    ["ending like a request line", 'x "GET /y HTTP/1.1', "/x", 'x "GET /y HTTP/1.1'],
  ])("reads a key that is %s", (_, written, target, key) => {
    const line = `${HEAD} - r id REST.PUT.OBJECT ${written} "PUT ${target} HTTP/1.1" 200 - - 1 1 1 "-" "agent" ${TAIL}`;
    expect(parseAccessLogLine(line)).toMatchObject({ key, target, userAgent: "agent" });
  });

  test("is not misled by a client that writes an outcome into its user agent", () => {
    const forged = `x" 200 - - 1 1 1 "-" "innocent`;
    const line = `${HEAD} 192.0.2.3 - R REST.DELETE.OBJECT k "DELETE /k HTTP/1.1" 403 AccessDenied 243 - 33 - "-" "${forged}" ${TAIL}`;
    expect(parseAccessLogLine(line)).toMatchObject({ status: 403, errorCode: "AccessDenied", userAgent: forged });
  });

  test("reads a line of radosgw's journal mode", () => {
    const line = `testid acme:fish [06/Aug/2026:09:40:09 +0200] REST.PUT.OBJECT my file 512 ? 4cfdfc`;
    expect(parseAccessLogLine(line)).toMatchObject({
      bucket: "fish",
      timeMs: Date.parse("2026-08-06T07:40:09Z"),
      key: "my file",
      objectSize: 512,
      versionId: undefined,
      journal: true,
    });
  });

  test.each([
    ["nothing", ""],
    ["a comment", "#Version: 1.0"],
    ["JSON", '{"bucket":"b"}'],
    [
      "a month that is none",
      `o b [06/Fob/2026:00:00:38 +0000] - r id REST.GET.OBJECT k "GET /k HTTP/1.1" 200 - 1 1 1 1 "-" "a" -`,
    ],
    ["no operation", `${HEAD} - r id GETOBJECT k "GET /k HTTP/1.1" 200 - 1 1 1 1 "-" "a" -`],
    ["half a line", `${HEAD} 192.0.2.3 r id REST.GET.OBJECT k "GET /k HTT`],
  ])("refuses %s", (_, line) => {
    expect(parseAccessLogLine(line)).toBeUndefined();
  });

  test.each(['"', '" ', '" 200 ', '" 200 - ', " - ", "a ", '" "'])("reads a megabyte of %j without ado", (piece) => {
    const line = `${HEAD} 192.0.2.3 r id REST.GET.OBJECT ${piece.repeat(1_000_000 / piece.length)}`;
    expect(parseAccessLogLine(line)?.journal ?? true).toBe(true);
  });
});

describe("accessLogEventName()", () => {
  test.each([
    ["REST.PUT.OBJECT", "k", "/b/k", "PutObject"],
    ["REST.PUT.OBJECT", "k", "/b/k?partNumber=1&uploadId=x", "UploadPart"],
    ["REST.GET.BUCKET", undefined, "/b?list-type=2", "ListObjects"],
    ["REST.GET.ACL", undefined, "/b?acl", "GetBucketAcl"],
    ["REST.GET.ACL", "k", "/b/k?acl", "GetObjectAcl"],
    ["REST.DELETE.LIFECYCLE", undefined, "/b?lifecycle", "DeleteBucketLifecycle"],
    ["REST.POST.MULTI_OBJECT_DELETE", undefined, "/b?delete", "DeleteObjects"],
    ["REST.POST.DELETE_MULTI_OBJECT", undefined, "/b?delete", "DeleteObjects"],
    ["BATCH.DELETE.OBJECT", "k", undefined, "DeleteObject"],
    ["WEBSITE.GET.OBJECT", "k", "/k", "GetObject"],
    ["S3.EXPIRE.OBJECT", "k", undefined, undefined],
    ["REST.OPTIONS.PREFLIGHT", undefined, "/b", undefined],
    ["REST.constructor.toString", undefined, "/b", undefined],
  ])("calls %s (key %s, %s) %s", (operation, key, target, name) => {
    expect(accessLogEventName({ operation, key, target })).toBe(name);
  });
});
