import { Refusal } from "../../core/index.ts";
import * as identity from "../../identity/index.ts";
import type { IamOperation } from "./iam-operation.ts";
import { onHolder } from "./permissions.ts";
import { keyOwner, subjectName } from "./subject.ts";

/**
 * UpdateAccessKey: switches a key on or off.
 * @throws {Refusal} `NoSuchEntity`, `ValidationError` when a role names nobody, `InvalidInput` for `Expired`, which no
 * caller can set.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
 */
export const updateAccessKey: IamOperation<"UpdateAccessKey"> = {
  mutates: true,
  ...onHolder("user", subjectName),
  run: async (input, call) => {
    const { AccessKeyId, Status } = input;
    if (Status !== "Active" && Status !== "Inactive") {
      throw new Refusal("InvalidInput", "The status of an access key can be set to Active or Inactive.");
    }
    await identity.setAccessKeyStatus(call.tables, await keyOwner(input, call), AccessKeyId, Status);
    return undefined;
  },
};
