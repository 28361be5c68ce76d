import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { closeGracefully, type HttpAddress, type ListeningServer, listen } from "./http-server.ts";
import type { ApiMetrics } from "./metrics.ts";

/** What `/healthz` tells: `ok` is the one word that a load balancer needs. */
export interface Health {
  readonly ok: boolean;
  readonly [part: string]: unknown;
}

/** `GET /healthz` (200 or 503, JSON) and `GET /metrics` (Prometheus text), for operators; reachable without a signature. */
export async function serveStatus(
  address: HttpAddress,
  health: () => Health,
  metrics: ApiMetrics,
): Promise<ListeningServer> {
  const pages: Readonly<Record<string, () => Promise<readonly [status: number, type: string, text: string]>>> = {
    "/healthz": async () => {
      const state = health();
      return [state.ok ? 200 : 503, "application/json", `${JSON.stringify(state)}\n`];
    },
    "/metrics": async () => [200, metrics.registry.contentType, await metrics.registry.metrics()],
  };
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (request, response) => {
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
