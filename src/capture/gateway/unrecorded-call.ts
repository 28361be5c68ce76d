import { targetOf } from "../call/captured.ts";
import type { WireResponse } from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import type { RelayedAnswer } from "./answer-relay.ts";
import type { Arrival } from "./gateway.ts";
import { IncomingBody } from "./incoming-body.ts";
import type { PassingCall } from "./pass-through.ts";
import type { OutgoingRequest } from "./upstream.ts";

/** What is no call of an API, such as a health check: it is forwarded and leaves no record. */
export class UnrecordedCall implements PassingCall {
  readonly #arrival: Arrival;

  constructor(arrival: Arrival) {
    this.#arrival = arrival;
  }

  prepare(): Promise<{ readonly outgoing: OutgoingRequest }> {
    const { request, head, expectsContinue } = this.#arrival;
    const body = new IncomingBody(request, head.headers);
    const outgoing: OutgoingRequest = {
      method: head.method,
      target: targetOf(head),
      rawHeaders: request.rawHeaders,
      body: body.known === undefined ? body.stream({ keepBytesMax: 0, hash: false }) : { kind: "none" },
      expectContinue: expectsContinue,
    };
    return Promise.resolve({ outgoing });
  }

  keepsOfAnswer(): number {
    return 0;
  }

  conclude({ failure }: RelayedAnswer): Promise<WireResponse | undefined> {
    if (failure === undefined) return Promise.resolve(undefined);
    const { cause } = failure;
    return Promise.resolve(cause instanceof Refusal ? plainText(cause.status, cause.message) : noAnswer());
  }

  breakOff(): void {}

  release(): void {}
}

export function noAnswer(): WireResponse {
  return plainText(502, "The service behind OpenTrail did not answer.");
}

function plainText(status: number, text: string): WireResponse {
  return { status, headers: { "content-type": "text/plain" }, body: Buffer.from(`${text}\n`) };
}
