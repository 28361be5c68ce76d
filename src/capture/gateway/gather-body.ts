import type { IncomingMessage } from "node:http";
import type { ByteBudget, Refusal } from "../../core/index.ts";

/**
 * What gathering a body came to.
 *
 * - `whole`: all of it.
 * - `more`: it goes on, or there is no room to hold it; what came is given back to the request, which streams from here on.
 * - `broken`: it will never be whole: the client left, or sent what is no HTTP.
 */
export type Gathered =
  | { readonly kind: "whole"; readonly bytes: Uint8Array }
  | { readonly kind: "more"; readonly beginning: Uint8Array }
  | { readonly kind: "broken"; readonly why: Refusal | undefined; readonly bytes: Uint8Array };

/** A body that is being gathered; `stop` ends it from outside. */
export interface Gathering {
  readonly gathered: Promise<Gathered>;
  stop(why: Refusal): void;
}

/** Reads up to `bytesMax` of a request's body into memory, within the budget; never rejects. */
export function gatherBody(request: IncomingMessage, bytesMax: number, budget: ByteBudget): Gathering {
  let stop: (why: Refusal) => void = () => undefined;
  const gathered = new Promise<Gathered>((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let held = 0;
    const finish = (kind: Gathered["kind"], why?: Refusal): void => {
      request.off("data", take).off("end", end).off("error", fail).off("close", fail);
      budget.give(held);
      const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      if (kind === "whole") return resolve({ kind, bytes });
      if (kind === "broken") {
        // Whatever else happens to the request is no longer of interest, but an error without a listener would be fatal.
        request.on("error", () => undefined);
        return resolve({ kind, why, bytes });
      }
      request.pause();
      request.unshift(bytes);
      resolve({ kind, beginning: bytes });
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      const room = budget.take(chunk.length);
      if (room) held += chunk.length;
      if (!room || size > bytesMax) finish("more");
    };
    const end = (): void => finish("whole");
    const fail = (): void => finish("broken");
    stop = (why) => finish("broken", why);
    request.on("data", take).on("end", end).on("error", fail).on("close", fail);
  });
  return { gathered, stop: (why) => stop(why) };
}
