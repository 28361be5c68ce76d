import { describe, expect, test } from "vitest";
import { chooseRoute, defaultRoute, parseRoutes, type RouteFacts, textPattern } from "./routes.ts";

const FACTS: RouteFacts = {
  services: ["dynamodb"],
  region: "eu-west-1",
  account: undefined,
  host: "db.example.org",
  path: "/",
  own: false,
};

describe("parseRoutes()", () => {
  test("fills in what a route does not say", () => {
    const [route] = parseRoutes([{ upstream: "http://127.0.0.1:9000" }]);
    expect(route).toMatchObject({ name: "route-1", mode: "passthrough", audit: "required", answerMs: 900_000 });
    expect(route?.upstream.port).toBe("9000");
  });

  test("reads everything a route may say", () => {
    const [route] = parseRoutes([
      {
        name: "objects",
        match: { service: ["s3", "s3express"], region: "eu-west-1", host: "*.s3.local", path: "/minio/*" },
        exclude: ["/minio/health/*"],
        upstream: "https://10.0.0.1",
        mode: "enforce",
        audit: "spool",
        defaultService: "s3",
        account: "000000000001",
        region: "eu-west-1",
        credentials: { file: "/etc/opentrail/upstream", profile: "minio" },
        tls: { ca: "/etc/ca.pem", verify: false, serverName: "minio" },
        timeouts: { connectSeconds: 1, answerSeconds: 2.5 },
        connections: 10,
        identities: { AKIAEXAMPLE: "arn:aws:iam::000000000001:user/backup" },
      },
    ]);
    expect(route).toMatchObject({
      match: { services: ["s3", "s3express"], regions: ["eu-west-1"] },
      mode: "enforce",
      audit: "spool",
      account: "000000000001",
      credentials: { file: "/etc/opentrail/upstream", profile: "minio" },
      tls: { ca: "/etc/ca.pem", verify: false, serverName: "minio" },
      connectMs: 1000,
      answerMs: 2500,
      connectionsMax: 10,
    });
    expect(route?.identities.get("AKIAEXAMPLE")).toBe("arn:aws:iam::000000000001:user/backup");
  });

  test("makes every server a realm of its own, unless it is told otherwise", () => {
    const urls = ["http://127.0.0.1:1", "http://127.0.0.1:1/", "http://127.0.0.1:2"];
    const routes = parseRoutes([
      ...urls.map((upstream) => ({ upstream })),
      { name: "named", upstream: "http://127.0.0.1:3", realm: "store", learn: false },
    ]);
    expect(routes.map(({ realm }) => realm)).toEqual([urls[0], urls[0], urls[2], "store"]);
    expect(routes.map(({ learns }) => learns)).toEqual([true, true, true, false]);
  });

  const url = { upstream: "http://127.0.0.1:1" };
  test.each<readonly [unknown, string]>([
    [{}, "routes is not a list"],
    [["http://127.0.0.1:1"], "route number 1: the route is not a map"],
    [[{}], "route number 1: upstream is missing or not text"],
    [[{ name: "a", upstream: "ftp://x" }], "route a: upstream ftp://x is no URL"],
    [[{ upstream: "http://x/path" }], "says more than scheme, host and port"],
    [[{ ...url, audits: "required" }], "the route has no member audits"],
    [[{ ...url, audit: "sometimes" }], "audit is none of required, spool, best-effort"],
    [[{ ...url, mode: "enforce" }], "mode enforce needs credentials"],
    [[{ ...url, account: 1 }], "account 1 is a number; put it into quotes"],
    [[{ ...url, account: "1" }], "account 1 does not look like"],
    [[{ ...url, match: { services: "s3" } }], "match has no member services"],
    [[{ ...url, timeouts: { answerSeconds: 0 } }], "timeouts.answerSeconds is not a number of seconds above 0"],
    [[{ ...url, identities: { AKIA: "Mary" } }], "identities.AKIA Mary is no ARN of a user"],
    [[{ ...url, identities: { AKIA: "arn:aws:iam::000000000001:role/r" } }], "is no ARN of a user"],
    [[{ ...url, realm: "http://x" }], "realm http://x does not look like"],
    [[{ ...url, learn: "no" }], "learn is neither true nor false"],
    [[{ ...url, connections: 0 }], "connections is not a whole number from 1 to 65535"],
    [[{ ...url, credentials: { accessKeyId: "a" } }], "credentials.secretAccessKey is missing"],
    [
      [
        { ...url, name: "a" },
        { ...url, name: "a" },
      ],
      "two routes are called a",
    ],
  ])("refuses %j", (node, message) => {
    expect(() => parseRoutes(node)).toThrow(message);
  });
});

describe("chooseRoute()", () => {
  const routes = parseRoutes([
    { name: "iam", match: { service: "iam" }, upstream: "http://127.0.0.1:1" },
    { name: "eu", match: { service: ["dynamodb"], region: "eu-west-1" }, upstream: "http://127.0.0.1:2" },
    { name: "tenant", match: { account: "111111111111" }, upstream: "http://127.0.0.1:3" },
    { name: "buckets", match: { host: "*.s3.local", path: "/*" }, upstream: "http://127.0.0.1:4" },
    { name: "rest", upstream: "http://127.0.0.1:5" },
  ]);

  test.each<readonly [Partial<RouteFacts>, string | undefined]>([
    [{}, "eu"],
    [{ region: "us-east-1" }, "rest"],
    [{ region: undefined }, "rest"],
    [{ region: "us-east-1", account: "111111111111" }, "tenant"],
    [{ services: ["s3"], host: "photos.s3.local" }, "buckets"],
    [{ services: [] }, "rest"],
    [{ services: ["iam"], own: true }, "iam"],
    [{ services: ["cloudtrail"], own: true }, undefined],
    [{ services: ["cloudtrail"], own: true, account: "111111111111" }, undefined],
  ])("sends %j to %s", (facts, name) => {
    expect(chooseRoute(routes, { ...FACTS, ...facts })?.name).toBe(name);
  });

  test("knows nothing without routes", () => {
    expect(chooseRoute([], FACTS)).toBeUndefined();
    expect(chooseRoute([defaultRoute("http://127.0.0.1:1")], FACTS)?.name).toBe("default");
  });
});

describe("textPattern()", () => {
  test.each<readonly [string, string, boolean]>([
    ["/health", "/health", true],
    ["/health", "/healthy", false],
    ["/health/*", "/health/", true],
    ["*.s3.local", "photos.s3.local", true],
    ["*.s3.local", "s3.local", false],
    ["*", "", true],
    ["a*b*c", "abc", true],
    ["a*b*c", "a1b2c", true],
    ["a*b*c", "acb", false],
    ["ab*ba", "aba", false],
    ["a**b", "ab", true],
    ["a*x*x", "ax", false],
  ])("%s against %j: %s", (pattern, value, expected) => {
    expect(textPattern(pattern).matches(value)).toBe(expected);
  });

  test("is quick with a text made to be slow", () => {
    const value = "a".repeat(100_000);
    expect(textPattern(`${"*a".repeat(1000)}*b`).matches(value)).toBe(false);
  });
});
