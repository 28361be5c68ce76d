import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

/** Which folder may import which: the direction of an event. Each import goes through the folder's `index.ts`. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  aws: ["core"],
  record: ["core"],
  store: ["core"],
  identity: ["core", "aws", "record", "store"],
  journal: ["core", "aws", "record", "store"],
  capture: ["core", "aws", "record", "store", "identity", "journal"],
  history: ["core", "aws", "record", "store", "identity", "journal"],
  buckets: ["core", "aws", "record", "store", "identity", "journal"],
  trails: ["core", "aws", "record", "store", "identity", "journal"],
  integrity: ["core", "aws", "record", "store", "identity", "journal"],
  patterns: ["core"],
  deliveries: ["core", "aws", "record", "store"],
  rules: ["core", "aws", "record", "store", "identity", "journal", "patterns", "deliveries"],
  topics: ["core", "aws", "record", "store", "identity", "journal", "patterns", "deliveries"],
  loggroups: ["core", "aws", "record", "store", "identity", "journal", "patterns", "deliveries"],
  alarms: ["core", "aws", "record", "store", "identity", "journal", "deliveries"],
  api: [
    "core",
    "aws",
    "record",
    "store",
    "identity",
    "journal",
    "capture",
    "history",
    "buckets",
    "trails",
    "integrity",
    "patterns",
    "deliveries",
    "rules",
    "topics",
    "loggroups",
    "alarms",
  ],
  cli: ["core", "aws", "api/client", "integrity/verify", "rules/templates"],
};

/** What only one place may do, because the rest is handed it. */
const ONLY_IN: readonly (readonly [what: RegExp, where: RegExp, instead: string])[] = [
  [/\bDate\.now\(|\bnew Date\(\)|performance\.now\(/, /^src\/core\/time\.ts$/, "take a Clock"],
  [/\brandomUUID\(|\brandomBytes\(|Math\.random\(/, /^src\/core\/random\.ts$/, "take a Random"],
  [/\bprocess\.env\b/, /^src\/(main\.ts|command\.ts|cli\/)/, "take a Config"],
  [/\bconsole\.|process\.stdout|process\.stderr/, /^src\/(main\.ts|command\.ts|cli\/)/, "take a Logger"],
];

const FILES = globSync("src/**/*.ts").sort();
const CODE = FILES.filter((file) => !file.endsWith(".test.ts") && !file.includes("/models/"));
const FOLDERS = [...new Set(CODE.filter((file) => file.split("/").length > 2).map((file) => file.split("/")[1] ?? ""))];

function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, path]) =>
    normalize(join(dirname(file), path ?? "")),
  );
}

describe("the tree", () => {
  test("was looked at", () => {
    expect(CODE.length).toBeGreaterThan(60);
    expect(CODE.flatMap(importsOf).length).toBeGreaterThan(200);
  });

  test("has a row in the table for every folder, and a folder for every row", () => {
    expect(FOLDERS.toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted());
  });

  test("imports run one way, through index.ts", () => {
    const breaches = CODE.filter((file) => file.split("/").length > 2).flatMap((file) => {
      const own = file.split("/")[1] ?? "";
      return importsOf(file)
        .filter((target) => target.startsWith("src/") && target.split("/")[1] !== own)
        .filter((target) => !(MAY_IMPORT[own] ?? []).some((folder) => target === `src/${folder}/index.ts`))
        .map((target) => `${file} imports ${target}`);
    });
    expect(breaches).toEqual([]);
  });

  test("each folder's index.ts opens with a paragraph", () => {
    const silent = FOLDERS.map((folder) => `src/${folder}/index.ts`).filter(
      (file) => folderHasIndex(file) && !/^\/\*\*\n( \* .+\n)+/.test(readFileSync(file, "utf8")),
    );
    expect(silent).toEqual([]);
    expect(FOLDERS.filter((folder) => !folderHasIndex(`src/${folder}/index.ts`))).toEqual([]);
  });

  test.each(ONLY_IN)("%s stands only in %s", (what, where) => {
    const breaches = CODE.filter((file) => !where.test(file) && what.test(withoutComments(readFileSync(file, "utf8"))));
    expect(breaches).toEqual([]);
  });

  test("has no file of over 600 lines", () => {
    const long = [...CODE, ...FILES].filter((file) => !file.includes("/models/") && lines(file) > 600);
    expect(long).toEqual([]);
  });
});

function folderHasIndex(file: string): boolean {
  return existsSync(file);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}

function lines(file: string): number {
  return readFileSync(file, "utf8").split("\n").length;
}
