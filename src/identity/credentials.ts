import type { Kysely } from "kysely";
import { Failure, Refusal } from "../core/index.ts";
import { accessKeyPurpose } from "./access-keys.ts";
import type { Caller } from "./caller.ts";
import { keyCaller, sessionCaller } from "./callers.ts";
import type { IdentitySchema } from "./schema.ts";
import type { SecretBox } from "./secret-box.ts";
import { openSession } from "./session-token.ts";

/** Who an access key stands for, and the secret that its signatures are made with. */
export interface Credentials {
  readonly secretAccessKey: string;
  readonly caller: Caller;
}

/** Finds credentials by access key id. What was found once is kept in memory: an authenticated call costs no query. */
export interface CredentialStore {
  /**
   * @throws {Refusal} `InvalidClientTokenId` for keys that are unknown, inactive or without their token, and for
   * sessions whose user or role is gone.
   * @throws {Refusal} `ExpiredToken` when the session's time is over.
   * @throws {Failure} when the secret cannot be decrypted.
   */
  find(accessKeyId: string, sessionToken: string | undefined, now: number): Promise<Credentials>;
  /** False when a key certainly is none of ours, as far as memory tells: most keys of other servers cost no query. */
  mayKnow(accessKeyId: string): boolean;
  /**
   * Whether these credentials were given out here, whatever became of them since.
   * @throws {Failure} when the tables cannot be read.
   */
  owns(accessKeyId: string, sessionToken: string | undefined): Promise<boolean>;
  /** Notes that verified credentials made a call; kept in memory until `flush()`. */
  used(accessKeyId: string, service: string, region: string, now: number): void;
  /**
   * Writes what `used()` noted, in one transaction.
   * @throws {Failure} when it cannot be written; the notes stay for the next time.
   */
  flush(): Promise<void>;
  /** Forgets everything found: call it after every change of identities, once it is committed. */
  invalidate(): void;
}

/** Needs no clock: every question says when it is asked. */
export function openCredentials(needs: {
  readonly tables: Kysely<IdentitySchema>;
  readonly box: SecretBox;
}): CredentialStore {
  return new KeptCredentials(needs.tables, needs.box);
}

/** Ours are made like this; whatever else is a key belongs to somebody else. */
const KEY_ID = /^A[KS]IA[A-Z0-9]{12,28}$/;

/** As many credentials as are kept in memory; the one that was found first goes first. */
const FOUND_MAX = 10_000;

interface Found extends Credentials {
  readonly sessionToken: string | undefined;
}

interface Use {
  readonly at: number;
  readonly service: string;
  readonly region: string;
}

class KeptCredentials implements CredentialStore {
  readonly #tables: Kysely<IdentitySchema>;
  readonly #box: SecretBox;
  #found = new Map<string, Found>();
  /** Long-term keys that were asked for and are none. */
  #unknown = new Map<string, true>();
  /** Which role a session's key belongs to; kept when `#found` is forgotten, since a call may be under way. */
  readonly #roles = new Map<string, string>();
  #keyUses = new Map<string, Use>();
  #roleUses = new Map<string, Use>();

  constructor(tables: Kysely<IdentitySchema>, box: SecretBox) {
    this.#tables = tables;
    this.#box = box;
  }

  async find(accessKeyId: string, sessionToken: string | undefined, now: number): Promise<Credentials> {
    if (sessionToken === undefined && this.#unknown.has(accessKeyId)) throw invalid();
    const known = this.#found.get(accessKeyId);
    const kept = known !== undefined && known.sessionToken === sessionToken;
    const found = kept ? known : await this.#lookUp(accessKeyId, sessionToken, now);
    const expiresAt = found?.caller.session?.expiresAt;
    if (expiresAt !== undefined && now >= expiresAt) throw expired();
    if (found === undefined) throw invalid();
    return found;
  }

  mayKnow(accessKeyId: string): boolean {
    return KEY_ID.test(accessKeyId) && !this.#unknown.has(accessKeyId);
  }

  async owns(accessKeyId: string, sessionToken: string | undefined): Promise<boolean> {
    if (sessionToken !== undefined && openSession(this.#box, accessKeyId, sessionToken) !== undefined) return true;
    const query = this.#tables.selectFrom("access_keys").select("access_key_id");
    return (await query.where("access_key_id", "=", accessKeyId).executeTakeFirst()) !== undefined;
  }

  used(accessKeyId: string, service: string, region: string, now: number): void {
    const use = { at: now, service, region };
    const roleId = this.#roles.get(accessKeyId);
    if (roleId !== undefined) this.#roleUses.set(roleId, use);
    else if (accessKeyId.startsWith("AKIA")) this.#keyUses.set(accessKeyId, use);
  }

  async flush(): Promise<void> {
    const [keyUses, roleUses] = [this.#keyUses, this.#roleUses];
    if (keyUses.size === 0 && roleUses.size === 0) return;
    this.#keyUses = new Map();
    this.#roleUses = new Map();
    try {
      await this.#tables.transaction().execute(async (tables) => {
        for (const [id, use] of keyUses) await writeKeyUse(tables, id, use);
        for (const [id, use] of roleUses) await writeRoleUse(tables, id, use);
      });
    } catch (cause) {
      // Newer notes win over the ones that come back.
      this.#keyUses = new Map([...keyUses, ...this.#keyUses]);
      this.#roleUses = new Map([...roleUses, ...this.#roleUses]);
      throw new Failure(`write the last use of ${keyUses.size} keys and ${roleUses.size} roles`, cause);
    }
  }

  invalidate(): void {
    this.#found = new Map();
    this.#unknown = new Map();
  }

  async #lookUp(accessKeyId: string, sessionToken: string | undefined, now: number): Promise<Found | undefined> {
    // What a query that began before invalidate() brings afterwards belongs to the past: it lands in the old map.
    const into = this.#found;
    const unknown = this.#unknown;
    const credentials =
      sessionToken === undefined
        ? await this.#longTerm(accessKeyId)
        : await this.#temporary(accessKeyId, sessionToken, now);
    if (credentials === undefined) {
      if (sessionToken === undefined) keep(unknown, accessKeyId, true);
      return undefined;
    }
    const found = { ...credentials, sessionToken };
    keep(into, accessKeyId, found);
    const issuer = found.caller.session?.issuer;
    if (issuer?.type === "Role") keep(this.#roles, accessKeyId, issuer.principalId);
    return found;
  }

  async #longTerm(accessKeyId: string): Promise<Credentials | undefined> {
    if (!/^AKIA[A-Z0-9]{12,28}$/.test(accessKeyId)) return undefined;
    const key = await this.#tables
      .selectFrom("access_keys")
      .select(["account_id", "user_id", "secret", "status"])
      .where("access_key_id", "=", accessKeyId)
      .executeTakeFirst();
    if (key === undefined || key.status !== "Active") return undefined;
    const owner = { accessKeyId, account: key.account_id, userId: key.user_id };
    const caller = await keyCaller(this.#tables, owner);
    if (caller === undefined) return undefined;
    return { secretAccessKey: this.#box.open(key.secret, accessKeyPurpose(accessKeyId)), caller };
  }

  async #temporary(accessKeyId: string, sessionToken: string, now: number): Promise<Credentials | undefined> {
    if (!/^ASIA[A-Z0-9]{12,28}$/.test(accessKeyId)) return undefined;
    const session = openSession(this.#box, accessKeyId, sessionToken);
    if (session === undefined) return undefined;
    if (now >= session.expiresAt) throw expired();
    const caller = await sessionCaller(this.#tables, accessKeyId, session);
    return caller === undefined ? undefined : { secretAccessKey: session.secretAccessKey, caller };
  }
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  const oldest = map.keys().next();
  if (map.size >= FOUND_MAX && !oldest.done) map.delete(oldest.value);
  map.set(key, value);
}

async function writeKeyUse(tables: Kysely<IdentitySchema>, accessKeyId: string, use: Use): Promise<void> {
  await tables
    .updateTable("access_keys")
    .set({ last_used_at: use.at, last_used_service: use.service, last_used_region: use.region })
    .where("access_key_id", "=", accessKeyId)
    .where((is) => is.or([is("last_used_at", "is", null), is("last_used_at", "<=", use.at)]))
    .execute();
}

async function writeRoleUse(tables: Kysely<IdentitySchema>, roleId: string, use: Use): Promise<void> {
  await tables
    .updateTable("roles")
    .set({ last_used_at: use.at, last_used_region: use.region })
    .where("role_id", "=", roleId)
    .where((is) => is.or([is("last_used_at", "is", null), is("last_used_at", "<=", use.at)]))
    .execute();
}

function invalid(): Refusal {
  return new Refusal("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
}

function expired(): Refusal {
  return new Refusal("ExpiredToken", "The security token included in the request is expired", 403);
}
