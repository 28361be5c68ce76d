import { globSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { AuditRecord } from "./audit-record.ts";

/** Records that AWS published or wrote; tests that need them are skipped where they are absent. */
export const SAMPLES = "../shared/data/records";

export function sampleRecords(): AuditRecord[] {
  const files = globSync(`${SAMPLES}/invictus/**/*.json.gz`).flatMap(
    (path) => (JSON.parse(inflated(path)) as { Records: AuditRecord[] }).Records,
  );
  return [...files, ...lines("awsdocs"), ...lines("stratus")];
}

/** JSON lines, each a record or something with a record in it. */
function lines(folder: string): AuditRecord[] {
  return globSync(`${SAMPLES}/${folder}/*.gz`)
    .flatMap((path) => inflated(path).trim().split("\n"))
    .map((line) => JSON.parse(line) as AuditRecord & { record?: AuditRecord })
    .map((said) => said.record ?? said);
}

function inflated(path: string): string {
  return gunzipSync(readFileSync(path)).toString();
}
