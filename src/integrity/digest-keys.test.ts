import { createPublicKey, sign, verify } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pino } from "pino";
import { systemRandom } from "../core/index.ts";
import { SecretBox } from "../identity/index.ts";
import { openTables } from "../store/index.ts";
import type { Kysely } from "kysely";
import { fingerprintOf } from "./digest-file.ts";
import { DigestKeys, type KeyPair, makeKeyPair, type SigningKey } from "./digest-keys.ts";
import { type IntegritySchema, integrityMigrations } from "./schema.ts";
import { HOUR_MS, keySource, START, TestClock } from "./testing.ts";

const DAY_MS = 24 * HOUR_MS;
const LEEWAY_MS = 60_000;
const OPTIONS = { keyLifetimeMs: 30 * DAY_MS, keyOverlapMs: 7 * DAY_MS };
const newSource = keySource(4);

let tables: Kysely<IntegritySchema>;
let clock: TestClock;
let source: () => Promise<KeyPair>;
const box = new SecretBox(new Uint8Array(32), systemRandom);
beforeEach(async () => {
  tables = await openTables<IntegritySchema>(":memory:", integrityMigrations);
  clock = new TestClock();
  source = newSource();
});
afterEach(async () => {
  await tables.destroy();
});

function open(withBox: SecretBox = box): DigestKeys {
  return new DigestKeys({ tables, box: withBox, clock, log: pino({ level: "silent" }), makeKeyPair: source }, OPTIONS);
}

async function currentOf(keys: DigestKeys, region = "us-east-1"): Promise<SigningKey> {
  for (;;) {
    const key = await keys.current(region);
    if (key !== undefined) return key;
    await keys.list(region, clock.now(), clock.now());
  }
}

describe("DigestKeys", () => {
  test("current() makes a Region's first key in the background, one per Region", async () => {
    const keys = open();
    expect(await keys.current("us-east-1")).toBeUndefined();
    const [here, there] = [await currentOf(keys), await currentOf(keys, "eu-west-3")];
    expect(here.fingerprint).not.toBe(there.fingerprint);
    expect((await open().current("us-east-1"))?.fingerprint).toBe(here.fingerprint);
    const [listed] = await keys.list("us-east-1", START, START);
    expect(listed).toMatchObject({ fingerprint: here.fingerprint, validFrom: START - LEEWAY_MS });
    expect(listed?.validTo).toBe(START - LEEWAY_MS + 30 * DAY_MS);
    expect(fingerprintOf(listed?.value ?? new Uint8Array())).toBe(here.fingerprint);
    const publicKey = createPublicKey({ key: Buffer.from(listed?.value ?? []), format: "der", type: "pkcs1" });
    const text = Buffer.from("text");
    expect(verify("sha256", text, publicKey, sign("sha256", text, here.privateKey))).toBe(true);
  });

  test("current() goes over to a new key while the old one is valid, and forgets how to sign with the old one", async () => {
    const keys = open();
    const first = await currentOf(keys);
    clock.pass(23 * DAY_MS - 1);
    expect((await keys.current("us-east-1"))?.fingerprint).toBe(first.fingerprint);
    clock.pass(1);
    expect((await keys.current("us-east-1"))?.fingerprint).toBe(first.fingerprint);
    await keys.close();
    const second = await currentOf(keys);
    expect(second.fingerprint).not.toBe(first.fingerprint);
    const listed = await keys.list("us-east-1", clock.now(), clock.now());
    expect(listed.map(({ fingerprint }) => fingerprint)).toEqual([first.fingerprint, second.fingerprint]);
    const rows = await tables.selectFrom("digest_keys").select(["fingerprint", "private_key"]).execute();
    expect(rows.filter(({ private_key }) => private_key !== null).map(({ fingerprint }) => fingerprint)).toEqual([
      second.fingerprint,
    ]);
    clock.pass(200 * DAY_MS);
    expect(await keys.list("us-east-1", START, START)).toHaveLength(1);
  });

  test("keep private keys so that only the box opens them, for this purpose", async () => {
    const { fingerprint } = await currentOf(open());
    const { private_key: sealed } = await tables.selectFrom("digest_keys").selectAll().executeTakeFirstOrThrow();
    expect(() => box.open(sealed ?? new Uint8Array(), "digest key other")).toThrow("decrypt a secret");
    const opened = Buffer.from(box.open(sealed ?? new Uint8Array(), `digest key ${fingerprint}`), "base64");
    expect(Buffer.from(sealed ?? []).includes(opened.subarray(40, 60))).toBe(false);
  });

  test("make another one when the box cannot open the current one; both stay listed", async () => {
    const first = await currentOf(open());
    const keys = open(new SecretBox(new Uint8Array(32).fill(1), systemRandom));
    expect(await keys.current("us-east-1")).toBeUndefined();
    await keys.close();
    const second = await currentOf(keys);
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect(await keys.list("us-east-1", START, START)).toHaveLength(2);
  });

  test("cover() widens a key's validity to what it signed, and never narrows it", async () => {
    const keys = open();
    const key = await currentOf(keys);
    const cover = (from: number, to: number): Promise<void> =>
      tables.transaction().execute((transaction) => keys.cover(transaction, key, from, to));
    await cover(START - 5 * DAY_MS, START);
    await cover(START - DAY_MS, START + 40 * DAY_MS);
    await cover(START + DAY_MS, START + 35 * DAY_MS);
    const { valid_from, valid_to } = await tables.selectFrom("digest_keys").selectAll().executeTakeFirstOrThrow();
    expect([valid_from, valid_to]).toEqual([START - 5 * DAY_MS, START + 41 * DAY_MS]);
  });

  test.each<[string, number, number, number]>([
    ["that ends as it begins", -DAY_MS, -LEEWAY_MS, 1],
    ["that begins as it ends", 30 * DAY_MS - LEEWAY_MS, 31 * DAY_MS, 1],
    ["inside of it", DAY_MS, DAY_MS, 1],
    ["around it", -DAY_MS, 40 * DAY_MS, 1],
    ["before it", -DAY_MS, -LEEWAY_MS - 1, 0],
    ["after it", 30 * DAY_MS - LEEWAY_MS + 1, 31 * DAY_MS, 0],
  ])("list() of a range %s", async (_, from, to, count) => {
    const keys = open();
    await currentOf(keys);
    clock.pass(50 * DAY_MS);
    expect(await keys.list("us-east-1", START + from, START + to)).toHaveLength(count);
  });

  test("list() makes a key where there is none for now, in whatever looks like a Region, and one only", async () => {
    const keys = open();
    const now = clock.now();
    const both = await Promise.all([keys.list("us-east-1", now, now), keys.list("us-east-1", now - 5, now + 5)]);
    expect(both.map((listed) => listed.length)).toEqual([1, 1]);
    expect(await keys.list("eu-west-3", now + 1, now + 5)).toEqual([]);
    expect(await keys.list("eu-west-3", now - DAY_MS, now - LEEWAY_MS - 1)).toEqual([]);
    for (const region of ["", "x", "us-east-1'; --", "US-EAST-1"]) {
      expect(await keys.list(region, now, now)).toEqual([]);
    }
    expect(await tables.selectFrom("digest_keys").select("region").execute()).toEqual([{ region: "us-east-1" }]);
  });

  test("list() makes a key also for a call that came a moment ago", async () => {
    const before = clock.now();
    clock.pass(40);
    expect(await open().list("us-east-1", before, before)).toHaveLength(1);
  });

  test("a key that was made by a clock far ahead is followed by another one once the clock is right", async () => {
    const keys = open();
    clock.set(START + 400 * DAY_MS);
    const ahead = await currentOf(keys);
    clock.set(START);
    await keys.current("us-east-1");
    await keys.close();
    expect((await currentOf(keys)).fingerprint).not.toBe(ahead.fingerprint);
  });
});

describe("makeKeyPair()", () => {
  test("makes RSA-2048 with the shape that CloudTrail's public keys have", async () => {
    const { publicKey } = await makeKeyPair();
    expect(publicKey).toHaveLength(270);
    expect(Buffer.from(publicKey).toString("base64")).toMatch(/^MIIBCgKCAQEA/);
  });
});
