import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditRecord } from "../../../src/record/index.ts";
import { readJournal } from "../../read-journal.ts";
import { startServer, type TestServer } from "../../server.ts";

const OPENSSL = "/usr/bin/openssl";

/** An OpenTrail that stands in front of something. */
export interface Gateway {
  readonly server: TestServer;
  /** The endpoint under names of which every one is this machine: buckets and prefixes can stand before it. */
  readonly named: string;
  /** PEM file for clients to trust, where it speaks TLS. */
  readonly certificate?: string;
  /** Stops it; resolves with every record of its journal, in order. */
  records(): Promise<readonly AuditRecord[]>;
}

/** With `--upstream URL`, and a route there for all but identities and trails, or with a whole `opentrail.yaml`; `tls` makes it speak TLS with a certificate of its own. */
export async function startGateway(
  before: { readonly upstream: string } | { readonly config: string },
  { tls = false, flags = [] }: { readonly tls?: boolean; readonly flags?: readonly string[] } = {},
): Promise<Gateway> {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-gateway-"));
  const dataDirectory = join(directory, "data");
  const config = join(directory, "opentrail.yaml");
  writeFileSync(config, "config" in before ? before.config : routeOfServed(before.upstream));
  const route = ["--config", config, ...("config" in before ? [] : ["--upstream", before.upstream])];
  const { certificate, key } = tls ? makeCertificate(directory) : {};
  const secure =
    certificate === undefined || key === undefined ? [] : ["--tls-certificate", certificate, "--tls-key", key];
  const server = await startServer({ dataDirectory, flags: [...route, ...secure, ...flags] });
  return {
    server,
    ...(certificate === undefined ? {} : { certificate }),
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

/** What OpenTrail would serve itself goes only to a route that names it. Identities stay with it. */
function routeOfServed(upstream: string): string {
  return `routes: [{ name: served, match: { service: [events, logs, monitoring, sns] }, upstream: "${upstream}" }]\n`;
}

/** A certificate that vouches for itself, for this machine under all its names. */
export function makeCertificate(directory: string): { readonly certificate: string; readonly key: string } {
  const [certificate, key] = [join(directory, "certificate.pem"), join(directory, "key.pem")];
  const names = "subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1";
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const files = ["-keyout", key, "-out", certificate];
  execFileSync(OPENSSL, ["req", "-x509", ...made, "-subj", "/CN=localhost", "-addext", names, ...files], {
    stdio: "ignore",
  });
  return { certificate, key };
}
