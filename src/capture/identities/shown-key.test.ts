import { describe, expect, test } from "vitest";
import type { CapturedHead } from "../call/captured.ts";
import { namesOneKey, shownKey } from "./shown-key.ts";

const KEY = "AKIAIOSFODNN7EXAMPLE";
const SIGNED = `AWS4-HMAC-SHA256 Credential=${KEY}/20261120/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00`;
const PRESIGNED = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${KEY}%2F20261120%2Fus-east-1%2Fs3%2Faws4_request`;
const NOTHING = new Uint8Array();

function head(headers: Readonly<Record<string, readonly string[]>>, query = ""): CapturedHead {
  return { method: "POST", path: "/", query, headers: headers as CapturedHead["headers"] };
}

describe("shownKey()", () => {
  test.each<readonly [string, CapturedHead, string | undefined]>([
    ["none", head({}), undefined],
    ["a header's", head({ "x-amz-security-token": ["a+/="] }), "a+/="],
    ["a presigned URL's", head({}, `${PRESIGNED}&X-Amz-Security-Token=a%2B%2F%3D`), "a+/="],
    ["that of Signature Version 2", head({}, `AWSAccessKeyId=${KEY}&SecurityToken=t&Signature=00`), "t"],
    ["the same in both", head({ "x-amz-security-token": ["t"] }, "X-Amz-Security-Token=t"), "t"],
    ["two different ones", head({ "x-amz-security-token": ["t"] }, "X-Amz-Security-Token=u"), undefined],
    ["two headers", head({ "x-amz-security-token": ["t", "u"] }), undefined],
  ])("reads the session token: %s", (_, given, sessionToken) => {
    expect(shownKey(KEY, given)).toEqual({ accessKeyId: KEY, ...(sessionToken === undefined ? {} : { sessionToken }) });
  });
});

describe("namesOneKey()", () => {
  const FORM = "application/x-www-form-urlencoded";
  const action = Buffer.from("Action=GetCallerIdentity&Version=2011-06-15&UserName=AWSAccessKeyId%3Dx");
  const PART = 'multipart/form-data; boundary="b"';

  test.each<readonly [string, CapturedHead, Uint8Array]>([
    ["a header", head({ authorization: [SIGNED] }), NOTHING],
    ["a header of Signature Version 2", head({ authorization: [`AWS ${KEY}:sig`] }), NOTHING],
    ["a presigned URL", head({}, PRESIGNED), NOTHING],
    ["a header before a form", head({ authorization: [SIGNED], "content-type": [FORM] }), action],
    ["a form", head({ "content-type": [FORM] }), Buffer.from(`AWSAccessKeyId=${KEY}&Signature=00`)],
  ])("is true for %s", (_, given, body) => {
    expect(namesOneKey(given, body)).toBe(true);
  });

  test.each<readonly [string, CapturedHead, Uint8Array]>([
    ["nothing", head({}), NOTHING],
    ["two headers", head({ authorization: [SIGNED, SIGNED] }), NOTHING],
    ["two credentials in a header", head({ authorization: [`${SIGNED}, Credential=B/1/2/3/4`] }), NOTHING],
    ["a header and a presigned URL", head({ authorization: [SIGNED] }, PRESIGNED), NOTHING],
    ["a header and an escaped one", head({ authorization: [SIGNED] }, "X%2dAmz%2DCredential=B"), NOTHING],
    ["a header and one of another case", head({ authorization: [SIGNED] }, "awsaccesskeyid=B"), NOTHING],
    ["two in a presigned URL", head({}, `${PRESIGNED}&X-Amz-Credential=B`), NOTHING],
    [
      "a header and a form",
      head({ authorization: [SIGNED], "content-type": [FORM] }),
      Buffer.from("AWSAccessKeyId=B&Signature=00"),
    ],
    [
      "a header and a browser's form",
      head({ authorization: [SIGNED], "content-type": [PART] }),
      Buffer.from('--b\r\nContent-Disposition: form-data; name="X-Amz-Credential"\r\n\r\nB\r\n'),
    ],
  ])("is false for %s", (_, given, body) => {
    expect(namesOneKey(given, body)).toBe(false);
  });
});
