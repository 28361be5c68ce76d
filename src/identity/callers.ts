import type { Kysely } from "kysely";
import { formatArn } from "../core/index.ts";
import type { Caller, CallerSession } from "./caller.ts";
import { entityArn, rootArn } from "./names.ts";
import type { IdentitySchema } from "./schema.ts";
import type { Session, SessionHolder } from "./session-token.ts";

/** The caller behind a key that stays (user null: the account's root), or undefined when the user is gone. */
export async function keyCaller(
  tables: Kysely<IdentitySchema>,
  key: { readonly accessKeyId: string; readonly account: string; readonly userId: string | null },
): Promise<Caller | undefined> {
  const person = await findPerson(tables, key.account, key.userId);
  return person === undefined ? undefined : { ...identify(person), accessKeyId: key.accessKeyId };
}

/** The caller behind temporary credentials, or undefined when its user or role is gone. */
export async function sessionCaller(
  tables: Kysely<IdentitySchema>,
  accessKeyId: string,
  session: Session,
): Promise<Caller | undefined> {
  const { account, holder } = session;
  const bearer = await findBearer(tables, account, holder);
  if (bearer === undefined) return undefined;
  const { issuer, ...identity } = bearer;
  return { ...identity, account, accessKeyId, session: callerSession(session, issuer) };
}

type Issuer = NonNullable<CallerSession["issuer"]>;
type Bearer = Omit<Caller, "accessKeyId" | "session"> & { readonly issuer?: Issuer };

async function findBearer(
  tables: Kysely<IdentitySchema>,
  account: string,
  holder: SessionHolder,
): Promise<Bearer | undefined> {
  switch (holder.kind) {
    case "root":
    case "user": {
      const person = await findPerson(tables, account, holder.kind === "user" ? holder.userId : null);
      return person === undefined ? undefined : identify(person);
    }
    case "role": {
      const issuer = await findRoleIssuer(tables, account, holder.roleId);
      if (issuer === undefined) return undefined;
      const session = holder.sessionName;
      const arn = assumedRoleArn(account, issuer.userName, session);
      return { kind: "role", account, arn, principalId: `${holder.roleId}:${session}`, issuer };
    }
    case "federated": {
      const issuer = await findPerson(tables, account, holder.userId);
      if (issuer === undefined) return undefined;
      const arn = federatedUserArn(account, holder.name);
      return { kind: "federated", account, arn, principalId: `${account}:${holder.name}`, issuer };
    }
  }
}

/** `arn:aws:sts::123456789012:assumed-role/Role/session`: the role's path is not in it. */
export function assumedRoleArn(account: string, roleName: string, sessionName: string): string {
  return formatArn("sts", "", account, `assumed-role/${roleName}/${sessionName}`);
}

/** `arn:aws:sts::123456789012:federated-user/name`. */
export function federatedUserArn(account: string, name: string): string {
  return formatArn("sts", "", account, `federated-user/${name}`);
}

/** A user, or with null the root of the account. */
async function findPerson(
  tables: Kysely<IdentitySchema>,
  account: string,
  userId: string | null,
): Promise<Issuer | undefined> {
  if (userId === null) {
    const row = await tables
      .selectFrom("accounts")
      .select("alias")
      .where("account_id", "=", account)
      .executeTakeFirst();
    const alias = row?.alias ?? undefined;
    const named = alias === undefined ? {} : { userName: alias };
    return { type: "Root", principalId: account, arn: rootArn(account), account, ...named };
  }
  const user = await tables
    .selectFrom("users")
    .select(["name", "path"])
    .where("account_id", "=", account)
    .where("user_id", "=", userId)
    .executeTakeFirst();
  if (user === undefined) return undefined;
  const arn = entityArn(account, "user", user.path, user.name);
  return { type: "IAMUser", principalId: userId, arn, account, userName: user.name };
}

async function findRoleIssuer(
  tables: Kysely<IdentitySchema>,
  account: string,
  roleId: string,
): Promise<(Issuer & { readonly userName: string }) | undefined> {
  const role = await tables
    .selectFrom("roles")
    .select(["name", "path"])
    .where("account_id", "=", account)
    .where("role_id", "=", roleId)
    .executeTakeFirst();
  if (role === undefined) return undefined;
  const arn = entityArn(account, "role", role.path, role.name);
  return { type: "Role", principalId: roleId, arn, account, userName: role.name };
}

function identify({ type, ...person }: Issuer): Omit<Caller, "accessKeyId" | "session"> {
  return { kind: type === "Root" ? "root" : "user", ...person };
}

function callerSession(session: Session, issuer: Issuer | undefined): CallerSession {
  return {
    createdAt: session.createdAt,
    expiresAt: session.expiresAt,
    mfaAuthenticated: session.mfaAuthenticated,
    ...(issuer === undefined ? {} : { issuer }),
    ...(session.sourceIdentity === undefined ? {} : { sourceIdentity: session.sourceIdentity }),
    tags: session.tags,
    transitiveTagKeys: session.transitiveTagKeys,
    ...(session.policy === undefined ? {} : { policy: session.policy }),
    policyArns: session.policyArns,
  };
}
