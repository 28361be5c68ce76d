import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WireRequest } from "../http.ts";
import { canonicalRequest, sha256 } from "./canonical.ts";
import { presignRequest, readSignature, type SignedRequest, signRequest, verifySignature } from "./index.ts";
import { stringToSign } from "./signature.ts";

const SUITE = "../shared/data/aws-protocol-tests/auth/aws4_testsuite";
const CREDENTIALS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const NOW = Date.parse("2015-08-30T12:36:00Z");
const SCOPE = { region: "us-east-1", service: "service", now: NOW };

/** What a test may change. */
interface Draft {
  method: string;
  path: string;
  query: string;
  headers: Record<string, readonly string[] | undefined>;
  body: Uint8Array;
}

/** A `.req` or `.sreq` file; folded lines go on with the header before them. */
function readRequest(file: string): Draft {
  const [head = "", body = ""] = readFileSync(file, "latin1").split("\n\n");
  const [first = "", ...lines] = head.trimEnd().split(/\r?\n(?![ \t])/);
  const [, method = "", target = ""] = /^(\S+) (.*) HTTP\/1\.1$/.exec(first) ?? [];
  const [path = "", query = ""] = target.split("?");
  const headers: Record<string, string[]> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1));
  }
  return { method, path, query, headers, body: Buffer.from(body, "latin1") };
}

interface Vector {
  readonly name: string;
  readonly request: Draft;
  readonly sessionToken: string | undefined;
  readonly canonical: string;
  readonly toSign: string;
  readonly authorization: string;
  /** The request as it travels, with the authorization. */
  readonly sent: Draft;
}

function readVector(file: string): Vector {
  const text = (ending: string) => readFileSync(file.replace(/req$/, ending), "latin1").trimEnd();
  const request = readRequest(file);
  const canonical = text("creq");
  const sent = readRequest(file.replace(/req$/, "sreq"));
  // One of the suite's `.sreq` files shows a wrong signature; its `.authz` is the one that fits.
  sent.headers["authorization"] = [text("authz")];
  const token = sent.headers["x-amz-security-token"]?.[0];
  const added = token !== undefined && request.headers["x-amz-security-token"] === undefined;
  return {
    name: basename(dirname(file)),
    request,
    sessionToken: added && canonical.includes(token) ? token : undefined,
    canonical,
    toSign: text("sts"),
    authorization: text("authz"),
    sent,
  };
}

const vectors = globSync(`${SUITE}/**/*.req`).map(readVector);

describe.skipIf(!existsSync(SUITE))("AWS's Signature Version 4 test suite (needs ../shared/data)", () => {
  test("the suite holds 34 vectors", () => expect(vectors).toHaveLength(34));

  test.each(vectors)("canonicalRequest() and stringToSign() give the vector's text: $name", (vector) => {
    const { sessionToken, sent } = vector;
    const headers =
      sessionToken === undefined
        ? vector.request.headers
        : { ...vector.request.headers, "x-amz-security-token": [sessionToken] };
    const names = Object.keys(headers).toSorted();
    const canonical = canonicalRequest({ ...vector.request, headers }, "service", names, sha256(sent.body));
    expect(canonical).toBe(vector.canonical);
    const scope = { date: "20150830", region: "us-east-1", service: "service" };
    expect(stringToSign("20150830T123600Z", scope, canonical)).toBe(vector.toSign);
  });

  test.each(vectors)(
    "signRequest() gives the vector's authorization: $name",
    ({ request, sessionToken, authorization }) => {
      const credentials = sessionToken === undefined ? CREDENTIALS : { ...CREDENTIALS, sessionToken };
      expect(signRequest(request, credentials, SCOPE).headers["authorization"]).toEqual([authorization]);
    },
  );

  test.each(vectors)("verifySignature() accepts the vector: $name", ({ sent }) =>
    expect(verdict(sent)).toBe("accepted"),
  );

  test.each(vectors)("verifySignature() refuses the vector with another secret: $name", ({ sent }) => {
    expect(verdict(sent, NOW, `${CREDENTIALS.secretAccessKey}x`)).toBe("SignatureDoesNotMatch");
  });

  test("verifySignature() refuses every vector after one bit flipped anywhere in what was signed", () => {
    let flips = 0;
    for (const { sent, name } of vectors) {
      const before = canonicalOf(sent);
      for (const [place, changed] of everyFlip(sent)) {
        // A path that normalises to the same text is the same path.
        flips++;
        const same = place === "path" && canonicalOf(changed) === before;
        expect(verdict(changed) === "accepted", `${name} ${place} ${JSON.stringify(changed)}`).toBe(same);
      }
    }
    expect(flips).toBeGreaterThan(4_000);
  });
});

/** `accepted`, or the code of the refusal. */
function verdict(request: WireRequest, now = NOW, secret = CREDENTIALS.secretAccessKey): string {
  try {
    const signed = readSignature(request);
    if (signed === undefined) return "unsigned";
    verifySignature(request, signed, secret, { now });
    return "accepted";
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown) return String(thrown.code);
    throw thrown;
  }
}

/** The refusal's text. */
function complaint(request: WireRequest, now = NOW): string {
  try {
    const signed = readSignature(request);
    if (signed !== undefined) verifySignature(request, signed, CREDENTIALS.secretAccessKey, { now });
    return "";
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

function read(request: WireRequest): SignedRequest {
  const signed = readSignature(request);
  if (signed === undefined) throw new Error("the request is not signed");
  return signed;
}

function canonicalOf(request: WireRequest): string {
  return canonicalRequest(request, "service", ["host"], "");
}

/** The request with one bit flipped, for each byte of path, query, signed headers, body and signature. */
function* everyFlip(request: Draft): Generator<readonly [place: string, request: Draft]> {
  const flip = (text: string, at: number) =>
    text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
  for (let at = 0; at < request.path.length; at++) yield ["path", { ...request, path: flip(request.path, at) }];
  for (let at = 0; at < request.query.length; at++) yield ["query", { ...request, query: flip(request.query, at) }];
  for (let at = 0; at < request.body.length; at++) {
    const body = Uint8Array.from(request.body, (byte, place) => (place === at ? byte ^ 1 : byte));
    yield ["body", { ...request, body }];
  }
  yield ["body", { ...request, body: Buffer.concat([request.body, Uint8Array.of(0)]) }];
  for (const [name, values = []] of Object.entries(request.headers)) {
    const value = values.join(",");
    const first = name === "authorization" ? value.indexOf("Signature=") + 10 : 0;
    for (let at = first; at < value.length; at++) {
      // A space may become any white space: folding does no harm. A token that was not signed is proven by its secret.
      if (/\s/.test(value.charAt(at)) || (name === "x-amz-security-token" && !isSigned(request, name))) continue;
      yield [name, { ...request, headers: { ...request.headers, [name]: [flip(value, at)] } }];
    }
  }
}

function isSigned(request: Draft, name: string): boolean {
  return readSignature(request)?.signedHeaders.includes(name) ?? false;
}

const PLAIN: WireRequest = {
  method: "POST",
  path: "/a%20b/c",
  query: "x=1&y=%C3%A9&empty",
  headers: {
    host: ["localhost:4580"],
    "x-amz-target": ["CloudTrail_20131101.LookupEvents"],
    "content-type": ["application/x-amz-json-1.1"],
  },
  body: Buffer.from("{}"),
};

const arbitraryRequest: fc.Arbitrary<WireRequest> = fc
  .record({
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE"),
    segments: fc.array(fc.string({ unit: "grapheme", maxLength: 8 }), { maxLength: 4 }),
    parameters: fc.array(fc.tuple(fc.string({ unit: "grapheme", maxLength: 6 }), fc.string({ maxLength: 6 })), {
      maxLength: 4,
    }),
    values: fc.array(fc.string({ maxLength: 10 }), { minLength: 1, maxLength: 3 }),
    body: fc.uint8Array({ maxLength: 30 }),
  })
  .map(({ method, segments, parameters, values, body }) => ({
    method,
    path: `/${segments.map(encodeURIComponent).join("/")}`,
    query: parameters.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&"),
    headers: { host: ["example.com"], "x-amz-meta-a": values },
    body,
  }));

describe.each(["service", "s3"])("with service %s", (service) => {
  const scope = { ...SCOPE, service };

  test("verifySignature() accepts whatever signRequest() made, and refuses it with another method, body or header", () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const signed = signRequest(request, CREDENTIALS, scope);
        expect(verdict(signed)).toBe("accepted");
        expect(verdict({ ...signed, method: "PATCH" })).not.toBe("accepted");
        expect(verdict({ ...signed, body: Buffer.concat([signed.body, Uint8Array.of(1)]) })).not.toBe("accepted");
        expect(verdict({ ...signed, headers: { ...signed.headers, "x-amz-meta-b": ["1"] } })).toBe("AccessDenied");
        expect(verdict({ ...signed, headers: { ...signed.headers, "x-amz-meta-a": undefined } })).not.toBe("accepted");
      }),
    );
  });

  test("verifySignature() accepts whatever presignRequest() made, and refuses it with any parameter changed", () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const signed = presignRequest(request, CREDENTIALS, { ...scope, expiresSeconds: 60 });
        expect(verdict(signed)).toBe("accepted");
        expect(verdict({ ...signed, query: `${signed.query}&a=b` })).not.toBe("accepted");
        const parts = signed.query.split("&");
        for (const part of parts) {
          expect(verdict({ ...signed, query: parts.filter((other) => other !== part).join("&") })).not.toBe("accepted");
          expect(verdict({ ...signed, query: signed.query.replace(part, `${part}0`) })).not.toBe("accepted");
        }
      }),
    );
  });
});

test("verifySignature() refuses an S3 path that another service would hold for the same", () => {
  const signed = signRequest({ ...PLAIN, path: "/bucket/a//b" }, CREDENTIALS, { ...SCOPE, service: "s3" });
  expect(verdict(signed)).toBe("accepted");
  expect(verdict({ ...signed, path: "/bucket/a/b" })).toBe("SignatureDoesNotMatch");
});

describe("the clock", () => {
  const minute = 60_000;
  const signed = signRequest(PLAIN, CREDENTIALS, SCOPE);

  test.each([
    ["15 minutes late", 15 * minute, ""],
    [
      "one second more",
      15 * minute + 1000,
      "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)",
    ],
    ["15 minutes early", -15 * minute, ""],
    [
      "one second more, early",
      -15 * minute - 1000,
      "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)",
    ],
  ])("verifySignature() of a header, %s", (_, late, text) => expect(complaint(signed, NOW + late)).toBe(text));

  test.each([
    ["at its last moment", 1, 1000, "accepted"],
    ["a millisecond later", 1, 1001, "RequestExpired"],
    ["at the last moment of a week", 604_800, 604_800_000, "accepted"],
    ["a millisecond after a week", 604_800, 604_800_001, "RequestExpired"],
    ["with a week and a second", 604_801, 0, "IncompleteSignature"],
    ["with less than nothing", -1, 0, "IncompleteSignature"],
    ["with zero seconds, at once", 0, 0, "accepted"],
    ["from 15 minutes ahead", 60, -15 * minute, "accepted"],
    ["from further ahead", 60, -15 * minute - 1, "SignatureDoesNotMatch"],
  ])("verifySignature() of a presigned request %s", (_, expiresSeconds, late, expected) => {
    expect(verdict(presignRequest(PLAIN, CREDENTIALS, { ...SCOPE, expiresSeconds }), NOW + late)).toBe(expected);
  });

  test("verifySignature() refuses a scope of another day although its key signed it", () => {
    const yesterday = { ...signed.headers, "x-amz-date": ["20150829T235959Z"] };
    const text = complaint({ ...signed, headers: yesterday }, Date.parse("2015-08-30T00:00:00Z"));
    expect(text).toBe(
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150830' != '20150829', from '20150829T235959Z'.",
    );
  });

  test("readSignature() takes the Date header when there is no x-amz-date", () => {
    const { "x-amz-date": _, ...headers } = signed.headers;
    const read = readSignature({ ...signed, headers: { ...headers, date: ["Sun, 30 Aug 2015 12:36:00 GMT"] } });
    expect(read?.timestamp).toBe(NOW);
  });
});

describe("readSignature()", () => {
  const signed = signRequest(PLAIN, { ...CREDENTIALS, sessionToken: "token" }, SCOPE);
  const authorization = signed.headers["authorization"]?.[0] ?? "";
  const withAuthorization = (...values: string[]): WireRequest => ({
    ...signed,
    headers: { ...signed.headers, authorization: values },
  });

  test("readSignature() finds nothing in a request without one", () => expect(readSignature(PLAIN)).toBeUndefined());

  test("readSignature() tells every part of a header", () => {
    const { signature, ...rest } = read(signed);
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    expect(rest).toEqual({
      form: "header",
      accessKeyId: "AKIDEXAMPLE",
      date: "20150830",
      timestamp: NOW,
      region: "us-east-1",
      service: "service",
      signedHeaders: ["content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target"],
      sessionToken: "token",
    });
  });

  test("readSignature() tells every part of a presigned query", () => {
    const credentials = { ...CREDENTIALS, sessionToken: "to+ken/=" };
    const presigned = presignRequest(PLAIN, credentials, { ...SCOPE, expiresSeconds: 60 });
    const { signature, ...rest } = read(presigned);
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    expect(rest).toEqual({
      form: "presigned",
      accessKeyId: "AKIDEXAMPLE",
      date: "20150830",
      timestamp: NOW,
      region: "us-east-1",
      service: "service",
      signedHeaders: ["content-type", "host", "x-amz-target"],
      sessionToken: "to+ken/=",
      expiresAt: NOW + 60_000,
    });
  });

  test.each([
    [
      "another scheme",
      "Bearer abc",
      /^Authorization header requires 'Credential' parameter\. Authorization header requires 'Signature' parameter\. Authorization header requires 'SignedHeaders' parameter\. \(Hashed with SHA-256 and encoded with Base64\) Authorization=/,
    ],
    ["Signature Version 2", "AWS AKIDEXAMPLE:frJIUN8DYpKDtOLCwo", /requires 'Credential' parameter/],
    ["another algorithm", authorization.replace("SHA256", "SHA1"), /^Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'/],
    [
      "no Signature",
      authorization.replace(/, Signature.*/, ""),
      /^Authorization header requires 'Signature' parameter\. \(Hashed/,
    ],
    [
      "no commas",
      authorization.replaceAll(",", ""),
      /^Authorization header requires 'Signature' parameter\. Authorization header requires 'SignedHeaders'/,
    ],
    [
      "a word without =",
      `${authorization}, word`,
      /not a valid key=value pair \(missing equal-sign\) in Authorization header/,
    ],
    ["a part twice", `${authorization}, Signature=0`, /more than one 'Signature' parameter/],
    [
      "a short scope",
      authorization.replace("/us-east-1", ""),
      /^Credential must have exactly 5 slash-delimited elements, e\.g\. keyid\/date\/region\/service\/term, got 'AKIDEXAMPLE\/20150830\/service\/aws4_request'$/,
    ],
    [
      "another terminator",
      authorization.replace("aws4_request", "aws5_request"),
      /^Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'\.$/,
    ],
    ["endless text", authorization.padEnd(10_000, "0"), /too long/],
    ["thousands of signed headers", authorization.replace("host", "h;".repeat(2_000)), /more than 200 signed headers/],
    ["an empty header", "", /requires 'Credential' parameter/],
  ])("readSignature() refuses %s", (_, text, expected) => {
    expect(complaint(withAuthorization(text))).toMatch(expected);
  });

  test.each([
    "20150830",
    "2015-08-30T12:36:00Z",
    "20150230T123600Z",
    "20150830T256100Z",
    "",
    "Sun, 30 Aug 2015 12:36:00 GMT",
  ])("readSignature() refuses the x-amz-date '%s'", (date) =>
    expect(verdict({ ...signed, headers: { ...signed.headers, "x-amz-date": [date] } })).toBe("IncompleteSignature"),
  );

  test("readSignature() refuses two authorizations, in the header or in the query as well", () => {
    expect(complaint(withAuthorization(authorization, authorization))).toMatch(/^Only one auth mechanism allowed/);
    expect(complaint({ ...signed, query: "X-Amz-Signature=0" })).toMatch(/^Only one auth mechanism allowed/);
  });

  test("readSignature() refuses a presigned query with a parameter missing or twice", () => {
    expect(
      complaint({
        ...PLAIN,
        query: "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host",
      }),
    ).toBe(
      "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters.",
    );
    expect(complaint({ ...PLAIN, query: "X-Amz-Signature=1&X-Amz-Signature=2" })).toMatch(
      /'X-Amz-Signature' only once/,
    );
  });

  test("readSignature() never repeats a signature, however broken the header", () => {
    const secret = read(signed).signature;
    fc.assert(
      fc.property(fc.nat(authorization.length), fc.nat(20), fc.string({ maxLength: 3 }), (at, removed, added) => {
        const broken = authorization.slice(0, at) + added + authorization.slice(at + removed);
        expect(complaint(withAuthorization(broken))).not.toContain(secret);
      }),
    );
  });
});

describe("verifySignature()", () => {
  const resign = (headers: WireRequest["headers"], names: string): WireRequest => {
    const signed = signRequest(PLAIN, CREDENTIALS, SCOPE);
    const authorization =
      signed.headers["authorization"]?.[0]?.replace(/SignedHeaders=[^,]*/, `SignedHeaders=${names}`) ?? "";
    return { ...signed, headers: { ...signed.headers, ...headers, authorization: [authorization] } };
  };

  test("verifySignature() demands that host is signed", () => {
    const text = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
    expect(complaint(resign({}, "content-type;x-amz-date;x-amz-target"))).toBe(text);
  });

  test.each(["constructor", "__proto__", "toString", "x-not-sent", ""])(
    "verifySignature() refuses the signed header '%s' that was not sent",
    (name) => expect(verdict(resign({}, `host;x-amz-date;x-amz-target;${name}`))).toBe("SignatureDoesNotMatch"),
  );

  test.each([
    ["a session token", "x-amz-security-token", "accepted"],
    ["another x-amz header", "x-amz-acl", "AccessDenied"],
    ["a trace id", "x-amzn-trace-id", "accepted"],
    ["a user agent", "user-agent", "accepted"],
  ])("verifySignature() of a request to which %s was added unsigned", (_, name, expected) => {
    const signed = signRequest(PLAIN, CREDENTIALS, SCOPE);
    expect(verdict({ ...signed, headers: { ...signed.headers, [name]: ["value"] } })).toBe(expected);
  });

  test.each([
    ["the body's hash", sha256(PLAIN.body), "accepted"],
    ["another hash", sha256("other"), "SignatureDoesNotMatch"],
    ["an unsigned payload", "UNSIGNED-PAYLOAD", "accepted"],
    ["chunk signatures", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "NotImplemented"],
    ["nonsense", "hash", "SignatureDoesNotMatch"],
  ])("verifySignature() of a request that announces %s", (_, claimed, expected) => {
    const headers = { ...PLAIN.headers, "x-amz-content-sha256": [claimed] };
    expect(verdict(signRequest({ ...PLAIN, headers }, CREDENTIALS, SCOPE))).toBe(expected);
  });

  test("verifySignature() lets the body change only where it was signed as unsigned", () => {
    const headers = { ...PLAIN.headers, "x-amz-content-sha256": ["UNSIGNED-PAYLOAD"] };
    const body = Buffer.from("other");
    expect(verdict({ ...signRequest({ ...PLAIN, headers }, CREDENTIALS, SCOPE), body })).toBe("accepted");
    const s3 = { ...SCOPE, service: "s3" };
    expect(verdict({ ...signRequest(PLAIN, CREDENTIALS, s3), body })).toBe("XAmzContentSHA256Mismatch");
    expect(verdict({ ...presignRequest(PLAIN, CREDENTIALS, { ...s3, expiresSeconds: 60 }), body })).toBe("accepted");
    expect(verdict({ ...presignRequest(PLAIN, CREDENTIALS, { ...SCOPE, expiresSeconds: 60 }), body })).toBe(
      "SignatureDoesNotMatch",
    );
  });

  test("verifySignature() reads a query however its client escaped it", () => {
    const signed = signRequest({ ...PLAIN, query: "a=b%20c~&d=%2Fe" }, CREDENTIALS, SCOPE);
    for (const query of ["d=%2fe&a=b+c%7E", "a=b%20c~&&d=/e"]) expect(verdict({ ...signed, query })).toBe("accepted");
    expect(verdict({ ...signed, query: "a=b%2Bc~&d=%2Fe" })).toBe("SignatureDoesNotMatch");
  });
});
