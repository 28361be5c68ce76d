import type { AnswerReceiver, OutgoingRequest, Upstream, UpstreamExchange } from "../../capture/index.ts";
import { Failure } from "../../core/index.ts";
import { S3Exchange, type S3Needs } from "./exchange.ts";

/**
 * Opens the S3 API over buckets of ours, as what stands behind a gateway that has proven and judged every call. Requests
 * without `from`, and upgrades, fail.
 */
export function openS3Upstream(needs: S3Needs): Upstream {
  return new S3Upstream(needs);
}

class S3Upstream implements Upstream {
  readonly #needs: S3Needs;
  readonly #underWay = new Set<Promise<void>>();
  #closed = false;

  constructor(needs: S3Needs) {
    this.#needs = needs;
  }

  send(request: OutgoingRequest, receiver: AnswerReceiver): UpstreamExchange {
    if (this.#closed) return refused(receiver, "the buckets are closed");
    const exchange = new S3Exchange(this.#needs, request, receiver);
    const ended = exchange.run().finally(() => this.#underWay.delete(ended));
    this.#underWay.add(ended);
    return exchange;
  }

  upgrade(_: OutgoingRequest, receiver: AnswerReceiver): UpstreamExchange {
    return refused(receiver, "buckets speak no other protocol");
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#underWay);
  }
}

function refused(receiver: AnswerReceiver, why: string): UpstreamExchange {
  let aborted = false;
  queueMicrotask(() => {
    if (!aborted) receiver.failed({ kind: "unreachable", sent: false, cause: new Failure(why) });
  });
  return {
    resume: () => undefined,
    abort: () => {
      aborted = true;
    },
  };
}
