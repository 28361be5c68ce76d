import type { IamOperations } from "../../aws/index.ts";
import * as identity from "../../identity/index.ts";
import type { IamCall, IamOperation } from "./iam-operation.ts";
import { onHolder } from "./permissions.ts";
import { userShape, wireDate, withBoundaryAndTags } from "./shapes.ts";
import { subjectName } from "./subject.ts";

type User = IamOperations["GetUser"]["output"]["User"];

/**
 * GetUser: the named user, or the caller; root learns about the account's root.
 * @throws {Refusal} `NoSuchEntity`, `ValidationError` when a role or federated user names nobody.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html
 */
export const getUser: IamOperation<"GetUser"> = {
  mutates: false,
  ...onHolder("user", subjectName),
  run: async (input, call) => {
    const name = subjectName(input, call);
    if (name === undefined) return { User: await rootShape(call) };
    const user = await identity.findEntity(call.tables, call.caller.account, "user", name);
    const tags = await identity.listTags(call.tables, { kind: "user", id: user.user_id });
    return { User: { ...userShape(user), ...withBoundaryAndTags(user, tags) } };
  },
};

/** Root has no path, and a name only when the account has an alias, although the model requires both. */
async function rootShape({ tables, caller }: IamCall): Promise<User> {
  const account = await identity.findAccount(tables, caller.account);
  const root: Omit<User, "Path" | "UserName"> = {
    ...(account.alias === null ? {} : { UserName: account.alias }),
    UserId: caller.account,
    Arn: identity.rootArn(caller.account),
    CreateDate: wireDate(account.created_at),
  };
  return root as User;
}
