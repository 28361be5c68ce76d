import { parentPort, workerData } from "node:worker_threads";
import { assert, reason } from "../core/index.ts";
import { Committer } from "./committer.ts";
import type { CommitRequest, CommitWorkerData, NotOpened } from "./messages.ts";

/** How long the thread is idle before it goes on sweeping, milliseconds. */
const SWEEP_PAUSE_MS = 5;

/** The commit thread: opens the tail, tells what it found, then answers each request in the order they come. */
function run(port: NonNullable<typeof parentPort>, data: CommitWorkerData): void {
  const committer = openOrTell(port, data);
  if (committer === undefined) return;
  let sweeping: NodeJS.Timeout | undefined;
  const sweepWhenIdle = (): void => {
    clearTimeout(sweeping);
    sweeping = setTimeout(() => {
      if (committer.sweep()) sweepWhenIdle();
    }, SWEEP_PAUSE_MS);
  };
  port.on("message", (request: CommitRequest | "close") => {
    if (request === "close") {
      clearTimeout(sweeping);
      committer.close();
      port.close();
      return;
    }
    port.postMessage(committer.commit(request));
    if (request.seal !== undefined) sweepWhenIdle();
    committer.checkpointIfDue();
  });
  port.postMessage(committer.opened);
  sweepWhenIdle();
}

function openOrTell(port: NonNullable<typeof parentPort>, data: CommitWorkerData): Committer | undefined {
  try {
    return new Committer(data);
  } catch (cause) {
    port.postMessage({ kind: "not opened", message: reason(cause) } satisfies NotOpened);
    port.close();
    return undefined;
  }
}

assert(parentPort !== null, "commit-worker runs as a thread");
run(parentPort, workerData as CommitWorkerData);
