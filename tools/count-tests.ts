/**
 * Adds up vitest's JSON reports and closes with `N passed, N failed, N skipped`, naming each failure and each skip.
 * A report that is missing, or in which nothing ran, counts as one failure: no suite passes without looking.
 */
import { existsSync, readFileSync } from "node:fs";

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const [checks, ...files] = process.argv.slice(2);
const failed: string[] = checks === "0" ? [] : ["format, types, lint or dead code"];
const skipped: string[] = [];
let passed = 0;

for (const file of files) {
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : undefined;
  const before = passed;
  for (const suite of report?.testResults ?? []) {
    if (suite.status === "failed" && suite.assertionResults.length === 0)
      failed.push(`${suite.name}: ${suite.message}`);
    for (const { status, fullName } of suite.assertionResults) {
      if (status === "passed") passed += 1;
      else if (status === "failed") failed.push(fullName);
      else skipped.push(fullName);
    }
  }
  if (passed === before) failed.push(`no test passed in ${file}`);
}

for (const name of skipped) console.log(`skipped: ${name}`);
for (const name of failed) console.log(`FAILED: ${name}`);
console.log(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
process.exitCode = failed.length === 0 ? 0 : 1;
