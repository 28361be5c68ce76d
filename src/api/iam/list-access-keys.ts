import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { readPage } from "./paging.ts";
import { onHolder } from "./permissions.ts";
import { wireDate } from "./shapes.ts";
import { keyOwner, subjectName } from "./subject.ts";

/**
 * ListAccessKeys: the keys of the named user, or of the caller, without their secrets.
 * @throws {Refusal} `NoSuchEntity`, `ValidationError` when a role names nobody or for a marker of another query.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html
 */
export function listAccessKeys({ tokens }: IamNeeds): IamOperation<"ListAccessKeys"> {
  return {
    mutates: false,
    ...onHolder("user", subjectName),
    run: async (input, call) => {
      const owner = await keyOwner(input, call);
      const keys = await identity.listAccessKeys(call.tables, owner);
      const position = (key: { readonly access_key_id: string }) => key.access_key_id;
      const { rows, end } = await readPage(
        tokens,
        ["ListAccessKeys", owner.account, owner.userId],
        input,
        (slice) => identity.sliceOf(keys, position, slice),
        position,
      );
      const shown = rows.map((key) => ({
        ...(owner.userId === null ? {} : { UserName: owner.name }),
        AccessKeyId: key.access_key_id,
        Status: key.status,
        CreateDate: wireDate(key.created_at),
      }));
      return { AccessKeyMetadata: shown, ...end };
    },
  };
}
