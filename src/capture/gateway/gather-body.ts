import type { IncomingMessage } from "node:http";
import type { ByteBudget, Refusal } from "../../core/index.ts";

/**
 * What gathering a body came to.
 *
 * - `whole`: all of it. It counts against the budget until `release()`.
 * - `more`: it goes on beyond what was asked for; what came is given back to the request, which streams from here on.
 * - `no-room`: the same, because all bodies together have filled the budget.
 * - `broken`: it will never be whole: the client left, or sent what is no HTTP.
 */
export type Gathered =
  | { readonly kind: "whole"; readonly bytes: Uint8Array }
  | { readonly kind: "more" | "no-room"; readonly bytes: Uint8Array }
  | { readonly kind: "broken"; readonly bytes: Uint8Array; readonly why: Refusal | undefined };

/** Reads up to `bytesMax` of a request's body into memory, within the budget. */
export class Gathering {
  readonly #request: IncomingMessage;
  readonly #bytesMax: number;
  readonly #budget: ByteBudget;
  readonly #done: (gathered: Gathered) => void;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #held = 0;
  /** Never rejects. */
  readonly gathered: Promise<Gathered>;

  constructor(request: IncomingMessage, bytesMax: number, budget: ByteBudget) {
    this.#request = request;
    this.#bytesMax = bytesMax;
    this.#budget = budget;
    const { promise, resolve } = Promise.withResolvers<Gathered>();
    this.gathered = promise;
    this.#done = resolve;
    // Of a request whose connection is gone already nothing more would be told.
    if (request.destroyed) this.#broken();
    else request.on("data", this.#take).on("end", this.#end).on("error", this.#broken).on("close", this.#broken);
  }

  /** Ends it from outside: the rest will not come. */
  stop(why: Refusal): void {
    this.#finish({ kind: "broken", bytes: this.#bytes(), why });
  }

  /** The bytes are no longer held. */
  release(): void {
    this.#budget.give(this.#held);
    this.#held = 0;
  }

  readonly #take = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const room = this.#budget.take(chunk.length);
    if (room) this.#held += chunk.length;
    if (room && this.#size <= this.#bytesMax) return;
    const bytes = this.#bytes();
    this.#request.pause();
    this.#finish({ kind: room ? "more" : "no-room", bytes });
    this.#request.unshift(bytes);
  };

  readonly #end = (): void => this.#finish({ kind: "whole", bytes: this.#bytes() });
  readonly #broken = (): void => this.#finish({ kind: "broken", bytes: this.#bytes(), why: undefined });

  #finish(gathered: Gathered): void {
    const request = this.#request;
    request.off("data", this.#take).off("end", this.#end).off("error", this.#broken).off("close", this.#broken);
    // Whatever else happens to the request is no longer of interest here, but an error without a listener would be fatal.
    request.on("error", () => undefined);
    if (gathered.kind !== "whole") this.release();
    this.#done(gathered);
  }

  #bytes(): Buffer {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
  }
}
