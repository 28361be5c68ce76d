import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditRecord } from "../../../src/record/index.ts";
import { readJournal } from "../../read-journal.ts";
import { startServer, type TestServer } from "../../server.ts";

/** An OpenTrail that stands in front of something. */
export interface Gateway {
  readonly server: TestServer;
  /** The endpoint under names of which every one is this machine: buckets and prefixes can stand before it. */
  readonly named: string;
  /** Stops it; resolves with every record of its journal, in order. */
  records(): Promise<readonly AuditRecord[]>;
}

/** With `--upstream URL`, or with a whole `opentrail.yaml`. */
export async function startGateway(before: { upstream: string } | { config: string }): Promise<Gateway> {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-gateway-"));
  const dataDirectory = join(directory, "data");
  const config = join(directory, "opentrail.yaml");
  if ("config" in before) writeFileSync(config, before.config);
  const flags = "config" in before ? ["--config", config] : ["--upstream", before.upstream];
  const server = await startServer({ dataDirectory, flags });
  return {
    server,
    named: server.endpoint.replace("127.0.0.1", "localhost"),
    records: async () => {
      const code = await server.stop();
      if (code !== 0) throw new Error(`the server ended with ${code}\n${server.log()}`);
      const { texts } = await readJournal(dataDirectory);
      rmSync(directory, { recursive: true, force: true });
      return texts.map((text) => JSON.parse(text) as AuditRecord);
    },
  };
}
