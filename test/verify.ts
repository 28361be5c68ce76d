import { spawn } from "node:child_process";
import { once } from "node:events";
import type { TestServer } from "./server.ts";

/** Runs `opentrail verify` as a user would, against this server. */
export async function runVerify(
  { environment }: Pick<TestServer, "environment">,
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, ["bin/opentrail.js", "verify", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: environment,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}
