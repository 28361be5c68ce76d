import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import type { WireRequest, WireResponse } from "../../aws/index.ts";
import { reason } from "../../core/index.ts";
import { CallError } from "./call-error.ts";

/** LookupEvents answers at most 50 records of 256 KB; nothing that we call answers more. */
const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;

/** Sends a request once and resolves with the whole answer, whatever its status. */
export type Send = (request: WireRequest, limits: SendLimits) => Promise<WireResponse>;

interface SendLimits {
  /** From the first byte sent to the last received. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends to one endpoint over kept connections, which do not keep the process alive.
 *
 * The promise rejects with the signal's reason when aborted, else with a `CallError` without status.
 */
export function sendTo(endpoint: URL): Send {
  const tls = endpoint.protocol === "https:";
  const agent = tls ? new TlsAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const open = tls ? tlsRequest : request;
  const prefix = endpoint.pathname.replace(/\/$/, "");

  return async (wire, { timeoutMs, signal }) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const options: RequestOptions = {
      agent,
      method: wire.method,
      path: prefix + wire.path + (wire.query === "" ? "" : `?${wire.query}`),
      headers: { ...nodeHeaders(wire), "content-length": wire.body.length },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    };
    try {
      return await new Promise<WireResponse>((resolve, reject) => {
        open(endpoint, options, (response) => void readAnswer(response).then(resolve, reject))
          .on("error", reject)
          .end(wire.body);
      });
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof CallError) throw cause;
      const [code, what] = timeout.aborted
        ? ["TimedOut", `no answer within ${timeoutMs} ms`]
        : [systemCode(cause), reason(cause) || systemCode(cause)];
      throw new CallError(`call ${endpoint.origin}: ${what}`, { code, cause });
    }
  };
}

async function readAnswer(response: IncomingMessage): Promise<WireResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > RESPONSE_BYTES_MAX) {
      throw new CallError(`the answer is larger than ${RESPONSE_BYTES_MAX} bytes`, { code: "NotAnAwsAnswer" });
    }
    chunks.push(chunk);
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]);
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body: Buffer.concat(chunks) };
}

function nodeHeaders({ headers }: WireRequest): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, values]) =>
    values === undefined ? [] : [[name, values.join(", ")]],
  );
  return Object.fromEntries(entries);
}

/** Node gives a code to what the system refused; an address list of which none answered keeps it on its parts. */
function systemCode(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return systemCode(thrown.errors[0]);
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return typeof code === "string" ? code : "NoAnswer";
}
