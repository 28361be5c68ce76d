/**
 * `npm run models`: makes src/aws/models from the service models that botocore publishes on PyPI: whole models of the
 * services that we serve, and of all services a table of operations and what is needed to understand their messages.
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
import { constants, gunzipSync, zstdCompressSync } from "node:zlib";
import { tableService } from "./catalog-table.ts";
import { stripModel } from "./model-strip.ts";
import { typesOf } from "./model-types.ts";

const BOTOCORE = "1.44.5";
const SERVICES = ["iam", "sts", "cloudtrail", "cloudtrail-data", "events", "sns", "logs", "cloudwatch"];
/** Of these we have the types alone: their models are read from the catalog. */
const TYPED = ["s3"];
/** Written by hand, in the same words; their types are made like the others'. */
const OWN = ["x-opentrail"];
const TARGET = new URL("../src/aws/models/", import.meta.url);
const CATALOG = new URL("catalog/", TARGET);

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
  for (const name of TYPED) {
    const model = JSON.parse(readModel(source, name), withoutDocumentation);
    writeFileSync(new URL(`${name}.types.ts`, TARGET), typesOf(name, model));
  }
  for (const name of OWN) {
    const model = JSON.parse(readFileSync(new URL(`${name}.json`, TARGET), "utf8"));
    writeFileSync(new URL(`${name}.types.ts`, TARGET), typesOf(name, model));
  }
  await writeCatalog(source);
  for (const legal of ["LICENSE.txt", "NOTICE"]) {
    writeFileSync(new URL(legal, TARGET), readFileSync(join(source, `botocore-${BOTOCORE}.dist-info`, legal)));
  }
} finally {
  rmSync(scratch, { recursive: true });
}

/** The newest version of every service that has a model; other folders hold botocore's own data. */
async function writeCatalog(source: string): Promise<void> {
  rmSync(CATALOG, { recursive: true, force: true });
  mkdirSync(CATALOG, { recursive: true });
  const data = join(source, "botocore", "data");
  const lines: string[] = [];
  for (const { name: id } of readdirSync(data, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const model = JSON.parse(readModel(source, id));
    lines.push(JSON.stringify(await tableService(id, model)));
    writeFileSync(new URL(`${id}.json.zst`, CATALOG), compress(JSON.stringify(stripModel(model))));
  }
  writeFileSync(new URL("table.json", CATALOG), `[\n${lines.sort().join(",\n")}\n]\n`);
}

function compress(text: string): Uint8Array {
  return zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 19 } });
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
