import { accountOfAccessKey } from "../../identity/index.ts";
import { type StsOperation, validationError } from "./sts-operation.ts";

/** The account that stands in an access key id. As with AWS, this says nothing about whether there is such a key. */
export const getAccessKeyInfo: StsOperation<"GetAccessKeyInfo"> = {
  mutates: false,
  run: async ({ AccessKeyId }) => {
    const account = accountOfAccessKey(AccessKeyId);
    if (account === undefined) throw validationError(`${AccessKeyId} is not a valid access key ID.`);
    return { Account: account };
  },
};
