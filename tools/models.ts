/**
 * `npm run models`: makes src/aws/models from the service models that botocore publishes on PyPI.
 *
 * `node tools/models.ts` downloads the pinned wheel into a temporary folder; `node tools/models.ts --wheel PATH` reads one
 * that is already there. Needs python3 with pip, and nothing else. The result depends on the wheel alone: running it twice
 * changes nothing.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { typesOf } from "./model-types.ts";

const BOTOCORE = "1.44.5";
const SERVICES = ["iam", "sts", "cloudtrail", "cloudtrail-data"];
const TARGET = new URL("../src/aws/models/", import.meta.url);

const { values } = parseArgs({ options: { wheel: { type: "string" } } });
const scratch = mkdtempSync(join(tmpdir(), "opentrail-models-"));
try {
  const source = unpack(values.wheel ?? download(scratch), join(scratch, "wheel"));
  mkdirSync(TARGET, { recursive: true });
  for (const name of SERVICES) {
    const model = JSON.parse(readModel(source, name), withoutDocumentation);
    writeFileSync(new URL(`${name}.json`, TARGET), `${JSON.stringify(model)}\n`);
    writeFileSync(new URL(`${name}.types.ts`, TARGET), typesOf(name, model));
  }
  for (const legal of ["LICENSE.txt", "NOTICE"]) {
    writeFileSync(new URL(legal, TARGET), readFileSync(join(source, `botocore-${BOTOCORE}.dist-info`, legal)));
  }
} finally {
  rmSync(scratch, { recursive: true });
}

/** Downloads the pinned wheel and answers its path. */
function download(folder: string): string {
  const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", `botocore==${BOTOCORE}`];
  execFileSync("python3", [...pip, "--dest", folder], { stdio: "inherit" });
  const wheel = readdirSync(folder).find((file) => file.endsWith(".whl"));
  if (wheel === undefined) throw new Error("pip downloaded no wheel");
  return join(folder, wheel);
}

function unpack(wheel: string, folder: string): string {
  execFileSync("python3", ["-m", "zipfile", "-e", wheel, folder]);
  return folder;
}

/** The newest API version of a service; versions are dates, so the last name is the newest. */
function readModel(source: string, name: string): string {
  const folder = join(source, "botocore", "data", name);
  const version = readdirSync(folder).sort().at(-1) ?? "";
  return gunzipSync(readFileSync(join(folder, version, "service-2.json.gz"))).toString();
}

/** Only text is dropped: a member that happens to be called `documentation` is an object and stays. */
function withoutDocumentation(key: string, value: unknown): unknown {
  return key === "documentation" && typeof value === "string" ? undefined : value;
}
