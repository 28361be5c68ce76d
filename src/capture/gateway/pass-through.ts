import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { WireResponse } from "../../aws/index.ts";
import { AnswerRelay, type RelayedAnswer } from "./answer-relay.ts";
import { BodyCapture } from "./body-tap.ts";
import { ForwardedCall } from "./forwarded-call.ts";
import type { Arrival, GatewayNeeds, OpenRoute } from "./gateway.ts";
import { headersOf } from "./raw-headers.ts";
import type { AnswerReceiver, SwitchedProtocols, Upstream, UpstreamFailure } from "./upstream.ts";

/** Forwards what is no call of an API: it leaves no record. */
export async function passUnrecorded(upstream: Upstream, arrival: Arrival, response: ServerResponse): Promise<void> {
  const { request, head, expectsContinue } = arrival;
  const chunked = head.headers["transfer-encoding"] !== undefined;
  const length = Number(head.headers["content-length"]?.[0] ?? 0);
  arrival.broken = (why) => request.destroy(why);
  const { relay, answer } = await new Promise<{ relay: AnswerRelay; answer: RelayedAnswer }>((resolve) => {
    const policy = {
      keepBytesMax: () => 0,
      stalledMs: STALLED_MS,
      patienceMs: STALLED_MS,
      last: arrival.last,
      continued: () => response.writeContinue(),
    };
    const relay: AnswerRelay = new AnswerRelay(response, policy, (answer) => resolve({ relay, answer }));
    relay.exchange = upstream.send(
      {
        method: head.method,
        target: request.url ?? "/",
        rawHeaders: request.rawHeaders,
        body:
          !chunked && length === 0
            ? { kind: "none" }
            : {
                kind: "stream",
                readable: request,
                trailers: () => request.rawTrailers,
                ...(chunked ? {} : { length }),
              },
        expectContinue: expectsContinue,
      },
      relay,
    );
  });
  if (answer.failure === undefined) relay.finish();
  else relay.replace(badGateway());
}

const STALLED_MS = 60_000;

function badGateway(): WireResponse {
  const text = "The service behind OpenTrail did not answer.\n";
  return { status: 502, headers: { "content-type": "text/plain" }, body: Buffer.from(text) };
}

/** A call that asks for another protocol (WebSocket): recorded as it is taken, piped from there on. */
export async function upgradeConnection(
  needs: GatewayNeeds,
  open: OpenRoute,
  arrival: Arrival,
  client: Duplex,
  first: Buffer,
): Promise<void> {
  // Whoever goes away is told to the other; there is nobody else to tell.
  client.on("error", () => client.destroy());
  const call = new ForwardedCall(needs, open, arrival);
  const prepared = await call.prepare();
  if ("answer" in prepared) return void client.end(rawAnswer(prepared.answer));
  const asked = await new Promise<Asked>((resolve) => {
    open.upstream.upgrade(prepared.outgoing, new UpgradeAnswer(resolve));
  });
  const ours = await call.conclude(asked.answer);
  if (ours !== undefined) {
    asked.switched?.socket.destroy();
    return void client.end(rawAnswer(ours));
  }
  if (asked.switched === undefined) return void client.end(rawAnswer(plainAnswer(asked.answer)));
  const { socket, headBytes } = asked.switched;
  socket.on("error", () => client.destroy());
  socket.on("close", () => client.destroy());
  client.on("close", () => socket.destroy());
  client.write(headBytes);
  socket.write(first);
  socket.pipe(client);
  client.pipe(socket);
  await new Promise<void>((resolve) => client.once("close", () => resolve()));
}

interface Asked {
  readonly answer: RelayedAnswer;
  readonly switched?: SwitchedProtocols;
}

/** Waits for the new protocol, or gathers the answer that says why there is none. */
class UpgradeAnswer implements AnswerReceiver {
  readonly #done: (asked: Asked) => void;
  readonly #capture = new BodyCapture(ANSWER_BYTES, false);
  #head: RelayedAnswer["head"];

  constructor(done: (asked: Asked) => void) {
    this.#done = done;
  }

  continued(): void {}

  switched(switched: SwitchedProtocols): void {
    this.#head = { status: 101, headers: headersOf(switched.rawHeaders) };
    this.#done({ answer: this.#answer(undefined), switched });
  }

  head(status: number, _: string, rawHeaders: readonly string[]): void {
    this.#head = { status, headers: headersOf(rawHeaders) };
  }

  data(chunk: Uint8Array): boolean {
    this.#capture.add(chunk);
    return true;
  }

  end(): void {
    this.#done({ answer: this.#answer(undefined) });
  }

  failed(failure: UpstreamFailure): void {
    this.#done({ answer: this.#answer(failure) });
  }

  #answer(failure: UpstreamFailure | undefined): RelayedAnswer {
    return {
      ...(this.#head === undefined ? {} : { head: this.#head }),
      body: this.#capture.result(),
      ...(failure === undefined ? {} : { failure }),
      clientGone: false,
    };
  }
}

/** A refused upgrade says why in few words. */
const ANSWER_BYTES = 1024 * 1024;

function plainAnswer({ head, body }: RelayedAnswer): WireResponse {
  const type = head?.headers["content-type"]?.[0];
  return {
    status: head?.status ?? 502,
    headers: type === undefined ? {} : { "content-type": type },
    body: body.bytes,
  };
}

function rawAnswer({ status, headers, body }: WireResponse): Buffer {
  const lines = Object.entries({ ...headers, connection: "close", "content-length": body.length });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}
