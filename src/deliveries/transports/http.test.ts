import { describe, expect, test } from "vitest";
import { newDelivery } from "../deliveries.fixture.ts";
import { AddressRefused, BadRequest, type GuardedHttp, type HttpRequest, type HttpResponse } from "../index.ts";
import type { Delivery } from "../delivery.ts";
import { openHttpTransport } from "./http.ts";

const signal = new AbortController().signal;
const delivery = { ...newDelivery(), id: "7" } as Delivery;

function deliverBy(http: GuardedHttp, parameters: Delivery["parameters"] = {}) {
  return openHttpTransport({ http, mark: ({ id }) => `mark ${id}` })({ ...delivery, parameters }, signal);
}

const answering =
  (answer: Partial<HttpResponse>): GuardedHttp =>
  async () => ({ status: 200, headers: {}, body: Buffer.from("because"), complete: true, ...answer });

describe("openHttpTransport()", () => {
  test("sends the body with its headers and the mark", async () => {
    const requests: HttpRequest[] = [];
    await deliverBy(
      async (request) => {
        requests.push(request);
        return await answering({})(request);
      },
      { method: "PUT", headers: { a: "b" } },
    );
    const headers = { a: "b", "x-opentrail-delivery": "mark 7" };
    expect(requests).toEqual([{ url: delivery.endpoint, method: "PUT", headers, body: delivery.body, signal }]);
  });

  test.each([
    [200, { outcome: "delivered" }],
    [204, { outcome: "delivered" }],
    [301, { outcome: "failed", error: "answered HTTP 301: because" }],
    [400, { outcome: "failed", error: "answered HTTP 400: because" }],
    [410, { outcome: "failed", error: "answered HTTP 410: because" }],
    [429, { outcome: "retry", error: "answered HTTP 429: because" }],
    [500, { outcome: "retry", error: "answered HTTP 500: because" }],
    [503, { outcome: "retry", error: "answered HTTP 503: because" }],
  ])("knows what HTTP %d means", async (status, result) => {
    expect(await deliverBy(answering({ status }))).toEqual(result);
  });

  test.each([
    ["120", 120_000],
    ["Fri, 31 Dec 1999 23:59:59 GMT", undefined],
    ["-1", undefined],
    ["9999999999", undefined],
  ])("passes on the pause that %j asks for", async (header, afterMs) => {
    const result = await deliverBy(answering({ status: 429, headers: { "retry-after": header } }));
    expect(result).toHaveProperty("outcome", "retry");
    expect("afterMs" in result ? result.afterMs : undefined).toBe(afterMs);
  });

  test.each([new AddressRefused("127.0.0.1", "a.example"), new BadRequest("the endpoint is no http or https URL")])(
    "gives up at once when %s",
    async (thrown) => {
      const result = await deliverBy(() => Promise.reject(thrown));
      expect(result).toEqual({ outcome: "failed", error: thrown.message });
    },
  );

  test("throws what keeps it from getting an answer", async () => {
    await expect(deliverBy(() => Promise.reject(new Error("connection refused")))).rejects.toThrow(
      "connection refused",
    );
  });

  test("waits no longer than the delivery wants", async () => {
    const hangs: GuardedHttp = ({ signal: cut }) =>
      new Promise((_, fail) => cut.addEventListener("abort", () => fail(new Error("aborted"))));
    expect(await deliverBy(hangs, { timeoutMs: 5 })).toEqual({ outcome: "retry", error: "no answer within 5 ms" });
  });
});
