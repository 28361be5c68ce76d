import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Socket } from "node:net";

/** How a receiver behaves towards one request. */
export type Behaviour = (request: HookCall, response: ServerResponse) => void;

export interface HookCall {
  readonly path: string;
  readonly body: string;
}

/** An HTTP server that keeps what it gets, and behaves as it is told; paths that nobody speaks of are answered with 200. */
export interface Hook {
  readonly url: string;
  /** Every request, in order, by path. */
  got(path: string): readonly string[];
  behave(path: string, behaviour: Behaviour): void;
  stop(): Promise<void>;
}

export async function startHook(): Promise<Hook> {
  const behaviours = new Map<string, Behaviour>();
  const bodies = new Map<string, string[]>();
  const server = createServer((request, response) => {
    response.on("error", () => undefined);
    void bodyOf(request).then((body) => {
      const path = request.url ?? "";
      bodies.set(path, [...(bodies.get(path) ?? []), body]);
      (behaviours.get(path) ?? answerOk)({ path, body }, response);
    });
  });
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}`,
    got: (path) => bodies.get(path) ?? [],
    behave: (path, behaviour) => void behaviours.set(path, behaviour),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Something that takes connections and never says a word. */
export async function startSilence(): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
  });
  const port = await listening(server);
  return {
    port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const answerOk: Behaviour = (_, response) => void response.end();

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function listening(
  server: ReturnType<typeof createServer> | ReturnType<typeof createSocketServer>,
): Promise<number> {
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return (server.address() as AddressInfo).port;
}
