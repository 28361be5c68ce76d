/** For the tests of this folder: tables to learn into, and calls to learn from. */
import type { Kysely } from "kysely";
import { onTestFinished } from "vitest";
import { openTables } from "../../store/index.ts";
import { LearnedIdentities, type LearnedNeeds } from "./learned-identities.ts";
import { learnedMigrations, type LearnedSchema } from "./learned-tables.ts";
import type { SeenCall } from "./seen-call.ts";

export const NOW: number = Date.parse("2026-11-20T12:00:00Z");
export const HOUR_MS = 3_600_000;
export const ACCOUNT = "123456789012";
export const REALM = "http://127.0.0.1:5000";
/** Whom nobody knows. */
export const STRANGER = { accessKeyId: "AKIASTRANGER00000001" };
export const JOHN_ARN: string = `arn:aws:iam::${ACCOUNT}:user/shop/John`;
export const ROLE_ARN: string = `arn:aws:iam::${ACCOUNT}:role/shop/Barista`;
export const SESSION_ARN: string = `arn:aws:sts::${ACCOUNT}:assumed-role/Barista/morning`;

export async function openLearned(
  needs: Partial<LearnedNeeds> = {},
): Promise<{ readonly tables: Kysely<LearnedSchema>; readonly learned: LearnedIdentities }> {
  const tables = needs.tables ?? (await openTables<LearnedSchema>(":memory:", learnedMigrations));
  if (needs.tables === undefined) onTestFinished(() => tables.destroy());
  return { tables, learned: new LearnedIdentities({ isOwn: async () => false, ...needs, tables }) };
}

/** A call to `service:Operation` that a stranger made and that succeeded. */
export function seen(name: string, said: Partial<SeenCall> = {}): SeenCall {
  const [service = "", operation = ""] = name.split(":");
  const shown = "shown" in said ? said.shown : STRANGER;
  return {
    resolved: { operation, eventSource: `${service}.amazonaws.com`, eventName: operation, protocol: "query" },
    head: { method: "POST", path: "/", query: "", headers: {} },
    answerHeaders: {},
    input: {},
    output: {},
    shown,
    identity: { type: "Unknown", ...(shown === undefined ? {} : { accessKeyId: shown.accessKeyId }) },
    proven: false,
    realm: REALM,
    account: undefined,
    now: NOW,
    ...said,
  };
}

/** What STS answers with credentials; the token goes with the key. */
export function credentials(accessKeyId: string, hours = 1): Readonly<Record<string, unknown>> {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: "not-told",
    SessionToken: `token-of-${accessKeyId}`,
    Expiration: new Date(NOW + hours * HOUR_MS),
  };
}

/** How a request shows such credentials. */
export function withToken(accessKeyId: string): { readonly accessKeyId: string; readonly sessionToken: string } {
  return { accessKeyId, sessionToken: `token-of-${accessKeyId}` };
}

export function assumedRole(accessKeyId: string, said: Partial<SeenCall> = {}): SeenCall {
  const { input, output } = said;
  return seen("sts:AssumeRole", {
    ...said,
    input: { RoleArn: ROLE_ARN, RoleSessionName: "morning", ...input },
    output: {
      Credentials: credentials(accessKeyId),
      AssumedRoleUser: { Arn: SESSION_ARN, AssumedRoleId: "AROABARISTA:morning" },
      ...output,
    },
  });
}

/** John as IAM describes him. */
export function described(
  userName = "John",
  path = "/shop/",
  account: string = ACCOUNT,
): Readonly<Record<string, string>> {
  const Arn = `arn:aws:iam::${account}:user${path}${userName}`;
  return { UserName: userName, UserId: `AIDA${userName.toUpperCase()}`, Path: path, Arn };
}

export function createdUser(userName = "John", said: Partial<SeenCall> = {}): SeenCall {
  const output = { User: described(userName) };
  return seen("iam:CreateUser", { input: { UserName: userName, Path: "/shop/" }, output, ...said });
}

export function createdKey(accessKeyId: string, userName = "John", said: Partial<SeenCall> = {}): SeenCall {
  const AccessKey = { AccessKeyId: accessKeyId, UserName: userName, SecretAccessKey: "not-told" };
  return seen("iam:CreateAccessKey", { input: { UserName: userName }, output: { AccessKey }, ...said });
}
