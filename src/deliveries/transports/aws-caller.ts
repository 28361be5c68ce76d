import {
  type Catalog,
  parseError,
  type Service,
  type SigningCredentials,
  serializeRequest,
  signRequest,
  type WireRequest,
} from "../../aws/index.ts";
import { assert, type Clock } from "../../core/index.ts";
import { DELIVERY_MARK_HEADER } from "../../record/index.ts";
import type { AttemptResult, Delivery } from "../delivery.ts";
import type { GuardedHttp } from "../guard/guarded-http.ts";

export interface AwsNeeds {
  readonly endpoints: {
    readonly sqs?: string | undefined;
    readonly lambda?: string | undefined;
    readonly firehose?: string | undefined;
  };
  /** Asked before every call: temporary credentials may have been renewed. */
  readonly credentials: () => Promise<SigningCredentials>;
  readonly catalog: Pick<Catalog, "model">;
  /** The operator names these endpoints: no guard is needed. */
  readonly http: GuardedHttp;
  readonly clock: Clock;
  readonly mark: (delivery: Delivery) => string;
}

/** One call for a delivery, in the Region of the ARN that it goes to. */
export interface AwsCall {
  readonly service: "sqs" | "lambda" | "firehose";
  readonly operation: string;
  readonly region: string;
  /** The endpoint comes with it: a queue's URL begins so. */
  readonly input: (endpoint: string) => Record<string, unknown>;
}

export type AwsCaller = (call: AwsCall, delivery: Delivery, signal: AbortSignal) => Promise<AttemptResult>;

/** Where each service's endpoint is configured. */
const SETTINGS = {
  sqs: "targets.sqsEndpoint",
  lambda: "targets.lambdaEndpoint",
  firehose: "targets.firehoseEndpoint",
} as const;

/** Calls AWS or what speaks like it, signed, and tells whether another try may do better. */
export function openAwsCaller(needs: AwsNeeds): AwsCaller {
  return async (call, delivery, signal) => {
    const endpoint = needs.endpoints[call.service]?.replace(/\/+$/, "");
    if (endpoint === undefined) {
      return { outcome: "failed", error: `there is no endpoint for ${call.service}; set ${SETTINGS[call.service]}` };
    }
    const model = needs.catalog.model(call.service);
    const operation = model?.operations.get(call.operation);
    assert(model !== undefined && operation !== undefined, `${call.service} has ${call.operation}`);
    const url = new URL(endpoint);
    const plain = serializeRequest(operation, model.protocol, call.input(endpoint), { host: url.host });
    const request = signRequest(
      {
        ...plain,
        path: url.pathname.replace(/\/$/, "") + plain.path,
        headers: { ...plain.headers, [DELIVERY_MARK_HEADER]: [needs.mark(delivery)] },
      },
      await needs.credentials(),
      { region: call.region, service: model.signingName, now: needs.clock.now() },
    );
    const response = await needs.http({
      url: url.origin + request.path,
      headers: headersOf(request),
      body: request.body,
      signal,
    });
    return response.status < 300 ? { outcome: "delivered" } : resultOf(model, response);
  };
}

function headersOf({ headers }: WireRequest): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, values = []]) => [name, values.join(", ")]));
}

/** What is wrong with our credentials or clock, or a matter of load, says nothing about the delivery. */
const PASSING =
  /Throttl|TooManyRequests|RequestThrottled|Unavailable|Expired|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|RequestTimeTooSkewed/;

function resultOf(
  model: Service,
  response: { status: number; headers: Readonly<Record<string, string>>; body: Buffer },
) {
  const { code, message, status } = parseError(model, model.protocol, response);
  const error = code === "" ? `answered HTTP ${status} without an AWS error` : `${code}: ${message}`;
  const passes = status === 429 || status >= 500 || PASSING.test(code);
  return { outcome: passes ? "retry" : "failed", error } as const;
}
