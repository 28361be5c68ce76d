import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { readSignature, type WireRequest } from "../../aws/index.ts";
import type { Random } from "../../core/index.ts";
import { CallError, type Client, createClient } from "./index.ts";

/** All zeros: no pause between tries. */
const random: Random = { bytes: (count) => new Uint8Array(count), uuid: () => "00000000-0000-4000-8000-000000000000" };
const clock = { now: () => Date.parse("2026-08-01T12:00:00Z"), elapsed: () => 0 };
const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret", sessionToken: "token" };

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that answers the first request with the first handler, and so on; the last handler goes on answering. */
async function serve(...handlers: readonly Handler[]): Promise<{ endpoint: URL; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const handler = handlers[Math.min(requests.push(request), handlers.length) - 1];
    let body = "";
    request.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => handler?.(request, response, body));
  });
  open.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { endpoint: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), requests };
}

const json =
  (status: number, body: unknown): Handler =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "request-1" });
    response.end(JSON.stringify(body));
  };
const reset: Handler = (request) => request.socket.destroy();
const events = json(200, { Events: [{ EventId: "1", EventTime: 1424476529 }] });

function clientOf(endpoint: URL, options: { timeoutMs?: number } = {}): Client {
  const needs = { endpoint, region: "eu-west-1", credentials: async () => credentials, clock, random };
  return createClient(needs, { userAgent: "test/1", ...options });
}

async function failure(promise: Promise<unknown>): Promise<CallError> {
  const thrown: unknown = await promise.then(() => undefined).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(CallError);
  return thrown as CallError;
}

describe("call()", () => {
  test("speaks the service's protocol and answers output, request id and the server's time", async () => {
    let seen = "";
    const { endpoint, requests } = await serve((request, response, body) => {
      seen = body;
      events(request, response, body);
    });
    const answer = await clientOf(endpoint).call("cloudtrail", "LookupEvents", { MaxResults: 5 });
    expect(answer.output).toEqual({ Events: [{ EventId: "1", EventTime: new Date(1424476529000) }] });
    expect(answer.requestId).toBe("request-1");
    expect(answer.serverTime).toBeTypeOf("number");
    expect(JSON.parse(seen)).toEqual({ MaxResults: 5 });
    expect(requests[0]?.headers["x-amz-target"]).toMatch(/\.LookupEvents$/);
    expect(requests[0]?.headers["user-agent"]).toBe("test/1");
  });

  test("signs for the service and Region, with the session token, at the clock's time", async () => {
    const { endpoint, requests } = await serve(events);
    await clientOf(endpoint).call("cloudtrail", "LookupEvents", {});
    const { headers = {} } = requests[0] ?? {};
    const wire: WireRequest = {
      method: "POST",
      path: "/",
      query: "",
      body: new Uint8Array(),
      headers: listed(headers),
    };
    expect(readSignature(wire)).toMatchObject({ accessKeyId: credentials.accessKeyId, service: "cloudtrail" });
    expect(headers.authorization).toContain("/20260801/eu-west-1/cloudtrail/aws4_request");
    expect(headers["x-amz-security-token"]).toBe("token");
    expect(headers["x-amz-date"]).toBe("20260801T120000Z");
  });

  test("reads a query service's XML", async () => {
    const { endpoint } = await serve((_, response) => {
      response.end(
        `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
        <Arn>arn:aws:iam::123456789012:root</Arn><UserId>123456789012</UserId><Account>123456789012</Account>
        </GetCallerIdentityResult></GetCallerIdentityResponse>`,
      );
    });
    const { output } = await clientOf(endpoint).call("sts", "GetCallerIdentity", {});
    expect(output).toEqual({ Arn: "arn:aws:iam::123456789012:root", UserId: "123456789012", Account: "123456789012" });
  });

  test("keeps the endpoint's path before the operation's", async () => {
    const { endpoint, requests } = await serve(events);
    await clientOf(new URL("/aws/", endpoint)).call("cloudtrail", "LookupEvents", {});
    expect(requests[0]?.url).toBe("/aws/");
  });

  test.each<[string, Handler]>([
    ["a throttled call", json(400, { __type: "ThrottlingException", message: "Rate exceeded" })],
    ["the server's own trouble", json(503, { __type: "ServiceUnavailableException" })],
    ["a connection that was closed", reset],
  ])("tries again after %s", async (_, first) => {
    const { endpoint, requests } = await serve(first, first, events);
    await clientOf(endpoint).call("cloudtrail", "LookupEvents", {});
    expect(requests).toHaveLength(3);
  });

  test.each<[string, Handler, string, number | undefined]>([
    ["throttling", json(400, { __type: "ThrottlingException" }), "ThrottlingException", 400],
    ["trouble", json(500, { __type: "InternalFailure" }), "InternalFailure", 500],
    ["closed connections", reset, "ECONNRESET", undefined],
  ])("gives up after three tries of %s", async (_, handler, code, status) => {
    const { endpoint, requests } = await serve(handler);
    const error = await failure(clientOf(endpoint).call("cloudtrail", "LookupEvents", {}));
    expect(error).toMatchObject({ code, status, transient: true });
    expect(requests).toHaveLength(3);
  });

  test("does not repeat a call that was refused, and tells the refusal in the server's words", async () => {
    const { endpoint, requests } = await serve(json(400, { __type: "AccessDeniedException", Message: "not you" }));
    const error = await failure(clientOf(endpoint).call("cloudtrail", "LookupEvents", {}));
    expect(error).toMatchObject({
      code: "AccessDeniedException",
      message: "not you",
      status: 400,
      requestId: "request-1",
      transient: false,
    });
    expect(requests).toHaveLength(1);
  });

  test.each<[string, Handler, number]>([
    ["a page that is not AWS's", (_, response) => response.writeHead(404).end("<html>not here</html>"), 404],
    ["a success that cannot be read", (_, response) => response.end("<html>hello</html>"), 200],
  ])("names %s", async (_, handler, status) => {
    const { endpoint } = await serve(handler);
    const error = await failure(clientOf(endpoint).call("cloudtrail", "LookupEvents", {}));
    expect(error).toMatchObject({ code: "NotAnAwsAnswer", status });
  });

  test("gives up on an answer that does not come, without another try", async () => {
    const { endpoint, requests } = await serve(() => undefined);
    const error = await failure(clientOf(endpoint, { timeoutMs: 50 }).call("cloudtrail", "LookupEvents", {}));
    expect(error).toMatchObject({ code: "TimedOut", status: undefined });
    expect(requests).toHaveLength(1);
  });

  test("says when nobody listens", async () => {
    const { endpoint } = await serve(events);
    for (const server of open.splice(0)) await new Promise((closed) => server.close(closed));
    const error = await failure(clientOf(endpoint).call("cloudtrail", "LookupEvents", {}));
    expect(error).toMatchObject({ code: "ECONNREFUSED", transient: true, retryable: false });
  });

  test("stops with the signal's reason", async () => {
    const stop = new AbortController();
    const { endpoint } = await serve(() => stop.abort(new Error("enough")));
    const call = clientOf(endpoint).call("cloudtrail", "LookupEvents", {}, { signal: stop.signal });
    await expect(call).rejects.toThrow("enough");
  });
});

function listed(headers: IncomingMessage["headers"]): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat()]));
}
