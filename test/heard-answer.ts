import type {
  AnswerReceiver,
  OutgoingRequest,
  SwitchedProtocols,
  UpgradeReceiver,
  Upstream,
  UpstreamExchange,
  UpstreamFailure,
} from "../src/capture/gateway/upstream.ts";

type Event = "continued" | "head" | "data" | "end" | "failed" | "switched";

/** Everything that one exchange with an upstream told. */
export class HeardAnswer implements AnswerReceiver, UpgradeReceiver {
  readonly events: Event[] = [];
  status: number | undefined;
  statusMessage: string | undefined;
  rawHeaders: readonly string[] = [];
  rawTrailers: readonly string[] = [];
  failure: UpstreamFailure | undefined;
  switchedTo: SwitchedProtocols | undefined;
  readonly chunks: Buffer[] = [];
  bytes = 0;
  /** What `data` answers. */
  wantsMore = true;
  /** Bodies of gigabytes are only counted. */
  keeps = true;
  exchange!: UpstreamExchange;
  #changed: (() => void) | undefined;

  static send(upstream: Upstream, request: OutgoingRequest): HeardAnswer {
    const heard = new HeardAnswer();
    heard.exchange = upstream.send(request, heard);
    return heard;
  }

  static upgrade(upstream: Upstream, request: OutgoingRequest): HeardAnswer {
    const heard = new HeardAnswer();
    heard.exchange = upstream.upgrade(request, heard);
    return heard;
  }

  get body(): string {
    return Buffer.concat(this.chunks).toString("latin1");
  }

  continued(): void {
    this.#tell("continued");
  }

  head(status: number, statusMessage: string, rawHeaders: readonly string[]): void {
    this.status = status;
    this.statusMessage = statusMessage;
    this.rawHeaders = rawHeaders;
    this.#tell("head");
  }

  data(chunk: Uint8Array): boolean {
    this.bytes += chunk.length;
    if (this.keeps) this.chunks.push(Buffer.from(chunk));
    if (this.events.at(-1) === "data") this.#changed?.();
    else this.#tell("data");
    return this.wantsMore;
  }

  end(rawTrailers: readonly string[]): void {
    this.rawTrailers = rawTrailers;
    this.#tell("end");
  }

  failed(failure: UpstreamFailure): void {
    this.failure = failure;
    this.#tell("failed");
  }

  switched(switched: SwitchedProtocols): void {
    this.switchedTo = switched;
    this.#tell("switched");
  }

  /** Resolves once the condition holds; looked at whenever something is told. */
  async when(condition: (heard: this) => boolean): Promise<this> {
    while (!condition(this)) await new Promise<void>((resolve) => (this.#changed = resolve));
    return this;
  }

  heard(event: Event): Promise<this> {
    return this.when(({ events }) => events.includes(event));
  }

  over(): Promise<this> {
    return this.when(({ events }) => /^(end|failed|switched)$/.test(events.at(-1) ?? ""));
  }

  #tell(event: Event): void {
    this.events.push(event);
    this.#changed?.();
  }
}

/** A GET without a body, but for what is said otherwise. */
export function outgoing(over: Partial<OutgoingRequest> = {}): OutgoingRequest {
  const rawHeaders = ["Host", "dynamodb.us-east-1.amazonaws.com"];
  return { method: "GET", target: "/", rawHeaders, body: { kind: "none" }, expectContinue: false, ...over };
}
