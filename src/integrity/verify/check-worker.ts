import { parentPort } from "node:worker_threads";
import { assert, reason } from "../../core/index.ts";
import { checkLog } from "./check-log.ts";
import type { CheckAnswer, CheckRequest } from "./log-checker.ts";

/** The thread of `LogChecker`: one log file after the other, each answered under its number. */
const port = parentPort;
assert(port !== null, "runs as a worker");
port.on("message", ({ number, content, claim }: CheckRequest) => {
  checkLog(content, claim).then(
    (found) => port.postMessage({ number, problem: found } satisfies CheckAnswer),
    (thrown: unknown) => port.postMessage({ number, failed: reason(thrown) } satisfies CheckAnswer),
  );
});
