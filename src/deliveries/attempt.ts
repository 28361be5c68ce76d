import { reason } from "../core/index.ts";
import type { AttemptResult, Delivery, Transport } from "./delivery.ts";

/** What the ledger keeps of an error. */
const ERROR_CHARACTERS_MAX = 1_000;

/**
 * Makes one attempt, which ends after `timeoutMs` or with `signal` whatever the transport does. Undefined when `signal`
 * ended it: then nothing is known.
 */
export async function attempt(
  transport: Transport,
  delivery: Delivery,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<AttemptResult | undefined> {
  if (signal.aborted) return undefined;
  const cut = new AbortController();
  const cutOff = Promise.withResolvers<AttemptResult | undefined>();
  const end = (result: AttemptResult | undefined): void => {
    cutOff.resolve(result);
    cut.abort();
  };
  const stop = (): void => end(undefined);
  const timer = setTimeout(() => end({ outcome: "retry", error: `no answer within ${timeoutMs} ms` }), timeoutMs);
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([cutOff.promise, tryTransport(transport, delivery, cut.signal)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

async function tryTransport(transport: Transport, delivery: Delivery, signal: AbortSignal): Promise<AttemptResult> {
  try {
    return await transport(delivery, signal);
  } catch (thrown) {
    return { outcome: "retry", error: reason(thrown) };
  }
}

/** An error as the ledger keeps it: on one line, and not longer than anybody reads. */
export function errorText(error: string): string {
  // oxlint-disable-next-line no-control-regex -- Receivers write it.
  const line = error.toWellFormed().replace(/[\u0000-\u001f\u007f]+/g, " ");
  return line.length > ERROR_CHARACTERS_MAX ? `${line.slice(0, ERROR_CHARACTERS_MAX)}…`.toWellFormed() : line;
}
