import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { onHolder } from "./permissions.ts";
import { wireDate } from "./shapes.ts";
import { keyOwner, subjectName } from "./subject.ts";

/**
 * CreateAccessKey: a key of the named user, or of the caller. This answer is the only place that shows the secret.
 * @throws {Refusal} `NoSuchEntity`, `LimitExceeded` at two keys, `ValidationError` when a role names nobody.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
 */
export function createAccessKey(needs: IamNeeds): IamOperation<"CreateAccessKey"> {
  return {
    mutates: true,
    ...onHolder("user", subjectName),
    run: async (input, call) => {
      const owner = await keyOwner(input, call);
      const { row, secret } = await identity.createAccessKey(call.tables, needs, owner, call.now);
      return {
        AccessKey: {
          UserName: owner.name,
          AccessKeyId: row.access_key_id,
          Status: row.status,
          SecretAccessKey: secret,
          CreateDate: wireDate(row.created_at),
        },
      };
    },
  };
}
