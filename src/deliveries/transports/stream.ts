import { parseArn } from "../../core/index.ts";
import type { Transport } from "../delivery.ts";
import type { AwsCaller } from "./aws-caller.ts";

/** `Delivery.parameters` of the kind `stream`. */
export interface StreamParameters {
  /** How the body says its bytes; UTF-8 when absent. */
  readonly encoding?: "base64";
}

/**
 * Puts the body as one record into the delivery stream that is the endpoint.
 * @see https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html
 */
export function openStreamTransport(call: AwsCaller): Transport {
  return async (delivery, signal) => {
    const target = parseArn(delivery.endpoint);
    if (target?.service !== "firehose" || !target.resource.startsWith("deliverystream/")) {
      return { outcome: "failed", error: `${delivery.endpoint} is not the ARN of a delivery stream` };
    }
    const { encoding = "utf8" } = delivery.parameters as StreamParameters;
    const input = (): Record<string, unknown> => ({
      DeliveryStreamName: target.resource.slice("deliverystream/".length),
      Record: { Data: Buffer.from(delivery.body, encoding) },
    });
    return await call({ service: "firehose", operation: "PutRecord", region: target.region, input }, delivery, signal);
  };
}
