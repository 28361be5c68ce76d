#!/usr/bin/env node
// The command. From a clone it runs the source, as a published package what tsc made of it; on a machine whose own Node
// is too old it goes on with the one that `npm ci` brought.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
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
  const { runCommand } = await import(main);
  await runCommand(process.argv);
} else if (existsSync(own)) {
  const { status, signal } = spawnSync(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exitCode = signal === null ? (status ?? 1) : 1;
} else {
  console.error(`opentrail needs Node 24 or newer; this is ${process.version}. Run "npm ci" here, or install Node 24.`);
  process.exitCode = 1;
}
