import {
  chmodSync,
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Caller, callerOf } from "../calls.ts";
import { failToStart, startServer } from "../server.ts";

/** Small segments, so that a few calls make some. */
const flags = ["--journal-segment-records", "64"];
const base = mkdtempSync(join(tmpdir(), "opentrail-damage-"));
/** A file of the data directory, by a name that does not change from run to run. */
const files = { key: "secret.key", tables: "tables.db", tail: "journal/tail.db", segment: "" };
let copy: string;

beforeAll(async () => {
  const dataDirectory = join(base, "whole");
  const server = await startServer({ dataDirectory, flags });
  const call = callerOf(server);
  for (let user = 0; user < 100; user++) await call("iam", "CreateUser", { UserName: `user-${user}` });
  while (segmentsIn(dataDirectory).length === 0) await sleep(20);
  await server.stop();
  [files.segment = ""] = segmentsIn(dataDirectory);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));
afterEach(() => rmSync(copy, { recursive: true, force: true }));

function segmentsIn(dataDirectory: string): readonly string[] {
  return globSync("objects/segments/*.seg", { cwd: dataDirectory });
}

/** Turns one bit, at this share of the file. */
function flip(share: number): (path: string) => void {
  return (path) => {
    const bytes = readFileSync(path);
    const at = Math.floor((bytes.length - 1) * share);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    writeFileSync(path, bytes);
  };
}

const halve = (path: string): void => truncateSync(path, Math.floor(statSync(path).size / 2));
const empty = (path: string): void => truncateSync(path, 0);
const remove = (path: string): void => rmSync(path);

type Damage = readonly [what: string, file: keyof typeof files, damage: (path: string) => void, says: RegExp];

const DAMAGES: readonly Damage[] = [
  ["a bit of secret.key turned", "key", flip(0.5), /secret\.key: it is not, or no longer, the key/],
  ["secret.key cut", "key", halve, /secret\.key: it has 16 bytes instead of 32/],
  ["secret.key emptied", "key", empty, /secret\.key is missing or empty/],
  ["secret.key removed", "key", remove, /secret\.key is missing or empty/],
  ["secret.key opened to others", "key", (path) => chmodSync(path, 0o644), /secret\.key: others may use it/],
  ["the head of tables.db", "tables", flip(0), /tables\.db: file is not a database/],
  ["tables.db cut", "tables", halve, /tables\.db: database disk image is malformed/],
  ["tables.db emptied", "tables", empty, /tables\.db is missing or empty, but the journal has records/],
  ["tables.db removed", "tables", remove, /tables\.db is missing or empty, but the journal has records/],
  ["the head of tail.db", "tail", flip(0), /tail\.db: file is not a database/],
  ["tail.db cut", "tail", halve, /tail\.db/],
  ["tail.db emptied", "tail", empty, /tail\.db is missing or empty, but tables\.db is there/],
  ["tail.db removed", "tail", remove, /tail\.db is missing or empty, but tables\.db is there/],
  ["a segment's first bit", "segment", flip(0), /segments\/0+\.seg/],
  ["a bit in a segment's middle", "segment", flip(0.4), /segments\/0+\.seg/],
  ["a segment's last bit", "segment", flip(1), /segments\/0+\.seg/],
  ["a segment cut", "segment", halve, /segments\/0+\.seg/],
  ["a segment removed", "segment", remove, /segments\/0+\.seg/],
];

describe("the start is refused, and the file named:", () => {
  test.each(DAMAGES)("%s", async (_, file, damage, says) => {
    copy = mkdtempSync(join(tmpdir(), "opentrail-damaged-"));
    cpSync(join(base, "whole"), copy, { recursive: true });
    damage(join(copy, files[file]));
    const { code, said } = await failToStart({ dataDirectory: copy, flags });
    expect(said).toMatch(says);
    expect(code).toBe(1);
  });
});

/** Looks up every event there is, and answers the code of the last page. */
async function lookUpAll(call: Caller): Promise<string> {
  let NextToken: unknown;
  for (;;) {
    const { code, output } = await call("cloudtrail", "LookupEvents", NextToken === undefined ? {} : { NextToken });
    NextToken = output["NextToken"];
    if (NextToken === undefined) return code;
  }
}

test.each(["tables.db-wal", "journal/tail.db-wal"])(
  "a bit turned in what a crash left in %s refuses the start",
  async (file) => {
    copy = mkdtempSync(join(tmpdir(), "opentrail-damaged-"));
    const server = await startServer({ dataDirectory: copy });
    const call = callerOf(server);
    for (let user = 0; user < 10; user++) await call("iam", "CreateUser", { UserName: `user-${user}` });
    await server.kill();
    // Later commits follow it: a power cut does not leave this behind.
    flip(0.5)(join(copy, file));
    const { code, said } = await failToStart({ dataDirectory: copy });
    expect(said).toContain(`${join(copy, file)} is damaged`);
    expect(code).toBe(1);
  },
);

test("a segment that is damaged while the server runs fails the calls that meet it, and the log names it", async () => {
  copy = mkdtempSync(join(tmpdir(), "opentrail-damaged-"));
  cpSync(join(base, "whole"), copy, { recursive: true });
  const server = await startServer({ dataDirectory: copy, flags });
  for (const share of [0.1, 0.2, 0.3, 0.4, 0.5]) flip(share)(join(copy, files.segment));
  const call = callerOf(server);
  expect(await lookUpAll(call)).toBe("ServiceUnavailableException");
  expect(server.log()).toMatch(/segments\/0+\.seg/);
  // The rest goes on: new records are no part of the damage.
  expect((await call("iam", "CreateUser", { UserName: "after" })).status).toBe(200);
  await server.stop();
});
