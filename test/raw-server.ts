import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** A server that sees what was sent and answers with bytes, whatever they are. */
export class RawServer {
  readonly connections: RawPeer[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `serve` is called for each connection; what it throws closes the connection. */
  static async open(serve: (peer: RawPeer, number: number) => unknown): Promise<RawServer> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const opened = new RawServer(server);
    server.on("connection", (socket: Socket) => {
      const peer = new RawPeer(socket);
      const number = opened.connections.push(peer) - 1;
      Promise.resolve(serve(peer, number)).catch(() => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return opened;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** One connection as its server sees it. */
export class RawPeer {
  readonly socket: Socket;
  /** What has come and was not taken, as latin1. */
  received = "";
  ended = false;
  closed = false;
  #changed: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.received += chunk.toString("latin1");
      this.#changed?.();
    });
    socket.on("end", () => {
      this.ended = true;
      this.#changed?.();
    });
    socket.on("close", () => {
      this.closed = true;
      this.#changed?.();
    });
    socket.on("error", () => undefined);
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Writes and closes the sending side. */
  end(bytes: string): void {
    this.socket.end(Buffer.from(bytes, "latin1"));
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Takes up to and with `text`. @throws {Error} when the peer stops sending before. */
  async until(text: string): Promise<string> {
    for (;;) {
      const at = this.received.indexOf(text);
      if (at >= 0) return this.take(at + text.length);
      if (this.ended || this.closed) throw new Error(`ended before ${JSON.stringify(text)}`);
      await this.#change();
    }
  }

  /** Takes the next head, with its empty line. */
  head(): Promise<string> {
    return this.until("\r\n\r\n");
  }

  /** Takes exactly so many bytes. */
  async bytes(count: number): Promise<string> {
    while (this.received.length < count) {
      if (this.ended || this.closed) throw new Error(`ended before ${count} bytes`);
      await this.#change();
    }
    return this.take(count);
  }

  /** Resolves when the peer has ended or reset the connection. */
  async gone(): Promise<void> {
    while (!this.ended && !this.closed) await this.#change();
  }

  take(count: number): string {
    const taken = this.received.slice(0, count);
    this.received = this.received.slice(count);
    return taken;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#changed = resolve));
  }
}
