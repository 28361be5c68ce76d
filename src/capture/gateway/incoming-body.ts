import type { IncomingMessage } from "node:http";
import type { ChunkSeed, Headers } from "../../aws/index.ts";
import type { ByteBudget, Refusal } from "../../core/index.ts";
import type { CapturedBody } from "../call/captured.ts";
import { guardBody, type PendingBody } from "../enforce/index.ts";
import { BodyCapture, NO_BODY, wholeBody } from "./body-capture.ts";
import { type Gathered, Gathering } from "./gather-body.ts";
import type { StreamedBody } from "./upstream.ts";

/** What is kept of a body that streams. */
export interface StreamPlan {
  readonly keepBytesMax: number;
  /** Whether a longer one is to be named by its hash. */
  readonly hash: boolean;
  /** What the body must turn out to be; absent where nobody here judges. */
  readonly pending?: PendingBody;
  /** The seed of the signatures that take the place of the client's. */
  readonly chunks?: ChunkSeed;
}

/** The body of a request that is forwarded: gathered where that helps, else captured while it streams. */
export class IncomingBody {
  readonly #request: IncomingMessage;
  /** As the client announced it; 0 without a body, undefined when it is not known beforehand. */
  readonly length: number | undefined;
  #known: CapturedBody | undefined;
  #gathering: Gathering | undefined;
  #capture: BodyCapture | undefined;
  /** The request flows into a guard, which holds it up when nobody reads the guard. */
  #guarded = false;

  constructor(request: IncomingMessage, headers: Headers) {
    this.#request = request;
    this.length = announcedLength(headers);
    if (this.length === 0) this.#known = NO_BODY;
  }

  /** All of it, or all that will come, once that is known. */
  get known(): CapturedBody | undefined {
    return this.#known;
  }

  /** What came so far, bytes. */
  get size(): number {
    return this.#known?.size ?? this.#capture?.size ?? 0;
  }

  async gather(bytesMax: number, budget: ByteBudget): Promise<Gathered> {
    this.#gathering = new Gathering(this.#request, bytesMax, budget);
    const gathered = await this.#gathering.gathered;
    if (gathered.kind === "whole") this.#known = wholeBody(gathered.bytes);
    if (gathered.kind === "broken") this.#known = { bytes: gathered.bytes, size: gathered.bytes.length, whole: false };
    return gathered;
  }

  /** The client will not send the rest of what is being gathered. */
  breakOff(why: Refusal): void {
    this.#gathering?.stop(why);
  }

  /** The body for the upstream, captured as it is read. */
  stream({ keepBytesMax, hash, pending, chunks }: StreamPlan): StreamedBody {
    const request = this.#request;
    const capture = new BodyCapture(keepBytesMax, hash);
    this.#capture = capture;
    request.pause();
    request.on("data", (chunk: Buffer) => capture.add(chunk));
    const guard = pending === undefined ? undefined : guardBody(pending, chunks);
    // Whoever sends it hears what is wrong with it; once it is not sent any more, nobody needs to.
    guard?.on("error", () => undefined);
    this.#guarded = guard !== undefined;
    return {
      kind: "stream",
      readable: guard === undefined ? request : request.pipe(guard),
      ...(this.length === undefined ? {} : { length: this.length }),
      trailers: () => request.rawTrailers,
    };
  }

  /** The exchange is over: what of the body passed until now is all that counts. */
  passed(): CapturedBody {
    this.#known ??= this.#capture?.result(this.#request.readableEnded) ?? NO_BODY;
    return this.#known;
  }

  /** The call is over: what is left of the body is nobody's. */
  release(): void {
    this.#gathering?.release();
    if (this.#guarded) this.#request.unpipe();
  }
}

/** The body's length as the client announced it; 0 without a body, undefined when it is not known beforehand. */
function announcedLength(headers: Headers): number | undefined {
  if (headers["transfer-encoding"] !== undefined) return undefined;
  return Number(headers["content-length"]?.[0] ?? 0);
}
