import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

/** A server in front of another which has a bad day: it fails the first attempts of every call. */
export interface Unwell {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Of each call of an AWS SDK the first attempt is refused as a service that is busy does it, the second one's connection
 * ends in the middle of the answer, and only the third is passed on.
 */
export async function startUnwell(upstream: string): Promise<Unwell> {
  const server = createServer((incoming, answer) => {
    const attempt = /attempt=(\d+)/.exec(String(incoming.headers["amz-sdk-request"] ?? ""))?.[1];
    if (attempt === "1") busy(incoming, answer);
    else if (attempt === "2") breakOff(incoming, answer);
    else pass(upstream, incoming, answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a listening server has an address");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function busy(incoming: IncomingMessage, answer: ServerResponse): void {
  incoming.resume();
  incoming.once("end", () => {
    const isJson = incoming.headers["x-amz-target"] !== undefined;
    const type = isJson ? "application/x-amz-json-1.0" : "application/xml";
    const said = "<Error><Code>SlowDown</Code><Message>a bad day</Message></Error>";
    answer.writeHead(503, { "content-type": type });
    answer.end(isJson ? '{"__type":"ServiceUnavailable","message":"a bad day"}' : said);
  });
}

function breakOff(incoming: IncomingMessage, answer: ServerResponse): void {
  incoming.resume();
  incoming.once("end", () => {
    answer.writeHead(200, { "content-type": "application/octet-stream", "content-length": 1000 });
    answer.write("the first bytes of", () => answer.destroy());
  });
}

function pass(upstream: string, incoming: IncomingMessage, answer: ServerResponse): void {
  const { method, headers, url } = incoming;
  const onward = request(new URL(url ?? "/", upstream), { method, headers });
  onward.once("response", (told) => {
    answer.writeHead(told.statusCode ?? 502, told.headers);
    told.pipe(answer);
  });
  onward.once("error", () => answer.destroy());
  incoming.pipe(onward);
}
