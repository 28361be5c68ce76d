import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkParts } from "./data-directory.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "opentrail-parts-"));
  mkdirSync(join(directory, "journal"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function place(files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
}

test.each<[string, Record<string, string>]>([
  ["an empty directory", {}],
  ["a first start that broke off after the key", { "secret.key": "k" }],
  ["a first start that broke off after the journal", { "secret.key": "k", "journal/tail.db": "t" }],
  ["a first start that broke off within the tables", { "secret.key": "k", "journal/tail.db": "t", "tables.db": "" }],
  ["all parts", { "secret.key": "k", "journal/tail.db": "t", "tables.db": "t" }],
])("checkParts() passes %s", (_, files) => {
  place(files);
  expect(() => checkParts(directory)).not.toThrow();
});

test.each<[string, Record<string, string>, string]>([
  ["the key", { "journal/tail.db": "t", "tables.db": "t" }, "secret.key"],
  ["the key, before there are tables", { "journal/tail.db": "t" }, "secret.key"],
  ["the journal", { "secret.key": "k", "tables.db": "t" }, "journal/tail.db"],
  ["what was in the journal", { "secret.key": "k", "journal/tail.db": "", "tables.db": "t" }, "journal/tail.db"],
])("checkParts() misses %s, and names the file", (_, files, missing) => {
  place(files);
  expect(() => checkParts(directory)).toThrow(`${join(directory, missing)} is missing or empty, but `);
});
