import * as identity from "../../identity/index.ts";
import type { IamOperation } from "./iam-operation.ts";
import { onHolder } from "./permissions.ts";
import { keyOwner, subjectName } from "./subject.ts";

/**
 * DeleteAccessKey: the key stops working with the answer.
 * @throws {Refusal} `NoSuchEntity`, `ValidationError` when a role names nobody.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
 */
export const deleteAccessKey: IamOperation<"DeleteAccessKey"> = {
  mutates: true,
  ...onHolder("user", subjectName),
  run: async (input, call) => {
    await identity.deleteAccessKey(call.tables, await keyOwner(input, call), input.AccessKeyId);
    return undefined;
  },
};
