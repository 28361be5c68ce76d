import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { S3Client } from "@aws-sdk/client-s3";
import { type Caller, callerOf } from "../calls.ts";
import { startServer, type TestServer } from "../server.ts";
import { s3Of } from "../trail.ts";

/** A server whose clock the test sets, and clients that keep up with it: hours of digests pass in seconds. */
export interface ServerInPast {
  readonly server: TestServer;
  readonly call: Caller;
  readonly s3: S3Client;
  /** Milliseconds since 1970, as the server's clock has it. */
  readonly now: () => number;
  /** The server's clock goes on from here. */
  readonly setClock: (ms: number) => void;
  /** The server's clock is right from now on. */
  readonly toPresent: () => void;
  readonly stop: () => Promise<void>;
}

export async function startServerInPast(startMs: number, flags: readonly string[]): Promise<ServerInPast> {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-clock-"));
  const file = join(directory, "offset");
  let offsetMs = 0;
  const setOffset = (ms: number): void => {
    offsetMs = ms;
    // The server reads it all the time: it must be there, whole.
    writeFileSync(`${file}.new`, String(ms));
    renameSync(`${file}.new`, file);
  };
  setOffset(startMs - Date.now());
  const environment = {
    NODE_OPTIONS: `--import=${pathToFileURL("test/fault/set-clock.js").href}`,
    OPENTRAIL_TEST_CLOCK: file,
  };
  const server = await startServer({ flags, environment });
  const now = (): number => Date.now() + offsetMs;
  const s3 = s3Of(server);
  s3.config.systemClockOffset = offsetMs;
  const setClock = (ms: number): void => {
    setOffset(ms - Date.now());
    s3.config.systemClockOffset = offsetMs;
  };
  return {
    server,
    call: callerOf(server, server.root, now),
    s3,
    now,
    setClock,
    toPresent: () => setClock(Date.now()),
    stop: async () => {
      s3.destroy();
      await server.stop();
      rmSync(directory, { recursive: true });
    },
  };
}
