import type { IamOperations } from "../../aws/index.ts";
import type { PageTokens, Random } from "../../core/index.ts";
import type { IdentitySchema, SecretBox } from "../../identity/index.ts";
import type { Call, Operation } from "../operation.ts";

/** What the operations of IAM work with, beyond the tables that come with each call. */
export interface IamNeeds {
  readonly random: Random;
  /** Seals the secrets of access keys. */
  readonly box: SecretBox;
  readonly tokens: PageTokens;
}

export type IamOperation<Name extends keyof IamOperations> = Operation<
  IamOperations[Name]["input"],
  IamOperations[Name]["output"],
  IdentitySchema
>;

/** Operations that are alike and stand in one file. */
export type IamFamily<Names extends keyof IamOperations> = { readonly [Name in Names]: IamOperation<Name> };

export type IamCall = Call<IdentitySchema>;
