import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { headersOf, openCatalog, readSignature, verifySignature } from "../../aws/index.ts";
import { systemClock } from "../../core/index.ts";
import { newDelivery, QUEUE } from "../deliveries.fixture.ts";
import type { Delivery } from "../delivery.ts";
import { openAddressGuard } from "../guard/address-guard.ts";
import { openGuardedHttp } from "../guard/guarded-http.ts";
import { openHostLookup } from "../guard/host-lookup.ts";
import { type AwsCaller, openAwsCaller } from "./aws-caller.ts";
import { openFunctionTransport } from "./function.ts";
import { openDeadLetterQueue, openQueueTransport } from "./queue.ts";

const signal = new AbortController().signal;
const FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:note:live";
const catalog = openCatalog();

interface Call {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface FakeAws {
  readonly call: AwsCaller;
  readonly calls: readonly Call[];
  readonly url: string;
}

/** A server that answers as it is told to calls that are signed well. */
async function openAws(status = 200, body = "{}"): Promise<FakeAws> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const sent = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
      const headers = headersOf(request.rawHeaders);
      const { method = "", url = "" } = request;
      const wire = { method, path: url, query: "", headers, body: sent };
      const signed = readSignature(wire);
      if (signed === undefined) throw new Error("the call is not signed");
      verifySignature(wire, signed, "secret", { now: systemClock.now() });
      const named = { "x-scope": `${signed.service} ${signed.region}` };
      const flat = Object.entries(headers).map(([name, values = []]) => [name, values.join()]);
      calls.push({ path: url, headers: { ...Object.fromEntries(flat), ...named }, body: sent.toString() });
      response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(body);
    })().catch((thrown: unknown) => response.writeHead(403).end(String(thrown)));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
  return { call: callerTo({ sqs: url, lambda: `${url}/` }), calls, url };
}

function callerTo(endpoints: Parameters<typeof openAwsCaller>[0]["endpoints"]): AwsCaller {
  return openAwsCaller({
    endpoints,
    credentials: async () => ({ accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret", sessionToken: "token" }),
    catalog,
    http: openGuardedHttp({ guard: openAddressGuard(["127.0.0.1"]), lookup: openHostLookup(systemClock) }),
    clock: systemClock,
    mark: ({ id }) => `mark ${id}`,
  });
}

function deliveryTo(changes: Partial<Delivery>): Delivery {
  return {
    ...newDelivery(),
    id: "7",
    state: "pending",
    createdAt: 1_000,
    dueAt: 0,
    attempts: 3,
    deadLettered: false,
    ...changes,
  };
}

describe("openQueueTransport()", () => {
  test("sends a message, signed and marked", async () => {
    const { call, calls, url } = await openAws();
    const attributes = {
      one: { DataType: "String", StringValue: "1" },
      two: { DataType: "Binary", BinaryValue: "AAE=" },
    };
    const delivery = deliveryTo({ endpoint: QUEUE, body: "grüße", parameters: { messageGroupId: "all", attributes } });
    expect(await openQueueTransport(call)(delivery, signal)).toEqual({ outcome: "delivered" });
    expect(calls).toMatchObject([
      {
        path: "/base/",
        headers: {
          "x-amz-target": "AmazonSQS.SendMessage",
          "x-opentrail-delivery": "mark 7",
          "x-scope": "sqs eu-central-1",
        },
      },
    ]);
    expect(JSON.parse(calls[0]?.body ?? "")).toEqual({
      QueueUrl: `${url}/111122223333/lost`,
      MessageBody: "grüße",
      MessageAttributes: attributes,
      MessageGroupId: "all",
    });
  });

  test("gives each delivery to a FIFO queue an id that stays the same", async () => {
    const { call, calls } = await openAws();
    await openQueueTransport(call)(deliveryTo({ endpoint: `${QUEUE}.fifo` }), signal);
    expect(JSON.parse(calls[0]?.body ?? "")).toMatchObject({
      MessageGroupId: "opentrail",
      MessageDeduplicationId: "1000-7",
    });
  });

  test.each([
    [400, "com.amazonaws.sqs#QueueDoesNotExist", "failed"],
    [403, "AccessDenied", "failed"],
    [403, "ExpiredToken", "retry"],
    [400, "RequestThrottled", "retry"],
    [429, "Slow", "retry"],
    [500, "InternalFailure", "retry"],
  ])("knows what HTTP %d with %s means", async (status, type, outcome) => {
    const { call } = await openAws(status, JSON.stringify({ __type: type, message: "because" }));
    const error = `${type.replace(/.*#/, "")}: because`;
    expect(await openQueueTransport(call)(deliveryTo({ endpoint: QUEUE }), signal)).toEqual({ outcome, error });
  });

  test("understands an answer that is not AWS's", async () => {
    const { call } = await openAws(502, "<html>");
    const error = "answered HTTP 502 without an AWS error";
    expect(await openQueueTransport(call)(deliveryTo({ endpoint: QUEUE }), signal)).toEqual({
      outcome: "retry",
      error,
    });
  });

  test("gives up on what is no queue", async () => {
    const { call, calls } = await openAws();
    expect(await openQueueTransport(call)(deliveryTo({ endpoint: FUNCTION }), signal)).toMatchObject({
      outcome: "failed",
    });
    expect(calls).toEqual([]);
  });
});

test("openFunctionTransport() invokes the function asynchronously with the body", async () => {
  const { call, calls } = await openAws(202, "");
  const delivery = deliveryTo({ endpoint: FUNCTION, body: '{"a":1}' });
  expect(await openFunctionTransport(call)(delivery, signal)).toEqual({ outcome: "delivered" });
  const path = `/base/2015-03-31/functions/${encodeURIComponent(FUNCTION)}/invocations`;
  const headers = {
    "x-amz-invocation-type": "Event",
    "x-scope": "lambda eu-central-1",
    "x-opentrail-delivery": "mark 7",
  };
  expect(calls).toMatchObject([{ path, body: '{"a":1}', headers }]);
});

describe("openDeadLetterQueue()", () => {
  test("says what could not be delivered, and why", async () => {
    const { call, calls } = await openAws();
    const delivery = deliveryTo({ lastError: "answered HTTP 500" });
    await openDeadLetterQueue(call)(QUEUE, delivery, signal);
    const { MessageBody, MessageAttributes } = JSON.parse(calls[0]?.body ?? "") as Record<string, unknown>;
    expect(MessageBody).toBe(delivery.body);
    expect(MessageAttributes).toMatchObject({
      RULE_ARN: { DataType: "String", StringValue: delivery.owner },
      ERROR_MESSAGE: { StringValue: "answered HTTP 500" },
      RETRY_ATTEMPTS: { StringValue: "2" },
    });
  });

  test("rejects when the queue does not take it", async () => {
    const { call } = await openAws(500);
    await expect(openDeadLetterQueue(call)(QUEUE, deliveryTo({}), signal)).rejects.toThrow("answered HTTP 500");
  });
});

test.each([
  ["sqs", openQueueTransport, QUEUE, "targets.sqsEndpoint"],
  ["lambda", openFunctionTransport, FUNCTION, "targets.lambdaEndpoint"],
])("AwsCaller names the setting when there is no endpoint for %s", async (service, open, endpoint, setting) => {
  const error = `there is no endpoint for ${service}; set ${setting}`;
  expect(await open(callerTo({}))(deliveryTo({ endpoint }), signal)).toEqual({ outcome: "failed", error });
});
