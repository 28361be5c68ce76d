import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readJournal } from "./read-journal.ts";
import { type ServerOptions, startServer, type TestServer } from "./server.ts";

/** Settings of opentrail.yaml, as JSON, which is YAML too. */
export interface GatewaySettings {
  readonly routes: readonly Readonly<Record<string, unknown>>[];
  readonly [setting: string]: unknown;
}

/** A real OpenTrail that forwards, in a process of its own. */
export async function startGatewayServer(
  settings: GatewaySettings,
  options: ServerOptions & { readonly dataDirectory: string },
): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-settings-"));
  try {
    const file = join(directory, "opentrail.yaml");
    writeFileSync(file, JSON.stringify(settings));
    return await startServer({ ...options, flags: ["--config", file, ...(options.flags ?? [])] });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A record as it lies in the journal. */
export interface StoredRecord {
  readonly eventID: string;
  readonly eventName: string;
  readonly eventSource: string;
  readonly errorCode?: string;
  readonly additionalEventData?: { readonly outcome?: string; readonly route?: string };
  readonly [member: string]: unknown;
}

/** What a stopped server's journal holds of the calls that went through its routes. */
export async function forwardedRecords(dataDirectory: string): Promise<readonly StoredRecord[]> {
  const { texts } = await readJournal(dataDirectory);
  return texts
    .map((text) => JSON.parse(text) as StoredRecord)
    .filter(({ additionalEventData }) => additionalEventData?.route);
}

/** The highest resident memory that a process had, bytes. */
export function peakMemory({ process }: TestServer): number {
  const text = readFileSync(`/proc/${process.pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(text)?.[1]) * 1024;
}
