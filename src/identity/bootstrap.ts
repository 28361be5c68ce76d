import { existsSync } from "node:fs";
import type { Kysely } from "kysely";
import { assert, type Clock, Failure, type Random } from "../core/index.ts";
import { accessKeyPurpose, createAccessKey } from "./access-keys.ts";
import type { IdentitySchema } from "./schema.ts";
import type { SecretBox } from "./secret-box.ts";
import { createSecretFile, readSecretFile } from "./secret-file.ts";

export interface BootstrapNeeds {
  readonly tables: Kysely<IdentitySchema>;
  readonly box: SecretBox;
  readonly random: Random;
  readonly clock: Clock;
  /** Ids of 12 digits. */
  readonly accounts: readonly string[];
  /** Where the credentials of an account's root go, for example `DIR/root-credentials`. */
  readonly credentialsPath: (account: string) => string;
  readonly region: string;
}

/**
 * Makes the configured accounts and, for each that is new, its root's access key and the file that tells it (mode 0600,
 * the AWS tools' shared-credentials format, profile `opentrail-root`).
 *
 * Safe to repeat. Account and key appear together; a crash before the file was written is mended by the next start,
 * which takes the secret from the tables. So a file that somebody took away comes back, for as long as root has an
 * active key: delete the key to be rid of it, and it is never made again.
 * @throws {Failure} when the tables or the disk refuse, or the installation's key does not fit the tables.
 */
export async function bootstrap(needs: BootstrapNeeds): Promise<void> {
  await createAccounts(needs);
  for (const account of needs.accounts) await tellRootKey(needs, account);
}

async function tellRootKey(needs: BootstrapNeeds, account: string): Promise<void> {
  const key = await oldestRootKey(needs, account);
  if (key === undefined) return;
  // Opened even when the file is there: a key file that does not fit shall be found out now, not with the first call.
  const secret = openSecret(needs.box, key);
  const path = needs.credentialsPath(account);
  if (existsSync(path)) return;
  const lines = [
    "[opentrail-root]",
    `aws_access_key_id = ${key.access_key_id}`,
    `aws_secret_access_key = ${secret}`,
    `region = ${needs.region}`,
  ];
  await createSecretFile(path, `${lines.join("\n")}\n`, needs.random);
}

function openSecret(box: SecretBox, key: { readonly access_key_id: string; readonly secret: Uint8Array }): string {
  try {
    return box.open(key.secret, accessKeyPurpose(key.access_key_id));
  } catch (cause) {
    throw new Failure("use secret.key: it is not, or no longer, the key that tables.db was made with", cause);
  }
}

async function createAccounts(needs: BootstrapNeeds): Promise<void> {
  const now = needs.clock.now();
  await needs.tables.transaction().execute(async (tables) => {
    for (const account of new Set(needs.accounts)) {
      const { numInsertedOrUpdatedRows: created = 0n } = await tables
        .insertInto("accounts")
        .values({ account_id: account, alias: null, created_at: now })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (created > 0n) await createAccessKey(tables, needs, { account, userId: null }, now);
    }
  });
}

function oldestRootKey(needs: BootstrapNeeds, account: string) {
  return needs.tables
    .selectFrom("access_keys")
    .select(["access_key_id", "secret"])
    .where("account_id", "=", account)
    .where("user_id", "is", null)
    .where("status", "=", "Active")
    .orderBy("created_at")
    .orderBy("access_key_id")
    .executeTakeFirst();
}

const KEY_BYTES = 32;

/**
 * The installation's key, which encrypts all secrets at rest; made and written (mode 0600) when there is none yet.
 *
 * Without this file nobody can sign in any more: it belongs into the backup, and not beside the tables' backup.
 * @throws {Failure} when others may read the file, it has another length, or the disk refuses.
 */
export async function loadKeyFile(path: string, random: Random): Promise<Uint8Array> {
  const present = await readSecretFile(path);
  if (present === undefined) await createSecretFile(path, random.bytes(KEY_BYTES), random);
  // Read back even when it was just made: another process may have been faster, and then its key counts.
  const key = present ?? (await readSecretFile(path));
  assert(key !== undefined, "a key file that was written is there");
  if (key.length !== KEY_BYTES) {
    throw new Failure(`read the key in ${path}: it has ${key.length} bytes instead of ${KEY_BYTES}`);
  }
  return key;
}
