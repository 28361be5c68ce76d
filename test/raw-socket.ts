import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** An answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A client that sends bytes, whatever they are, and reads answers one after the other. */
export class RawSocket {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #changed: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#changed?.();
    });
    socket.on("error", () => undefined);
    socket.on("end", () => this.#end()).on("close", () => this.#end());
  }

  static async open(endpoint: string): Promise<RawSocket> {
    const { hostname, port } = new URL(endpoint);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const opened = new RawSocket(socket);
    await once(socket, "connect");
    return opened;
  }

  /** Resolves once the system has taken the bytes, or the peer does not take any more. */
  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const data = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
      const done = (): void => {
        this.socket.off("close", done);
        resolve();
      };
      this.socket.once("close", done);
      this.socket.write(data, done);
    });
  }

  /** The next whole answer that is not `100 Continue`; undefined when the peer closes before. */
  async answer({ bodyless = false }: { readonly bodyless?: boolean } = {}): Promise<RawAnswer | undefined> {
    for (;;) {
      const answer = this.#take(bodyless);
      if (answer !== undefined && answer.status !== 100) return answer;
      if (answer !== undefined) continue;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  /** Takes what comes up to and with `text`, as latin1; undefined when the peer closes before. */
  async until(text: string): Promise<string | undefined> {
    for (;;) {
      const at = this.#received.indexOf(text, 0, "latin1");
      if (at >= 0) {
        const taken = this.#received.toString("latin1", 0, at + text.length);
        this.#received = this.#received.subarray(at + text.length);
        return taken;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  /** Everything that comes until the peer closes, as latin1. */
  async rest(): Promise<string> {
    await this.ended();
    const rest = this.#received.toString("latin1");
    this.#received = Buffer.alloc(0);
    return rest;
  }

  /** Resolves when the peer has closed its side. */
  async ended(): Promise<void> {
    while (!this.#ended) await new Promise<void>((resolve) => (this.#changed = resolve));
  }

  destroy(): void {
    this.socket.destroy();
  }

  #end(): void {
    this.#ended = true;
    this.#changed?.();
  }

  #take(bodyless: boolean): RawAnswer | undefined {
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return undefined;
    const [first = "", ...lines] = this.#received.toString("latin1", 0, headEnd).split("\r\n");
    const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), value(line)]));
    const length = bodyless ? 0 : Number(headers.get("content-length") ?? 0);
    const end = headEnd + 4 + length;
    if (this.#received.length < end) return undefined;
    const body = this.#received.toString("utf8", headEnd + 4, end);
    this.#received = this.#received.subarray(end);
    return { status: Number(first.split(" ")[1]), headers, body };
  }
}

/** The bytes of a request; the header lines as they are given. */
export function rawRequest(start: string, headers: readonly string[], body: string | Uint8Array = ""): Buffer {
  const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  return Buffer.concat([Buffer.from(`${[`${start} HTTP/1.1`, ...headers].join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

function value(line: string): string {
  return line.slice(line.indexOf(":") + 1).trim();
}
