import { sha256 } from "../../aws/index.ts";
import { parseArn, optional } from "../../core/index.ts";
import type { SessionContext, UserIdentity } from "../../record/index.ts";
import { identityOfArn, inOrder } from "./identity-of-arn.ts";
import type { KeyPlace, LearnedKey } from "./kept-keys.ts";
import type { LearnedTables, UserPlace } from "./learned-tables.ts";
import type { Lesson, SeenCall } from "./seen-call.ts";
import { SESSION_MS_MAX } from "./session-lessons.ts";
import type { ShownKey } from "./shown-key.ts";

type LessonOf<Kind extends Lesson["kind"]> = Extract<Lesson, { kind: Kind }>;

/** Takes the lessons of one call: compares them with what is known already, and writes what they change. */
export class Pupil {
  readonly #learned: LearnedTables;
  readonly #call: SeenCall;

  constructor(learned: LearnedTables, call: SeenCall) {
    this.#learned = learned;
    this.#call = call;
  }

  async take(lesson: Lesson): Promise<void> {
    switch (lesson.kind) {
      case "session":
        return await this.#session(lesson);
      case "key":
        return await this.#key(lesson);
      case "lost key":
        return await this.#learned.removeKey({ realm: this.#call.realm, accessKeyId: lesson.accessKeyId });
      case "user":
        return await this.#user(lesson);
      case "moved user":
        return await this.#movedUser(lesson);
      case "lost user":
        return await this.#lostUser(lesson.userName);
      case "caller":
        return await this.#caller(lesson);
    }
  }

  /** Some emulators give everybody the same key and token: then it is nobody's, as long as one of the sessions lasts. */
  async #session({ accessKeyId, sessionToken, identity, expiresAt }: LessonOf<"session">): Promise<void> {
    const { realm, now } = this.#call;
    const place = placeOf(realm, { accessKeyId, ...optional("sessionToken", sessionToken) });
    const known = await this.#learned.key(place);
    const lastsUntil = known?.expiresAt === undefined || known.expiresAt <= now ? undefined : known.expiresAt;
    const ofAnother = lastsUntil !== undefined && holderOf(known?.identity) !== holderOf(identity);
    const holder = ofAnother ? undefined : identity;
    await this.#learned.putKey(place, {
      ...optional("identity", holder),
      ...optional("account", identity?.accountId),
      ...optional("userName", holder?.type === "IAMUser" ? holder.userName : undefined),
      expiresAt: Math.max(expiresAt, lastsUntil ?? 0),
    });
  }

  /** The upstream's latest word on a key counts. */
  async #key({ accessKeyId, userName, of }: LessonOf<"key">): Promise<void> {
    const account = await this.#account();
    const user = account === undefined ? undefined : await this.#learned.user(this.#userPlace(account, userName));
    const byName: UserIdentity | undefined =
      of === "user" ? { type: "IAMUser", ...optional("accountId", account), userName } : undefined;
    const holder = user ?? byName ?? (of === "caller" ? this.#callerItself() : undefined);
    if (holder === undefined) return;
    const place = placeOf(this.#call.realm, { accessKeyId });
    const known = (await this.#learned.key(place))?.identity;
    if (user === undefined && known?.userName === userName) return;
    if (known?.arn !== undefined && known.arn === holder.arn) return;
    await this.#learned.putKey(place, {
      identity: inOrder({ ...holder, accessKeyId }),
      ...optional("account", account ?? holder.accountId),
      ...optional("userName", holder.type === "IAMUser" ? userName : undefined),
    });
  }

  /** Whoever asks for keys without saying whose: a user or root with a key of the upstream's. */
  #callerItself(): UserIdentity | undefined {
    const { identity, proven } = this.#call;
    const { sessionContext: _, ...holder } = identity;
    const isHolder = holder.type === "Root" || holder.type === "IAMUser";
    return isHolder && !proven && holder.arn !== undefined ? holder : undefined;
  }

  /** Keys that were known by the user's name alone, or by another path of the same user, get what is known now. */
  async #user({ user, isNew }: LessonOf<"user">): Promise<void> {
    const { accountId: account = "", userName = "" } = user;
    await this.#noteAccount(account);
    const place = this.#userPlace(account, userName);
    if (isNew) await this.#lostKeysOf(place);
    const known = await this.#learned.user(place);
    if (known?.arn === user.arn && known?.principalId === user.principalId) return;
    await this.#learned.putUser(place, user);
    for (const [key, learned] of await this.#learned.keysOfUser(place)) {
      const id = learned.identity?.principalId;
      // Of an old user of that name.
      if (id !== undefined && id !== user.principalId) continue;
      await this.#learned.putKey(key, { ...learned, identity: inOrder({ ...learned.identity, ...user }) });
    }
  }

  async #movedUser({ userName, newName = userName, newPath }: LessonOf<"moved user">): Promise<void> {
    const account = await this.#account();
    if (account === undefined) return;
    const place = this.#userPlace(account, userName);
    const moved = (identity: UserIdentity): UserIdentity => ({
      ...identity,
      ...optional("arn", movedArn(identity.arn, newName, newPath)),
      userName: newName,
    });
    const user = await this.#learned.user(place);
    if (user !== undefined) {
      await this.#learned.removeUser(place);
      await this.#learned.putUser(this.#userPlace(account, newName), moved(user));
    }
    for (const [key, learned] of await this.#learned.keysOfUser(place)) {
      const identity = learned.identity && moved(learned.identity);
      await this.#learned.putKey(key, { ...learned, ...optional("identity", identity), userName: newName });
    }
  }

  async #lostUser(userName: string): Promise<void> {
    const account = await this.#account();
    if (account === undefined) return;
    const place = this.#userPlace(account, userName);
    await this.#learned.removeUser(place);
    await this.#lostKeysOf(place);
  }

  /** A key that the upstream goes on taking stays whose it was; a new user of that name has no part in it. */
  async #lostKeysOf(place: UserPlace): Promise<void> {
    for (const [key, { userName: _, ...learned }] of await this.#learned.keysOfUser(place)) {
      await this.#learned.putKey(key, learned);
    }
  }

  /** Whom it takes the caller for the upstream knows best: what was known otherwise was wrong, or has changed. */
  async #caller({ arn, principalId }: LessonOf<"caller">): Promise<void> {
    const { shown, realm, now } = this.#call;
    if (shown === undefined) return;
    const { accessKeyId } = shown;
    const identity = identityOfArn(arn, { accessKeyId, ...optional("principalId", principalId) });
    if (identity === undefined) return;
    const [place, known] = (await heldKey(this.#learned, realm, shown, now)) ?? [placeOf(realm, shown), undefined];
    if (known?.identity?.arn === arn) return;
    await this.#learned.putKey(place, {
      identity: inOrder({ ...identity, ...optional("sessionContext", contextOf(known?.identity, identity)) }),
      ...optional("account", identity.accountId),
      ...optional("userName", identity.userName),
      ...optional("expiresAt", known?.expiresAt ?? endOf(place, now)),
    });
  }

  /** IAM asks for users of the caller's account only. */
  async #noteAccount(account: string): Promise<void> {
    const { realm, shown, now } = this.#call;
    if (shown === undefined) return;
    const [place, known] = (await heldKey(this.#learned, realm, shown, now)) ?? [placeOf(realm, shown), undefined];
    if (known?.account === account) return;
    await this.#learned.putKey(place, { ...optional("expiresAt", endOf(place, now)), ...known, account });
  }

  /** The account in which the caller asks IAM. */
  async #account(): Promise<string | undefined> {
    const { realm, shown, identity, proven, account, now } = this.#call;
    const held = shown === undefined ? undefined : await heldKey(this.#learned, realm, shown, now);
    // What OpenTrail has proven is an account of its own, which need not be the upstream's.
    const shows = proven ? undefined : (identity.accountId ?? accountInKey(shown));
    return held?.[1].account ?? shows ?? account;
  }

  #userPlace(account: string, name: string): UserPlace {
    return { realm: this.#call.realm, account, name };
  }
}

/** A key counts with the token that it was given out with; one that was given out without a token needs none. */
export async function heldKey(
  learned: LearnedTables,
  realm: string,
  shown: ShownKey,
  now: number,
): Promise<readonly [KeyPlace, LearnedKey] | undefined> {
  const places = [placeOf(realm, shown)];
  if (shown.sessionToken !== undefined) places.push(placeOf(realm, { accessKeyId: shown.accessKeyId }));
  for (const place of places) {
    const key = await learned.key(place);
    if (key !== undefined && (key.expiresAt === undefined || now < key.expiresAt)) return [place, key];
  }
  return undefined;
}

function placeOf(realm: string, { accessKeyId, sessionToken }: ShownKey): KeyPlace {
  const tokenHash = sessionToken === undefined ? "" : sha256(Buffer.from(sessionToken));
  return { realm, accessKeyId, tokenHash };
}

/** Of credentials with a token that are used without our having seen their end. */
function endOf({ tokenHash }: KeyPlace, now: number): number | undefined {
  return tokenHash === "" ? undefined : now + SESSION_MS_MAX;
}

/** Emulators take an account id for an access key. */
function accountInKey(shown: ShownKey | undefined): string | undefined {
  return shown !== undefined && /^\d{12}$/.test(shown.accessKeyId) ? shown.accessKeyId : undefined;
}

/** Equal for two sessions of one holder. */
function holderOf(identity: UserIdentity | undefined): string {
  const { type, principalId, arn, userName, sessionContext } = identity ?? {};
  const { sessionIssuer, webIdFederationData, sourceIdentity } = sessionContext ?? {};
  return JSON.stringify([type, principalId, arn, userName, sessionIssuer, webIdFederationData, sourceIdentity]);
}

/** How a session came about is still true when the upstream says more of its holder. */
function contextOf(known: UserIdentity | undefined, identity: UserIdentity): SessionContext | undefined {
  const { sessionContext } = identity;
  if (known?.sessionContext === undefined || known.type !== identity.type) return sessionContext;
  const same = known.principalId === undefined ? known.arn === undefined : known.principalId === identity.principalId;
  if (!same) return sessionContext;
  const issuer = { ...known.sessionContext.sessionIssuer, ...sessionContext?.sessionIssuer };
  return { ...known.sessionContext, sessionIssuer: issuer };
}

/** `arn:aws:iam::123456789012:user/shop/John` under a new name or path. */
function movedArn(arn: string | undefined, name: string, newPath: string | undefined): string | undefined {
  const { partition, account, resource = "" } = (arn === undefined ? undefined : parseArn(arn)) ?? {};
  if (account === undefined) return undefined;
  const path = newPath ?? resource.slice("user".length, resource.lastIndexOf("/") + 1);
  return `arn:${partition}:iam::${account}:user${path}${name}`;
}
