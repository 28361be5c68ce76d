#!/usr/bin/env node
// The command. From a clone it runs the source, as a published package what tsc made of it; on a machine whose own Node
// is too old it goes on with the one that `npm ci` brought.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const source = path("../src/main.ts");
const main = existsSync(source) ? source : path("../dist/main.js");
const own = path("../node_modules/node/bin/node");

if (Number(process.versions.node.split(".")[0]) >= 24) {
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.name !== "ExperimentalWarning") console.error(warning.stack);
  });
  // Not in the shared temporary directory, Node's own choice: whoever writes there first would choose what we run.
  module.enableCompileCache(path("../node_modules/.cache/opentrail"));
  const { runCommand } = await import(main);
  await runCommand(process.argv);
} else if (existsSync(own)) {
  continueWith(own);
} else {
  console.error(`opentrail needs Node 24 or newer; this is ${process.version}. Run "npm ci" here, or install Node 24.`);
  process.exitCode = 1;
}

function continueWith(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"]) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both of us: passed on, it would reach the other twice.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
