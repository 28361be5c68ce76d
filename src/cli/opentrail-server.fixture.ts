import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A server of our own API in JSON: each call is answered with what `answers` says for its operation, one after the other. */
export async function serveAnswers(answers: Readonly<Record<string, readonly object[]>>): Promise<{
  readonly endpoint: string;
  readonly calls: { readonly operation: string; readonly input: Readonly<Record<string, unknown>> }[];
}> {
  const calls: { readonly operation: string; readonly input: Readonly<Record<string, unknown>> }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const operation = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
      const nth = calls.filter((call) => call.operation === operation).length;
      calls.push({ operation, input: JSON.parse(text) as Readonly<Record<string, unknown>> });
      const answer = answers[operation]?.[nth];
      response.writeHead(answer === undefined ? 400 : 200);
      response.end(JSON.stringify(answer ?? { __type: "ValidationException", message: "nothing more is expected" }));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}
