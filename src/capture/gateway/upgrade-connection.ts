import { STATUS_CODES } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WireResponse, headersOf } from "../../aws/index.ts";
import type { RelayedAnswer } from "./answer-relay.ts";
import { BodyCapture } from "./body-capture.ts";
import { lastAnswer } from "./last-answer.ts";
import type { PassingCall } from "./pass-through.ts";
import { noAnswer } from "./unrecorded-call.ts";
import type {
  OutgoingRequest,
  SwitchedProtocols,
  UpgradeReceiver,
  Upstream,
  UpstreamExchange,
  UpstreamFailure,
} from "./upstream.ts";

/** Of a peer that is silent, and may stay so, this tells whether it is still there. */
const KEEP_ALIVE_MS = 60_000;

/**
 * A call that asks for another protocol (WebSocket): recorded as it is taken, piped from there on. Resolves when both have
 * ended, or with what the client is to be told instead.
 */
export async function upgradeConnection(
  call: PassingCall,
  upstream: Upstream,
  client: Duplex,
  first: Buffer,
): Promise<Uint8Array | undefined> {
  // Whoever goes away is told to the other; there is nobody else to tell.
  client.on("error", () => client.destroy());
  const prepared = await call.prepare();
  if ("answer" in prepared) return ownAnswer(prepared.answer);
  const asked = await new UpgradeAnswer(client).ask(upstream, prepared.outgoing);
  const ours = await call.conclude(asked.answer);
  if (ours === undefined && asked.switched !== undefined && !client.destroyed) {
    await joined(client, first, asked.switched);
    return undefined;
  }
  asked.switched?.socket.destroy();
  return ours === undefined ? upstreamAnswer(asked) : ownAnswer(ours);
}

/** Resolves when both sides have closed. */
async function joined(client: Duplex, first: Buffer, { headBytes, socket }: SwitchedProtocols): Promise<void> {
  for (const each of [client, socket]) {
    if (!(each instanceof Socket)) continue;
    each.setTimeout(0);
    each.setKeepAlive(true, KEEP_ALIVE_MS);
  }
  const over = Promise.all([client, socket].map((each) => new Promise((resolve) => each.once("close", resolve))));
  socket.on("error", () => client.destroy());
  socket.on("close", () => client.destroy());
  client.on("close", () => socket.destroy());
  client.write(headBytes);
  socket.write(first);
  socket.pipe(client);
  client.pipe(socket);
  await over;
}

interface Asked {
  readonly answer: RelayedAnswer;
  readonly statusMessage: string;
  readonly rawHeaders: readonly string[];
  readonly switched?: SwitchedProtocols;
}

/** Waits for the new protocol, or gathers the answer that says why there is none. */
class UpgradeAnswer implements UpgradeReceiver {
  readonly #client: Duplex;
  readonly #done: PromiseWithResolvers<Asked> = Promise.withResolvers();
  readonly #capture = new BodyCapture(ANSWER_BYTES, false);
  #exchange: UpstreamExchange | undefined;
  #head: RelayedAnswer["head"];
  #statusMessage = "";
  #rawHeaders: readonly string[] = [];

  constructor(client: Duplex) {
    this.#client = client;
  }

  ask(upstream: Upstream, outgoing: OutgoingRequest): Promise<Asked> {
    this.#exchange = upstream.upgrade(outgoing, this);
    this.#client.once("close", this.#clientLeft);
    if (this.#client.destroyed) this.#clientLeft();
    return this.#done.promise;
  }

  continued(): void {}

  switched(switched: SwitchedProtocols): void {
    this.#head = { status: 101, headers: headersOf(switched.rawHeaders) };
    // Until it is passed on, whoever closes it has nobody to tell.
    switched.socket.on("error", () => switched.socket.destroy());
    this.#finish(undefined, switched);
  }

  head(status: number, statusMessage: string, rawHeaders: readonly string[]): void {
    this.#head = { status, headers: headersOf(rawHeaders) };
    this.#statusMessage = statusMessage;
    this.#rawHeaders = rawHeaders;
  }

  data(chunk: Uint8Array): boolean {
    this.#capture.add(chunk);
    return true;
  }

  end(): void {
    this.#finish(undefined);
  }

  failed(failure: UpstreamFailure): void {
    this.#finish(failure);
  }

  readonly #clientLeft = (): void => {
    this.#exchange?.abort();
    this.#finish({ kind: "broken", sent: true, cause: new Error("the client closed its connection") }, undefined, true);
  };

  #finish(failure: UpstreamFailure | undefined, switched?: SwitchedProtocols, clientGone = false): void {
    this.#client.off("close", this.#clientLeft);
    this.#done.resolve({
      answer: {
        ...(this.#head === undefined ? {} : { head: this.#head }),
        body: this.#capture.result(failure === undefined),
        ...(failure === undefined ? {} : { failure }),
        clientGone,
        requestBroken: false,
      },
      statusMessage: this.#statusMessage,
      rawHeaders: this.#rawHeaders,
      ...(switched === undefined ? {} : { switched }),
    });
  }
}

/** A refused upgrade says why in few words. */
const ANSWER_BYTES = 1024 * 1024;

function upstreamAnswer({ answer, statusMessage, rawHeaders }: Asked): Uint8Array {
  const { head, body } = answer;
  if (head === undefined || !body.whole) return ownAnswer(noAnswer());
  return lastAnswer(head.status, statusMessage, rawHeaders, body.bytes);
}

function ownAnswer({ status, headers, body }: WireResponse): Uint8Array {
  return lastAnswer(status, STATUS_CODES[status] ?? "", Object.entries(headers).flat(), body);
}
