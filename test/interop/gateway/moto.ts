import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startProcess } from "./process.ts";

const MOTO_SERVER = fileURLToPath(new URL("../../../.venv/bin/moto_server", import.meta.url));
const READY_MS = 30_000;

/** Why moto cannot be asked on this machine; undefined when it can. */
export const MOTO_MISSING: string | undefined = existsSync(MOTO_SERVER)
  ? undefined
  : `${MOTO_SERVER} is not there; tools/install-clients.sh brings it`;

/** moto's server: AWS as far as it goes, in the memory of one process. */
export interface Moto {
  readonly endpoint: string;
  stop(): Promise<void>;
}

export interface MotoOptions {
  /** After how many calls signatures and IAM policies are looked at; never when absent. */
  readonly trusts?: number;
}

export async function startMoto({ trusts }: MotoOptions = {}): Promise<Moto> {
  const started = await startProcess(MOTO_SERVER, ["-H", "127.0.0.1", "-p", "0"], {
    ready: /Running on (http:\/\/127\.0\.0\.1:\d+)/,
    readyMs: READY_MS,
    environment: trusts === undefined ? {} : { INITIAL_NO_AUTH_ACTION_COUNT: String(trusts) },
  });
  return { endpoint: started.ready[1] ?? "", stop: () => started.stop() };
}
