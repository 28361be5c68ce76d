import * as identity from "../../identity/index.ts";
import type { IamFamily } from "./iam-operation.ts";

/**
 * The account's alias, of which there is one at most: a new one takes the place of the old.
 * @throws {Refusal} `EntityAlreadyExists` when an account has that alias, `NoSuchEntity` when this one has not.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html
 */
export const accountAliases: IamFamily<"CreateAccountAlias" | "DeleteAccountAlias" | "ListAccountAliases"> = {
  CreateAccountAlias: {
    mutates: true,
    run: async ({ AccountAlias }, { tables, caller }) => {
      await identity.setAccountAlias(tables, caller.account, AccountAlias);
      return undefined;
    },
  },
  DeleteAccountAlias: {
    mutates: true,
    run: async ({ AccountAlias }, { tables, caller }) => {
      await identity.removeAccountAlias(tables, caller.account, AccountAlias);
      return undefined;
    },
  },
  ListAccountAliases: {
    mutates: false,
    run: async (_, { tables, caller }) => {
      const { alias } = await identity.findAccount(tables, caller.account);
      return { AccountAliases: alias === null ? [] : [alias], IsTruncated: false };
    },
  },
};
