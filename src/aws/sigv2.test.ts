import { describe, expect, test } from "vitest";
import { Refusal } from "../core/index.ts";
import { readPresignedUrl, verifyPresignedUrl } from "./sigv2.ts";
import { headersOf } from "./http.ts";

const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/** Made by botocore 1.44.5 (`generate_presigned_url`) for the key AKIDEXAMPLE and SECRET, expiring at 1795199235. */
const MADE_BY_BOTOCORE: readonly (readonly [what: string, method: string, url: string, headers: readonly string[]])[] =
  [
    [
      "a download",
      "GET",
      "/b/k%20k/%C3%BC%2B.txt?AWSAccessKeyId=AKIDEXAMPLE&Signature=uUVovBlpULbiuYFS0LT34D72zBE%3D&Expires=1795199235",
      [],
    ],
    [
      "a version under another name",
      "GET",
      "/b/k?versionId=v1&response-content-disposition=attachment%3B%20filename%3D%22a%20b%22&AWSAccessKeyId=AKIDEXAMPLE&Signature=gsmjvWzPwL66BK2FUJuokAvBsvk%3D&Expires=1795199235",
      [],
    ],
    [
      "an upload with a type",
      "PUT",
      "/b/k?AWSAccessKeyId=AKIDEXAMPLE&Signature=DLN2rqsCH1LBc2Tv%2FIMDCCDz44U%3D&content-type=text%2Fplain&Expires=1795199235",
      ["Content-Type", "text/plain"],
    ],
    [
      "an upload with metadata",
      "PUT",
      "/b/k?AWSAccessKeyId=AKIDEXAMPLE&Signature=M0MS84GtFI9VQafi40F4U2cqEzQ%3D&x-amz-meta-who=me&Expires=1795199235",
      ["x-amz-meta-who", "me"],
    ],
    [
      "a session's download",
      "GET",
      "/b/k?AWSAccessKeyId=ASIDEXAMPLE&Signature=ABwrxy5Bx8uE4jHimHT4TJQd8S0%3D&x-amz-security-token=to%2Bken%2F%3D&Expires=1795199235",
      [],
    ],
    [
      "a part",
      "PUT",
      "/b/k?partNumber=2&uploadId=u&AWSAccessKeyId=AKIDEXAMPLE&Signature=dRMHWxkuao8JoDwD5xWnDjZl0Es%3D&Expires=1795199235",
      [],
    ],
  ];

describe("verifyPresignedUrl()", () => {
  test.each(MADE_BY_BOTOCORE)("takes what botocore presigned: %s", (_, method, url, headers) => {
    expect(() => verify(method, url, headers)).not.toThrow();
  });

  test.each(MADE_BY_BOTOCORE)(
    "refuses it for another method, path, expiry, secret or header: %s",
    (_, method, url, headers) => {
      expect(() => verify(method === "GET" ? "PUT" : "GET", url, headers)).toThrow(Refusal);
      expect(() => verify(method, url.replace("/b/", "/c/"), headers)).toThrow(Refusal);
      expect(() => verify(method, url.replace("1795199235", "1795199236"), headers)).toThrow(Refusal);
      expect(() => verify(method, url, [...headers, "x-amz-acl", "public-read"])).toThrow(Refusal);
      expect(() => verify(method, url, headers, "another")).toThrow(Refusal);
    },
  );

  test.each([
    "legal-hold",
    "retention=x",
    "%6Cegal-hold",
    "encryption",
    "publicAccessBlock",
    "attributes",
    "new-thing=1",
  ])("refuses what somebody has added to a URL: %s", (added) => {
    const [, method, url, headers] = MADE_BY_BOTOCORE[0] ?? ["", "", "", []];
    expect(() => verify(method, `${url}&${added}`, headers)).toThrow("is not covered by Signature Version 2");
  });

  test.each(["acl", "%61cl", "versionId=2", "%76ersionId=2", "X-Amz-Credential=another", "x-amz-acl=public-read"])(
    "does not take the signature of a URL for one with more that is signed: %s",
    (added) => {
      const [, method, url, headers] = MADE_BY_BOTOCORE[0] ?? ["", "", "", []];
      expect(() => verify(method, `${url}&${added}`, headers)).toThrow("does not match");
    },
  );

  test("takes the page of a listing, which clients do not sign", () => {
    const url =
      "/b?list-type=2&prefix=a%2F&encoding-type=url&AWSAccessKeyId=AKIDEXAMPLE&Signature=XVe4f%2B402fC4OQs0QkeczHMid9U%3D&Expires=1795199235";
    expect(() => verify("GET", url, [])).not.toThrow();
  });

  test("refuses a URL whose time is over, by that name only to who signed it", () => {
    const [, method, url, headers] = MADE_BY_BOTOCORE[0] ?? ["", "", "", []];
    expect(() => verify(method, url, headers, SECRET, 1795199236_000)).toThrow("Request has expired");
    expect(() => verify(method, url, headers, "another", 1795199236_000)).toThrow("does not match");
  });
});

test.each([
  ["no signature", "AWSAccessKeyId=A&Expires=1"],
  ["no time", "AWSAccessKeyId=A&Signature=x"],
  ["a time that is none", "AWSAccessKeyId=A&Signature=x&Expires=soon"],
])("readPresignedUrl() refuses %s", (_, query) => {
  expect(() => readPresignedUrl(query)).toThrow("requires the Signature, Expires and AWSAccessKeyId parameters");
});

test("readPresignedUrl() finds nothing where there is nothing", () => {
  expect(readPresignedUrl("list-type=2&prefix=a")).toBeUndefined();
});

function verify(
  method: string,
  url: string,
  headers: readonly string[],
  secret: string = SECRET,
  now: number = 1795199235_000,
): void {
  const [path = "", query = ""] = url.split("?");
  const presigned = readPresignedUrl(query);
  if (presigned === undefined) throw new Error("the url is not presigned");
  verifyPresignedUrl({ method, path, query, headers: headersOf(headers) }, presigned, secret, { path, now });
}
