import { Refusal } from "../../core/index.ts";
import * as identity from "../../identity/index.ts";
import type { IamCall, IamOperation } from "./iam-operation.ts";
import { wireDate } from "./shapes.ts";

/**
 * GetAccessKeyLastUsed: when, for which service and in which Region a key was last used; `N/A` for one never used.
 * @throws {Refusal} `AccessDenied` for a key that is not there, as for one that the caller may not ask about.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html
 */
export const getAccessKeyLastUsed: IamOperation<"GetAccessKeyLastUsed"> = {
  mutates: false,
  resources: async ({ AccessKeyId }, call) => {
    const { account } = call.caller;
    const { user_name, user_path } = await findKey(AccessKeyId, call);
    if (user_name === null || user_path === null) return [identity.rootArn(account)];
    return [identity.entityArn(account, "user", user_path, user_name)];
  },
  run: async ({ AccessKeyId }, call) => {
    const key = await findKey(AccessKeyId, call);
    return {
      ...(key.user_name === null ? {} : { UserName: key.user_name }),
      AccessKeyLastUsed: {
        ...(key.last_used_at === null ? {} : { LastUsedDate: wireDate(key.last_used_at) }),
        ServiceName: key.last_used_service ?? "N/A",
        Region: key.last_used_region ?? "N/A",
      },
    };
  },
};

async function findKey(accessKeyId: string, { tables, caller }: IamCall): Promise<identity.KeyUse> {
  const key = await identity.findKeyUse(tables, caller.account, accessKeyId);
  if (key !== undefined) return key;
  const message =
    `User: ${caller.arn} is not authorized to perform iam:GetAccessKeyLastUsed ` +
    `on resource: access key ${accessKeyId}`;
  throw new Refusal("AccessDenied", message, 403);
}
