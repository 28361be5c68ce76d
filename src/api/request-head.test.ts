import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { ambiguity, asksForWebSocket, headOf, unreadable } from "./request-head.ts";

function request(over: Partial<IncomingMessage>): IncomingMessage {
  return { method: "GET", url: "/", rawHeaders: [], headers: {}, httpVersion: "1.1", ...over } as IncomingMessage;
}

describe("headOf()", () => {
  test.each([
    ["/a/b?c=d?e", "/a/b", "c=d?e"],
    ["?c", "/", "c"],
    ["http://host:80/a//b", "/a//b", ""],
    ["HTTPS://host?x", "/", "x"],
    ["*", "*", ""],
    ["/http://host/a", "/http://host/a", ""],
    ["/%2F?%3F", "/%2F", "%3F"],
  ])("reads %s", (url, path, query) => {
    expect(headOf(request({ url }))).toMatchObject({ path, query });
  });
});

describe("ambiguity()", () => {
  test.each([
    [undefined, "1.1", false],
    ["chunked", "1.1", false],
    ["Chunked", "1.1", false],
    ["chunked", "1.0", true],
    ["gzip, chunked", "1.1", true],
    ["chunked, chunked", "1.1", true],
    ["identity", "1.1", true],
    ["", "1.1", true],
  ])("of the coding %s in HTTP/%s: %s", (coding, httpVersion, refused) => {
    const headers = coding === undefined ? {} : { "transfer-encoding": coding };
    expect(ambiguity(request({ headers, httpVersion })) !== undefined).toBe(refused);
  });
});

test.each([
  [{ upgrade: "WebSocket" }, true],
  [{ upgrade: "websocket", "content-length": "0" }, true],
  [{ upgrade: "websocket", "content-length": "5" }, false],
  [{ upgrade: "websocket", "transfer-encoding": "chunked" }, false],
  [{ upgrade: "h2c" }, false],
  [{}, false],
])("asksForWebSocket() of %o is %s", (headers, asks) => {
  expect(asksForWebSocket(request({ headers }))).toBe(asks);
});

test.each([
  ["HPE_HEADER_OVERFLOW", "RequestHeaderSectionTooLarge", 431],
  ["HPE_INVALID_EOF_STATE", "IncompleteBody", 400],
  ["ERR_HTTP_REQUEST_TIMEOUT", "RequestTimeout", 408],
  ["HPE_INVALID_METHOD", "MalformedRequest", 400],
])("unreadable() tells %s as %s", (code, name, status) => {
  expect(unreadable(Object.assign(new Error("parse"), { code }))).toMatchObject({ code: name, status });
});
