import { optional } from "../../core/index.ts";
import { DELIVERY_MARK_HEADER } from "../../record/index.ts";
import type { AttemptResult, Delivery, Transport } from "../delivery.ts";
import { AddressRefused } from "../guard/address-guard.ts";
import { BadRequest, type GuardedHttp, type HttpResponse } from "../guard/guarded-http.ts";

export interface HttpTransportNeeds {
  readonly http: GuardedHttp;
  /** What a delivery bears so that it is known when it comes back. */
  readonly mark: (delivery: Delivery) => string;
}

/** `Delivery.parameters` of the kind `http`. */
export interface HttpParameters {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  /** Shorter than what every attempt may take. */
  readonly timeoutMs?: number;
}

/** Sends the body to the URL that is the endpoint. */
export function openHttpTransport({ http, mark }: HttpTransportNeeds): Transport {
  return async (delivery, signal) => {
    const { headers, method, timeoutMs } = delivery.parameters as HttpParameters;
    const limit = timeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const response = await http({
        url: delivery.endpoint,
        ...optional("method", method),
        headers: { ...headers, [DELIVERY_MARK_HEADER]: mark(delivery) },
        body: delivery.body,
        signal: limit,
      });
      return resultOf(response);
    } catch (thrown) {
      // Only the owner or the operator can do something about these.
      if (thrown instanceof BadRequest || thrown instanceof AddressRefused) {
        return { outcome: "failed", error: thrown.message };
      }
      if (limit.aborted && !signal.aborted) return { outcome: "retry", error: `no answer within ${timeoutMs} ms` };
      throw thrown;
    }
  };
}

/**
 * What a status says: 2xx is delivered, 429 and 5xx may do better later, the rest never will. Redirects are not followed.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
 */
function resultOf(response: HttpResponse): AttemptResult {
  const { status } = response;
  if (status >= 200 && status < 300) return { outcome: "delivered" };
  const said = response.body.subarray(0, 200).toString().trim();
  const error = `answered HTTP ${status}${said === "" ? "" : `: ${said}`}`;
  if (status !== 429 && status < 500) return { outcome: "failed", error };
  return { outcome: "retry", error, ...optional("afterMs", askedPause(response.headers["retry-after"])) };
}

/** `Retry-After` in seconds; its other form, a date, is as good as none: clocks differ. */
function askedPause(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : undefined;
}
