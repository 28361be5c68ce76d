import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { TlsFacts } from "../capture/index.ts";
import type { Refusal } from "../core/index.ts";

/** One client's connection: what is under way on it, and whose turn it is. */
export class Connection {
  /** Kept from the start: a socket that was closed no longer knows its peer. */
  readonly sourceIp: string;
  /** What was negotiated, on connections with TLS. */
  readonly tls: TlsFacts | undefined;
  /** Ends the body that is being read, and answers true; false when all of it has come. Set only while one is read. */
  breakBody: ((why: Refusal) => boolean) | undefined;
  /** Whether the client has nothing to do but wait for us. Set only while a call of its is forwarded. */
  waits: (() => boolean) | undefined;
  /** Why what comes on it is not HTTP any more: nothing after it can be understood. */
  unreadable: Refusal | undefined;
  /** The answer that closes it is being given: nothing after it is served. */
  ending = false;
  readonly #socket: Socket;
  #turn: Promise<void> = Promise.resolve();
  #calls = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.sourceIp = addressOf(socket);
    this.tls = socket instanceof TLSSocket ? tlsFacts(socket) : undefined;
  }

  /** Requests that came and are not answered. */
  get calls(): number {
    return this.#calls;
  }

  /**
   * Does `work` once everything before it on this connection is done: a client that sends requests without waiting for
   * answers relies on their order. Meanwhile no more is read than has come, so that a flood stays with its sender.
   */
  async inTurn(work: () => Promise<void>): Promise<void> {
    this.#calls += 1;
    this.hold();
    const mine = this.#calls === 1 ? work() : this.#turn.then(work);
    const done = (): void => {
      this.#calls -= 1;
      if (this.#calls === 0) this.#socket.resume();
    };
    this.#turn = mine.then(done, done);
    await mine;
  }

  /** Stops reading while requests wait. To be repeated after a body was read, which sets the socket going again. */
  hold(): void {
    if (this.#calls > 1) this.#socket.pause();
  }
}

/** IPv4 addresses as such, also when the socket speaks IPv6. */
function addressOf(socket: Socket): string {
  return (socket.remoteAddress ?? "unknown").replace(/^::ffff:(?=\d+\.)/, "");
}

/** Suites under their IANA names for TLS 1.3 and OpenSSL's for what came before, as CloudTrail writes them. */
function tlsFacts(socket: TLSSocket): TlsFacts {
  const tlsVersion = socket.getProtocol();
  const cipher = socket.getCipher();
  const exchange = socket.getEphemeralKeyInfo();
  const keyExchange = exchange !== null && "name" in exchange ? exchange.name : undefined;
  return {
    ...(tlsVersion === null ? {} : { tlsVersion }),
    cipherSuite: cipher.name,
    ...(keyExchange === undefined ? {} : { keyExchange }),
  };
}
