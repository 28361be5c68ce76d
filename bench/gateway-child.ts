/**
 * The servers of bench/gateway.ts that are not programs of their own, one per process:
 *
 * - `store`: takes uploads and throws them away; gives as many bytes as `?bytes=` says.
 * - `bare`: the least proxy that our upstream side allows: it keeps nothing and records nothing.
 *
 * Prints its port once it listens.
 *
 *     node bench/gateway-child.ts store
 *     node bench/gateway-child.ts bare http://127.0.0.1:PORT
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Upstream, UpstreamExchange } from "../src/capture/gateway/upstream.ts";
import { openUpstream } from "../src/capture/gateway/upstream-pool.ts";

const [role, url = ""] = process.argv.slice(2);

function store(request: IncomingMessage, response: ServerResponse): void {
  const bytes = Number(new URL(request.url ?? "/", "http://store").searchParams.get("bytes") ?? 0);
  request.resume().on("end", () => {
    response.writeHead(200, { "content-type": "binary/octet-stream", "content-length": bytes });
    const block = Buffer.alloc(256 * 1024);
    let left = bytes;
    const give = (): void => {
      while (left > 0) {
        const size = Math.min(left, block.length);
        left -= size;
        if (!response.write(block.subarray(0, size))) return void response.once("drain", give);
      }
      response.end();
    };
    give();
  });
}

function bare(upstream: Upstream, request: IncomingMessage, response: ServerResponse): void {
  const length = Number(request.headers["content-length"] ?? 0);
  const exchange: UpstreamExchange = upstream.send(
    {
      method: request.method ?? "GET",
      target: request.url ?? "/",
      rawHeaders: request.rawHeaders,
      body: length === 0 ? { kind: "none" } : { kind: "stream", readable: request, length, trailers: () => [] },
      expectContinue: false,
    },
    {
      continued: () => undefined,
      head: (status, message, rawHeaders) => {
        response.writeHead(status, message, [...rawHeaders]);
        response.on("drain", () => exchange.resume());
      },
      data: (chunk) => response.write(chunk),
      end: () => response.end(),
      failed: ({ cause }) => response.destroy(cause as Error),
    },
  );
  response.on("close", () => exchange.abort());
}

function listener(): (request: IncomingMessage, response: ServerResponse) => void {
  if (role === "store") return store;
  const upstream = openUpstream({ url });
  return (request, response) => bare(upstream, request, response);
}

const server = createServer(listener());
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
