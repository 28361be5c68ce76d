import { parseArn } from "../../core/index.ts";
import type { Transport } from "../delivery.ts";
import type { AwsCaller } from "./aws-caller.ts";

/**
 * Invokes the function that is the endpoint with the body, asynchronously: it is delivered once the service has it.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function openFunctionTransport(call: AwsCaller): Transport {
  return async (delivery, signal) => {
    const target = parseArn(delivery.endpoint);
    if (target?.service !== "lambda") {
      return { outcome: "failed", error: `${delivery.endpoint} is not the ARN of a function` };
    }
    const input = (): Record<string, unknown> => ({
      FunctionName: delivery.endpoint,
      InvocationType: "Event",
      Payload: Buffer.from(delivery.body),
    });
    return await call({ service: "lambda", operation: "Invoke", region: target.region, input }, delivery, signal);
  };
}
