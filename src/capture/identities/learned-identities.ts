import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import type { ResolvedCall } from "../../aws/index.ts";
import { isoSeconds, parseArn } from "../../core/index.ts";
import type { UserIdentity } from "../../record/index.ts";

/** The table of identities that upstreams gave out while we watched; secrets are never part of it. */
export interface LearnedSchema {
  learned_identities: { key: string; identity: string; expires_at: number | null };
}

export const learnedMigrations: Readonly<Record<string, Migration>> = {
  "2026-11-20-learned-identities": {
    up: async (tables) => {
      await sql
        .raw("create table learned_identities (key text primary key, identity text not null, expires_at integer)")
        .execute(tables);
    },
  },
};

/** A call that succeeded, with what it asked and was told. */
export interface SeenCall {
  readonly resolved: ResolvedCall;
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>>;
  /** Who made the call, as far as that is known. */
  readonly identity: UserIdentity;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What is kept of one access key, or under `user:NAME` of a user without one. */
interface Learned {
  readonly identity: UserIdentity;
  readonly expiresAt: number | undefined;
}

/** As many as are kept in memory; the others are read again when they are asked for. */
const KEPT_MAX = 50_000;

/**
 * Who holds the access keys that an upstream gives out, learned by watching it do so. An identity is what the upstream
 * itself said of a key; what it did not say is absent.
 */
export class LearnedIdentities {
  readonly #tables: Kysely<LearnedSchema>;
  /** undefined: asked for and not known. */
  readonly #kept = new Map<string, Learned | undefined>();

  constructor(tables: Kysely<LearnedSchema>) {
    this.#tables = tables;
  }

  /** The identity behind a key; undefined when nothing is known or its time is over. */
  async find(accessKeyId: string, now: number): Promise<UserIdentity | undefined> {
    const learned = await this.#find(accessKeyId);
    if (learned === undefined || (learned.expiresAt !== undefined && now >= learned.expiresAt)) return undefined;
    return learned.identity;
  }

  /**
   * Takes from a call what it says about keys. To be awaited before the client can use what it got.
   * @throws {Failure} when it cannot be written; it is known until the next start all the same.
   */
  async learn(call: SeenCall): Promise<void> {
    const rule = RULES[`${call.resolved.eventSource}:${call.resolved.operation}`];
    if (rule === undefined) return;
    for (const [key, learned] of await rule(call, (user) => this.#find(userKey(user)))) await this.#keep(key, learned);
  }

  async #find(key: string): Promise<Learned | undefined> {
    if (this.#kept.has(key)) return this.#kept.get(key);
    const row = await this.#tables
      .selectFrom("learned_identities")
      .select(["identity", "expires_at"])
      .where("key", "=", key)
      .executeTakeFirst();
    const learned =
      row === undefined
        ? undefined
        : { identity: JSON.parse(row.identity) as UserIdentity, expiresAt: row.expires_at ?? undefined };
    this.#remember(key, learned);
    return learned;
  }

  async #keep(key: string, learned: Learned | undefined): Promise<void> {
    this.#remember(key, learned);
    if (learned === undefined) {
      await this.#tables.deleteFrom("learned_identities").where("key", "=", key).execute();
      return;
    }
    const row = { identity: JSON.stringify(learned.identity), expires_at: learned.expiresAt ?? null };
    await this.#tables
      .insertInto("learned_identities")
      .values({ key, ...row })
      .onConflict((conflict) => conflict.column("key").doUpdateSet(row))
      .execute();
  }

  #remember(key: string, learned: Learned | undefined): void {
    const oldest = this.#kept.keys().next();
    if (this.#kept.size >= KEPT_MAX && !oldest.done) this.#kept.delete(oldest.value);
    this.#kept.set(key, learned);
  }

  /** Removes sessions that ended before `now`. */
  async sweep(now: number): Promise<void> {
    await this.#tables.deleteFrom("learned_identities").where("expires_at", "<", now).execute();
    for (const [key, learned] of this.#kept) {
      if (learned?.expiresAt !== undefined && learned.expiresAt < now) this.#kept.delete(key);
    }
  }
}

type Lesson = readonly (readonly [key: string, learned: Learned | undefined])[];
type UserOf = (name: string) => Promise<Learned | undefined>;
type Rule = (call: SeenCall, userOf: UserOf) => Lesson | Promise<Lesson>;

/** What each operation's answer says about keys. Whatever lacks the members looked for says nothing. */
const RULES: Readonly<Record<string, Rule | undefined>> = {
  "sts.amazonaws.com:AssumeRole": assumedRole,
  "sts.amazonaws.com:AssumeRoleWithSAML": assumedRole,
  "sts.amazonaws.com:AssumeRoleWithWebIdentity": assumedRole,
  "sts.amazonaws.com:GetSessionToken": sessionToken,
  "sts.amazonaws.com:GetFederationToken": federationToken,
  "sts.amazonaws.com:GetCallerIdentity": callerIdentity,
  "iam.amazonaws.com:CreateUser": ({ output }) => user(part(output, "User")),
  "iam.amazonaws.com:GetUser": ({ output }) => user(part(output, "User")),
  "iam.amazonaws.com:ListUsers": ({ output }) => list(output, "Users").flatMap(user),
  "iam.amazonaws.com:CreateAccessKey": createdKey,
  "iam.amazonaws.com:DeleteAccessKey": ({ input }) => {
    const key = text(input, "AccessKeyId");
    return key === undefined ? [] : [[key, undefined]];
  },
  "cognito-identity.amazonaws.com:GetCredentialsForIdentity": cognitoCredentials,
  "sso.amazonaws.com:GetRoleCredentials": roleCredentials,
};

function assumedRole({ input, output, now }: SeenCall): Lesson {
  const credentials = part(output, "Credentials");
  const key = text(credentials, "AccessKeyId");
  const holder = part(output, "AssumedRoleUser");
  const arn = text(holder, "Arn");
  if (key === undefined || arn === undefined) return [];
  const principalId = text(holder, "AssumedRoleId");
  const roleArn = text(input, "RoleArn");
  const provider = text(output, "Provider");
  const sourceIdentity = text(output, "SourceIdentity") ?? text(input, "SourceIdentity");
  const identity: UserIdentity = {
    type: "AssumedRole",
    ...optional("principalId", principalId),
    arn,
    ...optional("accountId", parseArn(arn)?.account),
    accessKeyId: key,
    sessionContext: {
      sessionIssuer: roleArn === undefined ? {} : roleIssuer(roleArn, principalId),
      webIdFederationData: provider === undefined ? {} : { federatedProvider: provider, attributes: {} },
      attributes: attributes(now, text(input, "TokenCode") !== undefined),
      ...optional("sourceIdentity", sourceIdentity),
    },
  };
  return [[key, { identity, expiresAt: expiry(credentials["Expiration"]) }]];
}

function roleIssuer(arn: string, assumedRoleId: string | undefined): Readonly<Record<string, string>> {
  return {
    type: "Role",
    ...optional("principalId", assumedRoleId?.split(":")[0]),
    arn,
    ...optional("accountId", parseArn(arn)?.account),
    userName: arn.slice(arn.lastIndexOf("/") + 1),
  };
}

/** The session is its maker's: of one who is not known, nothing more is known. */
function sessionToken({ input, output, identity, now }: SeenCall): Lesson {
  const credentials = part(output, "Credentials");
  const key = text(credentials, "AccessKeyId");
  if (key === undefined || identity.arn === undefined) return [];
  const session: UserIdentity = {
    ...identity,
    accessKeyId: key,
    sessionContext: {
      sessionIssuer: {},
      webIdFederationData: {},
      attributes: attributes(now, text(input, "TokenCode") !== undefined),
    },
  };
  return [[key, { identity: session, expiresAt: expiry(credentials["Expiration"]) }]];
}

function federationToken({ output, identity, now }: SeenCall): Lesson {
  const credentials = part(output, "Credentials");
  const key = text(credentials, "AccessKeyId");
  const holder = part(output, "FederatedUser");
  const arn = text(holder, "Arn");
  if (key === undefined || arn === undefined) return [];
  const federated: UserIdentity = {
    type: "FederatedUser",
    ...optional("principalId", text(holder, "FederatedUserId")),
    arn,
    ...optional("accountId", parseArn(arn)?.account),
    accessKeyId: key,
    sessionContext: {
      sessionIssuer: issuerOf(identity),
      webIdFederationData: {},
      attributes: attributes(now, false),
    },
  };
  return [[key, { identity: federated, expiresAt: expiry(credentials["Expiration"]) }]];
}

function issuerOf({ type, principalId, arn, accountId, userName }: UserIdentity): Readonly<Record<string, string>> {
  if (arn === undefined) return {};
  return {
    ...optional("type", type),
    ...optional("principalId", principalId),
    arn,
    ...optional("accountId", accountId),
    ...optional("userName", userName),
  };
}

/** The upstream says who the caller's own key belongs to. What was learned when the key was made says more, and stays. */
function callerIdentity({ output, identity }: SeenCall): Lesson {
  const key = identity.accessKeyId;
  const arn = text(output, "Arn");
  if (key === undefined || arn === undefined || identity.arn !== undefined) return [];
  return [[key, { identity: identityOfArn(arn, key, text(output, "UserId")), expiresAt: undefined }]];
}

async function createdKey({ output }: SeenCall, userOf: UserOf): Promise<Lesson> {
  const made = part(output, "AccessKey");
  const key = text(made, "AccessKeyId");
  const userName = text(made, "UserName");
  if (key === undefined || userName === undefined) return [];
  const known = await userOf(userName);
  const identity: UserIdentity = { ...(known?.identity ?? { type: "IAMUser", userName }), accessKeyId: key };
  return [[key, { identity, expiresAt: undefined }]];
}

/** The answer names an identity of the pool, not the role: so that is all that is known. */
function cognitoCredentials({ output, now }: SeenCall): Lesson {
  const credentials = part(output, "Credentials");
  const key = text(credentials, "AccessKeyId");
  const id = text(output, "IdentityId");
  if (key === undefined || id === undefined) return [];
  const identity: UserIdentity = {
    type: "AssumedRole",
    accessKeyId: key,
    sessionContext: {
      sessionIssuer: {},
      webIdFederationData: {
        federatedProvider: "cognito-identity.amazonaws.com",
        attributes: { "cognito-identity.amazonaws.com:sub": id },
      },
      attributes: attributes(now, false),
    },
  };
  return [[key, { identity, expiresAt: expiry(credentials["Expiration"]) }]];
}

function roleCredentials({ input, output, now }: SeenCall): Lesson {
  const credentials = part(output, "roleCredentials");
  const key = text(credentials, "accessKeyId");
  const accountId = text(input, "accountId");
  if (key === undefined) return [];
  const issuer = {
    type: "Role",
    ...optional("accountId", accountId),
    ...optional("userName", text(input, "roleName")),
  };
  const identity: UserIdentity = {
    type: "AssumedRole",
    ...optional("accountId", accountId),
    accessKeyId: key,
    sessionContext: { sessionIssuer: issuer, webIdFederationData: {}, attributes: attributes(now, false) },
  };
  return [[key, { identity, expiresAt: expiry(credentials["expiration"]) }]];
}

function user(described: Part): Lesson {
  const name = text(described, "UserName");
  const arn = text(described, "Arn");
  if (name === undefined || arn === undefined) return [];
  const identity: UserIdentity = {
    type: "IAMUser",
    ...optional("principalId", text(described, "UserId")),
    arn,
    ...optional("accountId", parseArn(arn)?.account),
    userName: name,
  };
  return [[userKey(name), { identity, expiresAt: undefined }]];
}

/** The identity that an ARN names, with nothing that the ARN does not say. */
export function identityOfArn(arn: string, accessKeyId: string, principalId?: string): UserIdentity {
  const { account, resource = "" } = parseArn(arn) ?? {};
  const [kind, ...names] = resource.split("/");
  const type = IDENTITY_TYPES.get(kind ?? "");
  return {
    type: type ?? "Unknown",
    ...optional("principalId", principalId ?? (type === "Root" ? account : undefined)),
    arn,
    ...optional("accountId", account),
    accessKeyId,
    ...(type === "IAMUser" ? optional("userName", names.at(-1)) : {}),
  };
}

const IDENTITY_TYPES: ReadonlyMap<string, string> = new Map([
  ["root", "Root"],
  ["user", "IAMUser"],
  ["assumed-role", "AssumedRole"],
  ["federated-user", "FederatedUser"],
]);

function userKey(name: string): string {
  return `user:${name}`;
}

function attributes(now: number, mfa: boolean): Readonly<Record<string, string>> {
  return { creationDate: isoSeconds(now), mfaAuthenticated: String(mfa) };
}

type Part = Readonly<Record<string, unknown>>;

function part(value: Part, member: string): Part {
  const found = value[member];
  return typeof found === "object" && found !== null ? (found as Part) : {};
}

function list(value: Part, member: string): readonly Part[] {
  const found = value[member];
  return Array.isArray(found) ? (found as readonly Part[]) : [];
}

function text(value: Part, member: string): string | undefined {
  const found = value[member];
  return typeof found === "string" && found !== "" && found.length <= 2048 ? found : undefined;
}

/** Dates of the parsed answer, or milliseconds since 1970. */
function expiry(value: unknown): number | undefined {
  if (value instanceof Date) return value.getTime();
  return typeof value === "number" ? value : undefined;
}

function optional<Key extends string>(key: Key, value: string | undefined): { [K in Key]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]?: string });
}
