import type { Kysely } from "kysely";
import { onTestFinished } from "vitest";
import { iamOperations } from "../src/api/iam/index.ts";
import type { ConditionValues } from "../src/api/operation.ts";
import type { IamOperations } from "../src/aws/index.ts";
import { assert, PageTokens, systemRandom } from "../src/core/index.ts";
import { type Caller, type IdentitySchema, identityMigrations, SecretBox } from "../src/identity/index.ts";
import { openTables } from "../src/store/index.ts";

export const ACCOUNT: string = "123456789012";
export const NOW: number = Date.UTC(2026, 10, 20, 12, 0, 0, 789);
export const DOCUMENT: string =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}]}';
export const TRUST: string = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"${ACCOUNT}"},"Action":"sts:AssumeRole"}]}`;

export const ROOT: Caller = {
  kind: "root",
  account: ACCOUNT,
  arn: `arn:aws:iam::${ACCOUNT}:root`,
  principalId: ACCOUNT,
  accessKeyId: "AKIAROOTROOTROOTROOT",
};

type Name = keyof IamOperations;
type Input<N extends Name> = IamOperations[N]["input"];

/** IAM over tables of its own, called as the server would: who changes something does so in a transaction. */
export interface Iam {
  readonly names: readonly Name[];
  readonly tables: Kysely<IdentitySchema>;
  as(caller: Caller): Iam;
  at(now: number): Iam;
  /** A user's caller, as the check of a signature would make it. */
  user(name: string): Promise<Caller>;
  call<N extends Name>(name: N, input: Input<N>): Promise<IamOperations[N]["output"]>;
  resources<N extends Name>(name: N, input: Input<N>): Promise<readonly string[]>;
  conditions<N extends Name>(name: N, input: Input<N>): Promise<ConditionValues>;
}

export async function openIam(): Promise<Iam> {
  // In memory: hundreds of worlds do not each wait for the disk. What survives a crash is the store's to prove.
  const tables = await openTables<IdentitySchema>(":memory:", identityMigrations);
  onTestFinished(() => tables.destroy());
  for (const account of [ACCOUNT, "999999999999"]) {
    await tables.insertInto("accounts").values({ account_id: account, alias: null, created_at: NOW }).execute();
  }
  return iamOver(tables, ROOT, NOW);
}

const box = new SecretBox(new Uint8Array(32), systemRandom);
const operations = iamOperations({ random: systemRandom, box, tokens: new PageTokens(new Uint8Array(32)) });

function iamOver(tables: Kysely<IdentitySchema>, caller: Caller, now: number): Iam {
  const callIn = (within: Kysely<IdentitySchema>) => ({
    caller,
    requestId: "request",
    region: "us-east-1",
    now,
    sourceIp: "198.51.100.7",
    tables: within,
  });
  const find = <N extends Name>(name: N) => {
    const operation = operations[name];
    assert(operation !== undefined, `${name} is served`);
    return operation;
  };
  return {
    names: Object.keys(operations) as Name[],
    tables,
    as: (other) => iamOver(tables, other, now),
    at: (other) => iamOver(tables, caller, other),
    user: async (name) => {
      const { User } = await iamOver(tables, ROOT, now).call("GetUser", { UserName: name });
      const { UserName, UserId, Arn } = User;
      return { kind: "user", account: ACCOUNT, arn: Arn, principalId: UserId, userName: UserName, accessKeyId: "AKIA" };
    },
    call: async (name, input) => {
      const operation = find(name) as { mutates: boolean; run(input: unknown, call: unknown): Promise<never> };
      if (!operation.mutates) return operation.run(input, callIn(tables));
      return tables.transaction().execute((transaction) => operation.run(input, callIn(transaction)));
    },
    resources: async (name, input) => {
      const operation = find(name) as { resources?(input: unknown, call: unknown): Promise<readonly string[]> };
      return (await operation.resources?.(input, callIn(tables))) ?? ["*"];
    },
    conditions: async (name, input) => {
      const operation = find(name) as { conditions?(input: unknown, call: unknown): Promise<ConditionValues> };
      return (await operation.conditions?.(input, callIn(tables))) ?? {};
    },
  };
}

/** The code and the words of a refusal. */
export async function refusal(answer: Promise<unknown>): Promise<string> {
  const thrown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const { code, status, message } = thrown as { code?: string; status?: number; message?: string };
  return `${status} ${code}: ${message}`;
}
