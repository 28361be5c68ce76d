import { expect, test } from "vitest";
import type { Delivery } from "../delivery.ts";
import { openStreamTransport } from "./stream.ts";

const ENDPOINT = "arn:aws:firehose:us-east-1:123456789012:deliverystream/d";

test.each([
  ["as UTF-8", "äb", {}, "c3a462"],
  ["as bytes that base64 tells", "AP8=", { encoding: "base64" }, "00ff"],
])("openStreamTransport() sends the body %s", async (_, body, parameters, hex) => {
  const sent: unknown[] = [];
  const send = openStreamTransport(async ({ operation, region, input }) => {
    sent.push([operation, region, input("token")]);
    return { outcome: "delivered" };
  });
  const delivery = { endpoint: ENDPOINT, body, parameters } as unknown as Delivery;
  expect(await send(delivery, new AbortController().signal)).toEqual({ outcome: "delivered" });
  expect(sent).toEqual([
    ["PutRecord", "us-east-1", { DeliveryStreamName: "d", Record: { Data: Buffer.from(hex, "hex") } }],
  ]);
});
