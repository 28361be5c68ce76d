import type { StsOperation } from "./sts-operation.ts";

/** Who calls; needs no permission, and no policy can forbid it. */
export const getCallerIdentity: StsOperation<"GetCallerIdentity"> = {
  mutates: false,
  open: true,
  run: async (_, { caller }) => ({ UserId: caller.principalId, Account: caller.account, Arn: caller.arn }),
};
