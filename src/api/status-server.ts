import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Sources } from "../capture/index.ts";
import { closeGracefully, type HttpAddress, type ListeningServer, listen } from "./http-server.ts";
import type { ApiMetrics } from "./metrics.ts";

/** What `/healthz` tells: `ok` is the one word that a load balancer needs. */
export interface Health {
  readonly ok: boolean;
  readonly [part: string]: unknown;
}

export interface StatusPages {
  readonly health: () => Health;
  readonly metrics: ApiMetrics;
  /** Takes what another server posts of its audit log; it checks the sender's token itself. */
  readonly webhook: Sources["handleWebhook"];
}

/**
 * `GET /healthz` (200 or 503, JSON) and `GET /metrics` (Prometheus text), for operators, reachable without a signature;
 * and `POST /webhooks/<source>`, for servers that send their audit log.
 */
export async function serveStatus(
  address: HttpAddress,
  { health, metrics, webhook }: StatusPages,
): Promise<ListeningServer> {
  const pages: Readonly<Record<string, () => Promise<readonly [status: number, type: string, text: string]>>> = {
    "/healthz": async () => {
      const state = health();
      return [state.ok ? 200 : 503, "application/json", `${JSON.stringify(state)}\n`];
    },
    "/metrics": async () => [200, metrics.registry.contentType, await metrics.registry.metrics()],
  };
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (request, response) => {
    const source = WEBHOOK.exec(request.url ?? "")?.[1];
    if (request.method === "POST" && source !== undefined) return take(webhook, source, request, response);
    const page =
      request.method === "GET" || request.method === "HEAD"
        ? pages[(request.url ?? "").replace(/\?.*/, "")]
        : undefined;
    const reply = page?.() ?? Promise.resolve([404, "text/plain", "try /healthz or /metrics\n"] as const);
    reply.then(
      ([status, type, text]) => {
        response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
        response.end(text);
      },
      () => response.destroy(),
    );
  });
  await listen(server, address);
  return { port: (server.address() as AddressInfo).port, close: (graceMs) => closeGracefully(server, graceMs) };
}

const WEBHOOK = /^\/webhooks\/([A-Za-z0-9._-]{1,64})$/;

function take(
  webhook: StatusPages["webhook"],
  source: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  webhook(source, request, request.headers).then(
    ({ status, text }) => {
      // A body that is not read to its end would be taken for the next request.
      if (!request.complete) response.setHeader("connection", "close");
      response.writeHead(status, { "content-type": "text/plain" });
      response.end(`${text}\n`);
    },
    () => response.destroy(),
  );
}
