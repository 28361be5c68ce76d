import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claimedKey } from "./index.ts";

const V4 = "Credential=AKIDEXAMPLE/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=00";
const SCOPE = { signingName: "s3", region: "eu-west-1" };

function head(headers: Record<string, readonly string[]> = {}, query = "") {
  return { method: "POST", path: "/", query, headers };
}

function form(...fields: readonly (readonly [name: string, value: string])[]): Uint8Array {
  const parts = fields.map(
    ([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return Buffer.from(`${parts.join("")}--x--\r\n`);
}

const MULTIPART = { "content-type": ['multipart/form-data; boundary="x"'] };

describe("claimedKey()", () => {
  test.each([
    ["a header", head({ authorization: [`AWS4-HMAC-SHA256 ${V4}`] }), { form: "header", ...SCOPE }],
    [
      "SigV4A",
      head({ authorization: ["AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20260101/s3/aws4_request, Signature=0"] }),
      { form: "sigv4a", signingName: "s3" },
    ],
    ["SigV2 in a header", head({ authorization: ["AWS AKIDEXAMPLE:c2lnbmF0dXJl"] }), { form: "sigv2-header" }],
    [
      "a presigned query",
      head(
        {},
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260101%2Feu-west-1%2Fs3%2Faws4_request",
      ),
      { form: "presigned", ...SCOPE },
    ],
    [
      "a query presigned with SigV4A",
      head({}, "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260101%2Fs3%2Faws4_request"),
      { form: "sigv4a", signingName: "s3" },
    ],
    ["SigV2 in a query", head({}, "AWSAccessKeyId=AKIDEXAMPLE&Expires=1&Signature=x"), { form: "sigv2-query" }],
  ])("claimedKey() reads %s", (_, request, expected) =>
    expect(claimedKey(request)).toEqual({ accessKeyId: "AKIDEXAMPLE", ...expected }),
  );

  test.each([
    [
      "a POST policy",
      MULTIPART,
      form(["key", "a"], ["x-amz-credential", "AKIDEXAMPLE/20260101/eu-west-1/s3/aws4_request"]),
      { form: "post-policy", ...SCOPE },
    ],
    ["a POST policy of old", MULTIPART, form(["key", "a"], ["AWSAccessKeyId", "AKIDEXAMPLE"]), { form: "post-policy" }],
    [
      "a query request of old",
      { "content-type": ["application/x-www-form-urlencoded"] },
      Buffer.from("Action=A&AWSAccessKeyId=AKIDEXAMPLE&SignatureVersion=2"),
      { form: "sigv2-query" },
    ],
  ])("claimedKey() reads %s in the body", (_, headers, body, expected) => {
    expect(claimedKey(head(headers), body)).toEqual({ accessKeyId: "AKIDEXAMPLE", ...expected });
    expect(claimedKey(head(headers))).toBeUndefined();
  });

  test.each([
    ["no signature", {}, ""],
    ["a bearer token", { authorization: ["Bearer Credential=abc"] }, ""],
    ["a key with a space", { authorization: ["AWS a b:c"] }, ""],
    ["an endless key", { authorization: [`AWS ${"a".repeat(200)}:c`] }, ""],
    ["an empty credential", {}, "X-Amz-Credential="],
  ])("claimedKey() knows none of %s", (_, headers, query) => expect(claimedKey(head(headers, query))).toBeUndefined());

  test("claimedKey() leaves out of a broken scope what is none", () => {
    const key = { accessKeyId: "AKIDEXAMPLE", form: "header" };
    const authorization = (credential: string) =>
      head({ authorization: [`AWS4-HMAC-SHA256 Credential=${credential}`] });
    expect(claimedKey(authorization("AKIDEXAMPLE"))).toEqual(key);
    expect(claimedKey(authorization("AKIDEXAMPLE/1/<b>/s3"))).toEqual({ ...key, signingName: "s3" });
  });

  test("claimedKey() never throws", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary-ascii" }),
      fc.constantFrom("AWS4-HMAC-SHA256 Credential=", "%", "AWS "),
    );
    fc.assert(
      fc.property(fc.array(text), fc.array(text), fc.array(text), (authorization, query, body) => {
        const headers = { authorization: [authorization.join("")], "content-type": ["multipart/form-data"] };
        expect(() =>
          claimedKey(head(headers, `X-Amz-Credential=${query.join("&")}`), Buffer.from(body.join(""))),
        ).not.toThrow();
      }),
    );
  });
});
