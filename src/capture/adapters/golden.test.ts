import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Adapter, cephOpsLog, kubernetes, type Mapped, minio, s3AccessLog, vault } from "./index.ts";

const ADAPTERS: Readonly<Record<string, Adapter>> = {
  "ceph-ops-log": cephOpsLog,
  kubernetes,
  minio,
  "s3-access-log": s3AccessLog,
  vault,
};

interface Golden {
  /** The page that describes the entry's format. */
  readonly format: string;
  readonly entry: unknown;
  readonly expected: Mapped;
}

const FILES = globSync("golden/*/*.json", { cwd: import.meta.dirname }).sort();

test("every adapter has golden files", () => {
  expect([...new Set(FILES.map((file) => basename(dirname(file))))]).toEqual(Object.keys(ADAPTERS).toSorted());
});

describe("an adapter", () => {
  test.each(FILES)("maps %s", (file) => {
    const { entry, expected } = JSON.parse(readFileSync(join(import.meta.dirname, file), "utf8")) as Golden;
    const adapter = ADAPTERS[basename(dirname(file))];
    const place = { account: "123456789012", region: "us-east-1", source: "prod" };
    // As the record is written: what has no value is not there.
    expect(JSON.parse(JSON.stringify(adapter?.(entry, place)))).toEqual(expected);
  });
});
