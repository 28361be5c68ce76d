import type { ServerResponse } from "node:http";
import type { WireResponse } from "../../aws/index.ts";
import type { Refusal } from "../../core/index.ts";
import { AnswerRelay, type RelayedAnswer } from "./answer-relay.ts";
import type { Arrival } from "./gateway.ts";
import type { OutgoingRequest, Upstream } from "./upstream.ts";

/** What has to happen before a call is forwarded and after it was answered. */
export interface PassingCall {
  /** What is to be sent; or what the client is told instead, and nothing is sent. */
  prepare(): Promise<{ readonly outgoing: OutgoingRequest } | { readonly answer: WireResponse }>;
  /** How much of the body of an answer is wanted, bytes. */
  keepsOfAnswer(status: number): number;
  /** What the client gets instead of the upstream's answer, if it must get something else. */
  conclude(answer: RelayedAnswer): Promise<WireResponse | undefined>;
  /** The rest of the request will not come. */
  breakOff(why: Refusal): void;
  /** Nothing of it is held any more. */
  release(): void;
}

/** Forwards a call and passes the answer on. Answers what the client is to be told instead, if nothing was told yet. */
export async function passThrough(
  call: PassingCall,
  upstream: Upstream,
  arrival: Arrival,
  response: ServerResponse,
): Promise<WireResponse | undefined> {
  let broken: Refusal | undefined;
  arrival.broken = (why) => {
    broken = why;
    call.breakOff(why);
  };
  try {
    const prepared = await call.prepare();
    if ("answer" in prepared) return prepared.answer;
    const relay = new AnswerRelay(response, {
      keepBytesMax: (status) => call.keepsOfAnswer(status),
      continued: arrival.continue,
      last: arrival.last,
      stopped: arrival.stopped,
    });
    arrival.broken = (why) => relay.breakOff(why);
    const answer = relay.send(upstream, prepared.outgoing);
    if (broken !== undefined) relay.breakOff(broken);
    const ours = await call.conclude(await answer);
    if (ours !== undefined && !response.headersSent) return ours;
    if (ours === undefined) relay.finish();
    else relay.cut();
    return undefined;
  } finally {
    call.release();
  }
}
