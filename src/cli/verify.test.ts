import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
// The vectors belong to the checker; they are what the command's words are held against.
import {
  expectedOutput,
  VECTOR_CASES,
  VECTORS,
  VECTORS_ABSENT,
  VECTORS_ARN,
  VECTORS_RANGE,
  vectorObjects,
  writeFolder,
} from "../integrity/verify/digest-vectors.fixture.ts";
import { runCommandLine } from "./command-line.fixture.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const KEYS = `--public-keys ${VECTORS}/list-public-keys.json`;
const RANGE = `--start-time ${VECTORS_RANGE.start} --end-time ${VECTORS_RANGE.end}`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "opentrail-verify-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

type Objects = ReturnType<typeof vectorObjects>;

/** `opentrail verify` of the vectors' bucket after a change. */
function verify(
  flags: string,
  change: (objects: Objects) => void = () => undefined,
  options: { readonly terminal?: boolean; readonly columns?: number } = {},
): ReturnType<typeof runCommandLine> {
  const objects = vectorObjects();
  change(objects);
  const folder = writeFolder(objects, directory);
  return runCommandLine(`verify ${folder} ${KEYS} ${flags}`, { now: NOW, cwd: process.cwd(), ...options });
}

describe.skipIf(VECTORS_ABSENT)(`verify [${VECTORS_ABSENT ?? "as AWS's validator"}]`, () => {
  test.each(VECTOR_CASES)("verify prints what aws cloudtrail validate-logs prints: $name", async ({ name, change }) => {
    const verbose = name.includes("quiet") ? "" : "--verbose";
    // Having found nothing is no failure to the AWS CLI; here it is one unless it was allowed.
    const found = await verify(`--trail-arn ${VECTORS_ARN} ${RANGE} --allow-none ${verbose}`, change);
    expect(found).toEqual(expectedOutput(name));
  });

  test("verify ends with 1 when there is no digest file", async () => {
    const { code, out } = await verify(RANGE, (objects) => objects.clear());
    expect({ code, found: out.includes("No digests found") }).toEqual({ code: 1, found: true });
  });

  test("verify tells people of a row per chain, what is wrong and what next, in the width of the terminal", async () => {
    const change = VECTOR_CASES.find(({ name }) => name === "03-log-modified")?.change;
    const { code, out } = await verify(RANGE, change, { terminal: true, columns: 60 });
    expect(code).toBe(1);
    expect(out).toContain("TRAIL");
    expect(out).toMatch(/6 of 7/);
    expect(out).toContain("INVALID: hash value doesn't match");
    expect(out).toContain("NOT valid: 1 finding in 6 digest files and 7 log files.");
    expect(out).toContain("list-object-versions");
  });

  test("verify is quiet about a bucket where everything holds, but for the gap", async () => {
    const { code, out } = await verify(RANGE, undefined, { terminal: true });
    expect(code).toBe(0);
    expect(out).toContain("Valid: 6 digest files and 7 log files.");
    expect(out).toContain("No log files were delivered by CloudTrail between 2025-03-01T14:01:31Z");
  });

  test("verify --json answers one document with counts and whatever is not valid", async () => {
    const change = VECTOR_CASES.find(({ name }) => name === "07-digest-missing")?.change;
    const { code, out } = await verify(`${RANGE} --json`, change);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      outcome: "invalid",
      digestFiles: { valid: 4, invalid: 1, unsigned: 0 },
      chains: [{ trailName: "example-trail", region: "us-east-1" }],
      findings: [{ kind: "gap" }, { kind: "digest", verdict: "invalid", code: "not-found" }],
    });
  });

  test.each([
    ["the account", "--account-id 210987654321"],
    ["the Region", "--region eu-west-1"],
    ["the trail", "--trail-arn arn:aws:cloudtrail:us-east-1:123456789012:trail/another"],
    ["the prefix", "--prefix elsewhere"],
    ["the time", "--start-time 2020-01-01 --end-time 2020-02-01"],
  ])("verify checks only what it was asked for: %s", async (_, flags) => {
    expect((await verify(flags)).out).toContain("No digests found");
  });

  test("verify --without-newest-signature does without the newest one's, and no other", async () => {
    const copied = async (lost: (key: string) => boolean, flags: string): Promise<number> => {
      const objects = vectorObjects();
      const folder = writeFolder(objects, directory);
      for (const [key, { metadata }] of objects) {
        if (!lost(key) && metadata["signature"])
          writeFileSync(join(folder, `${key}.metadata.json`), JSON.stringify(metadata));
        else rmSync(join(folder, `${key}.metadata.json`), { force: true });
      }
      rmSync(join(directory, "objects.json"));
      return (await runCommandLine(`verify ${folder} ${KEYS} ${RANGE} ${flags}`, { now: NOW, cwd: process.cwd() }))
        .code;
    };
    const newest = (key: string): boolean => key.includes("T190131Z");
    expect(await copied(newest, "")).toBe(1);
    expect(await copied(newest, "--without-newest-signature")).toBe(0);
    // The one before the gap, the backfill digest: nothing after them speaks for them.
    expect(await copied((key) => newest(key) || key.includes("T140131Z"), "--without-newest-signature")).toBe(1);
    expect(await copied((key) => key.includes("_backfill"), "--without-newest-signature")).toBe(1);
  });

  test("verify finds the chain cut when the newest digest file is older than it should be", async () => {
    const { code, err } = await verify(`--start-time ${VECTORS_RANGE.start} --end-time 2025-03-01T21:30:00Z`);
    expect(code).toBe(1);
    expect(err).toContain("INVALID: end at 2025-03-01T19:01:31Z, one more until 2025-03-01T20:01:31Z should be there");
  });

  test.each([
    ["a time that is none", "--start-time yesterday", "no time"],
    ["an ARN that is none", "--trail-arn example-trail", "Invalid trail ARN"],
    ["times in the wrong order", "--start-time 2025-03-02 --end-time 2025-03-01", "later"],
    ["metadata that are not there", "--metadata nowhere.json", "no such file"],
  ])("verify refuses %s with exit code 2", async (_, flags, says) => {
    const { code, err } = await verify(flags);
    expect({ code, said: err.includes(says) }).toEqual({ code: 2, said: true });
  });
});

test.each([
  ["a folder", `verify /nowhere/at-all ${KEYS}`],
  ["public keys", "verify /tmp --public-keys /nowhere/keys.json"],
])("verify ends with 2 when there are no such %s", async (_, words) => {
  expect((await runCommandLine(words)).code).toBe(2);
});
