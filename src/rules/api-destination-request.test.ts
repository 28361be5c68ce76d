import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildRequest, UnfitRequest } from "./api-destination-request.ts";
import type { ConnectionAuth } from "./connection.ts";

const HOOK = { invocationEndpoint: "https://example.com/hook", httpMethod: "POST" };
const KEY: ConnectionAuth = { ApiKeyAuthParameters: { ApiKeyName: "X-Api-Key", ApiKeyValue: "k1" } };

describe("buildRequest()", () => {
  test("sends the body as JSON, in EventBridge's name", () => {
    expect(buildRequest(HOOK, {}, KEY, '{"a":1}')).toEqual({
      method: "POST",
      url: "https://example.com/hook",
      headers: {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Amazon/EventBridge/ApiDestinations",
        "x-api-key": "k1",
      },
      body: '{"a":1}',
    });
  });

  test.each<[string, ConnectionAuth, string | undefined, string]>([
    ["BASIC", { BasicAuthParameters: { Username: "ann", Password: "pä:ss" } }, undefined, "Basic YW5uOnDDpDpzcw=="],
    ["OAuth", {}, "t0ken", "Bearer t0ken"],
  ])("authorizes by %s", (_, auth, token, expected) => {
    expect(buildRequest(HOOK, {}, auth, "{}", token).headers["authorization"]).toBe(expected);
  });

  test("lets the connection win over the target, whatever the case of names", () => {
    const target = {
      HeaderParameters: { "X-Team": "target", "x-only": "target", "CONTENT-TYPE": "text/plain", "x-api-key": "mine" },
      QueryStringParameters: { team: "target", only: "a b&c" },
    };
    const auth: ConnectionAuth = {
      ...KEY,
      InvocationHttpParameters: {
        HeaderParameters: [{ Key: "x-TEAM", Value: "connection", IsValueSecret: true }],
        QueryStringParameters: [{ Key: "team", Value: "connection" }],
      },
    };
    const { url, headers } = buildRequest(
      { ...HOOK, invocationEndpoint: "https://example.com/?v=1" },
      target,
      auth,
      "",
    );
    expect(url).toBe("https://example.com/?v=1&team=connection&only=a+b%26c");
    expect(headers).toMatchObject({
      "x-team": "connection",
      "x-only": "target",
      "content-type": "text/plain",
      "x-api-key": "k1",
    });
  });

  test("leaves out headers of the connection between machines, and who else calls itself", () => {
    const HeaderParameters = {
      Host: "evil.example",
      "Transfer-Encoding": "chunked",
      "Proxy-Foo": "1",
      "User-Agent": "me",
    };
    expect(Object.keys(buildRequest(HOOK, { HeaderParameters }, KEY, "").headers).toSorted()).toEqual([
      "content-type",
      "user-agent",
      "x-api-key",
    ]);
    expect(buildRequest(HOOK, { HeaderParameters }, KEY, "").headers["user-agent"]).toBe(
      "Amazon/EventBridge/ApiDestinations",
    );
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ["a line end", { "x-a": "1\r\nx-b: 2" }],
    ["a name that is none", { "x a": "1" }],
    ["what Latin-1 does not have", { "x-a": "→" }],
  ])("refuses a header with %s", (_, HeaderParameters) => {
    expect(() => buildRequest(HOOK, { HeaderParameters }, KEY, "")).toThrow(UnfitRequest);
  });

  test("fills the path", () => {
    const destination = { ...HOOK, invocationEndpoint: "https://example.com/users/*/posts/*" };
    const target = { PathParameterValues: ["a/b?c", "7"] };
    expect(buildRequest(destination, target, KEY, "").url).toBe("https://example.com/users/a%2Fb%3Fc/posts/7");
    expect(() => buildRequest(destination, { PathParameterValues: ["7"] }, KEY, "")).toThrow("path parameter 2");
  });

  test("stays at its host and in its folder, whatever the path parameters are", () => {
    const destination = { ...HOOK, invocationEndpoint: "https://example.com/in/*/side" };
    const texts = fc.oneof(fc.string(), fc.constantFrom("..", ".", "%2e%2e", "//evil.example", "\ud800", "*", "\\.."));
    fc.assert(
      fc.property(texts, (text) => {
        const url = urlOrUnfit(() => buildRequest(destination, { PathParameterValues: [text] }, KEY, "").url);
        expect(url).toMatch(/^https:\/\/example\.com\/in\/[^/?#]*\/side$|^unfit$/);
      }),
    );
  });

  test("adds the connection's body parameters to a body that is an object", () => {
    const BodyParameters = [
      { Key: "routing_key", Value: "secret", IsValueSecret: true },
      { Key: "__proto__", Value: "data" },
    ];
    const auth: ConnectionAuth = { ...KEY, InvocationHttpParameters: { BodyParameters } };
    const sent = (body: string) => buildRequest(HOOK, {}, auth, body).body;
    expect(sent('{"a":1,"routing_key":"mine"}')).toBe('{"a":1,"routing_key":"secret","__proto__":"data"}');
    expect(sent("[1]")).toBe("[1]");
    expect(sent("plain text")).toBe("plain text");
  });

  test("sends no body with GET", () => {
    expect(buildRequest({ ...HOOK, httpMethod: "GET" }, {}, KEY, "{}")).not.toHaveProperty("body");
  });
});

function urlOrUnfit(work: () => string): string {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof UnfitRequest) return "unfit";
    throw thrown;
  }
}
