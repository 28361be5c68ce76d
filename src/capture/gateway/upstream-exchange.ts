import type {
  AnswerReceiver,
  OutgoingRequest,
  SwitchedProtocols,
  UpgradeReceiver,
  UpstreamExchange,
  UpstreamFailure,
} from "./upstream.ts";
import { discardRest } from "./upstream-body.ts";
import type { UpstreamConnection } from "./upstream-connection.ts";

/** Methods that mean the same once and twice (RFC 9110 section 9.2.2). */
const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"]);

/** One request until the last word of its answer, over one connection or, when that proves to be closed, a second one. */
export class Exchange implements UpstreamExchange {
  readonly request: OutgoingRequest;
  /** As it goes out. */
  readonly head: string;
  readonly upgrade: UpgradeReceiver | undefined;
  readonly #receiver: AnswerReceiver;
  /** What carries it, once there is one. */
  connection: UpstreamConnection | undefined;
  /** The tick at which waiting for a connection ends. */
  waitsUntil: number = Number.POSITIVE_INFINITY;
  #continued = false;
  #over = false;

  constructor(request: OutgoingRequest, head: string, receiver: AnswerReceiver, upgrade?: UpgradeReceiver) {
    this.request = request;
    this.head = head;
    this.#receiver = receiver;
    this.upgrade = upgrade;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Whether the call may reach the upstream twice. */
  get repeatable(): boolean {
    return this.request.repeatable ?? REPEATABLE.has(this.request.method);
  }

  resume(): void {
    if (!this.#over) this.connection?.resume();
  }

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.connection?.destroy();
  }

  continued(): void {
    if (this.#continued || this.#over) return;
    this.#continued = true;
    this.#receiver.continued();
  }

  answered(status: number, statusMessage: string, rawHeaders: readonly string[]): void {
    if (!this.#over) this.#receiver.head(status, statusMessage, rawHeaders);
  }

  data(chunk: Uint8Array): boolean {
    return this.#over || this.#receiver.data(chunk);
  }

  end(rawTrailers: readonly string[]): void {
    if (this.#over) return;
    this.#over = true;
    this.#receiver.end(rawTrailers);
  }

  switched(switched: SwitchedProtocols): void {
    if (this.#over) return;
    this.#over = true;
    this.upgrade?.switched(switched);
  }

  failed(failure: UpstreamFailure): void {
    if (this.#over) return;
    this.#over = true;
    const { body, expectContinue } = this.request;
    // A client that still waits for leave may not send its body at all.
    if (body.kind === "stream" && (this.#continued || !expectContinue)) discardRest(body);
    this.#receiver.failed(failure);
  }
}
