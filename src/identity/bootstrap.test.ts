import { chmod, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kysely } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure, systemClock, systemRandom } from "../core/index.ts";
import { openTables } from "../store/index.ts";
import {
  bootstrap,
  type BootstrapNeeds,
  type IdentitySchema,
  identityMigrations,
  loadKeyFile,
  openCredentials,
  SecretBox,
} from "./index.ts";

let directory: string;
let tables: Kysely<IdentitySchema>;
let needs: BootstrapNeeds;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "bootstrap-"));
  tables = await openTables<IdentitySchema>(join(directory, "tables"), identityMigrations);
  needs = {
    tables,
    box: new SecretBox(new Uint8Array(32).fill(7), systemRandom),
    random: systemRandom,
    clock: systemClock,
    accounts: ["123456789012", "111111111111"],
    credentialsPath: (account) => join(directory, `root-${account}`),
    region: "eu-west-1",
  };
});

afterEach(async () => {
  await tables.destroy();
  await rm(directory, { recursive: true });
});

const PATH = () => needs.credentialsPath("123456789012");
const credentials = () => readFile(PATH(), "utf8");

describe("bootstrap()", () => {
  test("bootstrap() makes the accounts, a key for each one's root, and the files that tell them", async () => {
    await bootstrap(needs);
    const accounts = await tables.selectFrom("accounts").select("account_id").orderBy("account_id").execute();
    expect(accounts.map((row) => row.account_id)).toEqual(["111111111111", "123456789012"]);
    const keys = tables.selectFrom("access_keys").select(["account_id", "user_id"]).orderBy("account_id");
    expect(await keys.execute()).toEqual([
      { account_id: "111111111111", user_id: null },
      { account_id: "123456789012", user_id: null },
    ]);
    expect(await readFile(needs.credentialsPath("111111111111"), "utf8")).not.toBe(await credentials());
    const told =
      /^\[opentrail-root\]\naws_access_key_id = (AKIA\w{16})\naws_secret_access_key = (\S{40})\nregion = eu-west-1\n$/;
    const [, id = "", secret] = told.exec(await credentials()) ?? [];
    const found = await openCredentials(needs).find(id, undefined, 0);
    expect(found.secretAccessKey).toBe(secret);
    expect(found.caller.kind).toBe("root");
    expect((await stat(PATH())).mode & 0o777).toBe(0o600);
  });

  test("bootstrap() changes nothing when it comes again, but adds accounts", async () => {
    await bootstrap(needs);
    const before = await credentials();
    await bootstrap({ ...needs, region: "us-west-2", accounts: ["222222222222"] });
    expect(await credentials()).toBe(before);
    expect(await tables.selectFrom("access_keys").select("access_key_id").execute()).toHaveLength(3);
    expect(await tables.selectFrom("accounts").select("account_id").execute()).toHaveLength(3);
  });

  test("bootstrap() writes the same key again after a crash before the file was there", async () => {
    await bootstrap(needs);
    const before = await credentials();
    await unlink(PATH());
    await bootstrap(needs);
    expect(await credentials()).toBe(before);
  });

  test("bootstrap() makes neither key nor file when root's key was deleted", async () => {
    await bootstrap(needs);
    await tables.deleteFrom("access_keys").execute();
    await unlink(PATH());
    await bootstrap(needs);
    expect(await tables.selectFrom("access_keys").select("access_key_id").execute()).toEqual([]);
    await expect(credentials()).rejects.toThrow("ENOENT");
  });

  test("bootstrap() makes account and key together or not at all", async () => {
    const random = {
      ...systemRandom,
      bytes: () => {
        throw new Error("no randomness");
      },
    };
    await expect(bootstrap({ ...needs, random })).rejects.toThrow("no randomness");
    expect(await tables.selectFrom("accounts").select("account_id").execute()).toEqual([]);
    await bootstrap(needs);
    expect(await credentials()).toContain("aws_access_key_id = AKIA");
  });

  test("bootstrap() says so when the installation's key does not fit the tables", async () => {
    await bootstrap(needs);
    const box = new SecretBox(new Uint8Array(32).fill(8), systemRandom);
    await expect(bootstrap({ ...needs, box })).rejects.toThrow(
      /^use secret\.key: .*: decrypt a secret \(access-key:AKIA/,
    );
  });

  test("bootstrap() names the file that it cannot write", async () => {
    await writeFile(join(directory, "file"), "");
    const path = join(directory, "file", "root-credentials");
    const credentialsPath = () => path;
    await expect(bootstrap({ ...needs, credentialsPath })).rejects.toThrow(Failure);
    await expect(bootstrap({ ...needs, credentialsPath })).rejects.toThrow(`write ${path}: `);
  });
});

describe("loadKeyFile()", () => {
  const keyPath = () => join(directory, "keys", "installation.key");

  test("loadKeyFile() makes a key of 32 bytes once, that only its owner may read", async () => {
    const key = await loadKeyFile(keyPath(), systemRandom);
    expect(key).toHaveLength(32);
    expect(Buffer.from(await loadKeyFile(keyPath(), systemRandom))).toEqual(Buffer.from(key));
    expect((await stat(keyPath())).mode & 0o777).toBe(0o600);
    expect(await readdir(join(directory, "keys"))).toEqual(["installation.key"]);
  });

  test("loadKeyFile() gives all who start at once the same key", async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadKeyFile(keyPath(), systemRandom)));
    expect(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size).toBe(1);
  });

  test.each([0o640, 0o604, 0o644, 0o660])("loadKeyFile() refuses a file with mode %o", async (mode) => {
    await loadKeyFile(keyPath(), systemRandom);
    await chmod(keyPath(), mode);
    const text = `read ${keyPath()}: others may use it (mode ${mode.toString(8)}), make it 600`;
    await expect(loadKeyFile(keyPath(), systemRandom)).rejects.toThrow(new Failure(text));
  });

  test.each([0, 31, 33])("loadKeyFile() refuses a key of %d bytes", async (bytes) => {
    const path = join(directory, "key");
    await writeFile(path, new Uint8Array(bytes), { mode: 0o600 });
    const text = `read the key in ${path}: it has ${bytes} bytes instead of 32`;
    await expect(loadKeyFile(path, systemRandom)).rejects.toThrow(new Failure(text));
  });
});
